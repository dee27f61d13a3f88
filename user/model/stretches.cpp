// SPDX-License-Identifier: BSD-2-Clause
#include "model/stretches.hpp"

#include <algorithm>
#include <iterator>

namespace irqscope::model {

std::uint64_t stretches::add(std::uint64_t start_ns, std::uint64_t end_ns, std::uint64_t number) {
    end_ns = std::max(start_ns, end_ns);
    auto next = known_.upper_bound(start_ns);
    if (next != known_.begin() && std::prev(next)->second.end_ns >= start_ns) --next;
    bool joined = false;
    while (next != known_.end() && next->first <= end_ns) {
        const stretch& other = next->second;
        start_ns = std::min(start_ns, next->first);
        end_ns = std::max(end_ns, other.end_ns);
        number = joined ? std::min(number, other.number) : other.number;
        joined = true;
        next = known_.erase(next);
    }
    known_.emplace_hint(next, start_ns, stretch{end_ns, number});
    if (known_.size() > most_) fold_oldest();
    return number;
}

void stretches::fold(std::uint64_t before_ns) {
    while (!known_.empty() && known_.begin()->second.end_ns < before_ns) fold_oldest();
}

void stretches::fold_oldest() {
    const auto oldest = known_.begin();
    const std::uint64_t ns = oldest->second.end_ns - oldest->first;
    folded_.count++;
    folded_.total_ns += ns;
    folded_.longest_ns = std::max(folded_.longest_ns, ns);
    known_.erase(oldest);
}

std::uint64_t stretches::total_ns() const {
    std::uint64_t sum = folded_.total_ns;
    for (const auto& [start_ns, one] : known_) sum += one.end_ns - start_ns;
    return sum;
}

std::uint64_t stretches::longest_ns() const {
    std::uint64_t longest = folded_.longest_ns;
    for (const auto& [start_ns, one] : known_) longest = std::max(longest, one.end_ns - start_ns);
    return longest;
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "recording/switch_rule.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace irqscope::recording {

namespace {
constexpr std::size_t most_open = 4096; // beyond that the lowest count as over
}

switch_rule::step switch_rule::told(const model::stall& one) {
    if (!plan_.on_stall) return step::none;
    if (one.state == model::stall_state::ended)
        over(one);
    else
        open_.insert({one.cpu, one.kind, one.start_ns});
    if (open_.size() > most_open) open_.erase(open_.begin());
    last_ns_ = std::max(last_ns_, one.end_ns);
    return std::exchange(has_file_, true) ? step::none : step::next;
}

void switch_rule::over(const model::stall& one) {
    open_.erase({one.cpu, one.kind, one.start_ns});
    last_ns_ = std::max(last_ns_, one.end_ns);
}

switch_rule::step switch_rule::interval(std::uint64_t end_ns, std::uint64_t file_bytes) {
    if (std::exchange(asked_, false) || is_large(file_bytes)) {
        if (!std::exchange(has_file_, true)) last_ns_ = std::max(last_ns_, end_ns); // it has an interval more
        return step::next;
    }
    const bool quiet = open_.empty() && end_ns >= last_ns_ + quiet_ns;
    if (!plan_.on_stall || !has_file_ || !quiet) return step::none;
    has_file_ = false;
    return step::rest;
}

} // namespace irqscope::recording

// SPDX-License-Identifier: BSD-2-Clause
#include "model/log_rule.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::model {

void log_rule::told(const stall& one) {
    if (one.kind == stall_kind::lockup) {
        ready_.push_back(one);
        return;
    }
    const auto open =
        std::find_if(open_.begin(), open_.end(), [&one](const stall& other) { return other.incident == one.incident; });
    if (open != open_.end()) {
        if (one.state == stall_state::open) return;
        ready_.push_back(one);
        open_.erase(open);
        return;
    }
    if (std::find(had_.begin(), had_.end(), one.incident) != had_.end()) return;
    had_.push_back(one.incident);
    if (had_.size() > most_known) had_.pop_front();
    (one.state == stall_state::open ? open_ : ready_).push_back(one);
}

void log_rule::write(const stall& one, std::uint64_t now_ns, std::vector<line>& to) {
    while (!written_ns_.empty() && now_ns - written_ns_.front() >= window_ns) written_ns_.pop_front();
    if (written_ns_.size() >= (one.kind == stall_kind::lockup ? most_lines : most_incidents)) {
        left_out_++;
        return;
    }
    written_ns_.push_back(now_ns);
    to.push_back({one, left_out_ - std::exchange(told_left_out_, left_out_)});
}

std::vector<log_rule::line> log_rule::take(std::uint64_t now_ns) {
    std::vector<line> due;
    for (const stall& one : std::exchange(ready_, {})) write(one, now_ns, due);
    std::erase_if(open_, [&](stall& one) {
        if (now_ns < one.start_ns + patience_ns) return false;
        one.end_ns = now_ns;
        one.at_least_ns = std::max(one.at_least_ns, now_ns - one.start_ns);
        write(one, now_ns, due);
        return true;
    });
    return due;
}

std::vector<log_rule::line> log_rule::take_rest(std::uint64_t now_ns) {
    ready_.insert(ready_.end(), open_.begin(), open_.end());
    open_.clear();
    return take(now_ns);
}

} // namespace irqscope::model

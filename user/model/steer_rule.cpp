// SPDX-License-Identifier: BSD-2-Clause
#include "model/steer_rule.hpp"

namespace irqscope::model {

void steer_rule::told(const stall& one, std::uint64_t now_ns) {
    over(one, now_ns);
    if (one.state != stall_state::open) return;
    if (open_.size() == most_open) open_.erase(open_.begin());
    open_.push_back(one);
}

void steer_rule::over(const stall& one, std::uint64_t now_ns) {
    last_ns_ = now_ns;
    // or an earlier one of the same series, whose end was lost: there is one at a time
    std::erase_if(open_, [&one](const stall& open) {
        return open.cpu == one.cpu && is_same_series(open, one) && open.start_ns <= one.start_ns;
    });
}

bool steer_rule::is_on(std::uint64_t now_ns) const {
    return !open_.empty() || (last_ns_ && (now_ns < *last_ns_ || now_ns - *last_ns_ < window_ns_));
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "model/act_rule.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::model {

bool act_rule::is_turn(const stall& one) {
    if (!plan_.kinds.contains(one.kind)) return false;
    if (one.kind == stall_kind::lockup) return one.state == stall_state::open; // a step
    if (std::find(had_.begin(), had_.end(), one.incident) != had_.end()) return false;
    had_.push_back(one.incident);
    if (had_.size() > most_known) had_.pop_front();
    return true;
}

std::uint64_t act_rule::skipped(act_verdict why) const {
    const auto found = skipped_.find(why);
    return found == skipped_.end() ? 0 : found->second;
}

act_verdict act_rule::told(const stall& one, std::uint64_t now_ns) {
    if (!is_turn(one)) return act_verdict::none;
    act_verdict verdict = act_verdict::run;
    if (is_running_ && one.kind == stall_kind::lockup) {
        if (waiting_) skipped_[act_verdict::running]++;
        waiting_ = one;
        return act_verdict::waits;
    }
    if (is_running_)
        verdict = act_verdict::running;
    else if (last_run_ns_ && now_ns - *last_run_ns_ < plan_.interval_ns && one.kind != stall_kind::lockup)
        verdict = act_verdict::too_soon;
    if (verdict != act_verdict::run) {
        skipped_[verdict]++;
        return verdict;
    }
    is_running_ = true;
    last_run_ns_ = now_ns;
    return verdict;
}

std::optional<stall> act_rule::over(std::uint64_t now_ns) {
    is_running_ = waiting_.has_value();
    if (waiting_) last_run_ns_ = now_ns;
    return std::exchange(waiting_, std::nullopt);
}

void act_rule::end() {
    if (std::exchange(waiting_, std::nullopt)) skipped_[act_verdict::running]++;
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/recorded.hpp"

#include "sink/json_parts.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::sink {

bool recorded::begin(const stalls_heading& heading) { return lines_.begin(heading); }

bool recorded::stall(const model::stall& one) {
    const auto told = std::find_if(over_.begin(), over_.end(),
                                   [&one](const model::stall& other) { return model::is_same(one, other); });
    if (one.state == model::stall_state::open || told == over_.end()) {
        to_->add_stall(one.start_ns, one.end_ns, lines_.text_of(one));
    } else {
        to_->add_over(one.start_ns, one.end_ns, lines_.text_of(one));
        over_.erase(told);
    }
    return true;
}

bool recorded::over(const model::stall& one) {
    constexpr std::size_t most = 256; // those that are never told again make room
    if (over_.size() == most) over_.erase(over_.begin());
    over_.push_back(one);
    to_->add_over(one.start_ns, one.end_ns, lines_.text_of_over(one));
    return true;
}

void recorded::interval(model::snapshot& one, const model::stalls_report& untold) {
    to_->flush();
    for (const recording::recorder::dropped& lost : to_->take_dropped()) {
        const auto is_it = [&lost](const model::series& other) { return other.cpu == lost.cpu && other.id == lost.id; };
        auto found = std::find_if(one.all.begin(), one.all.end(), is_it);
        if (found == one.all.end()) found = one.all.insert(one.all.end(), {lost.id, lost.cpu, {}, 0});
        found->dropped += lost.samples;
        one.lost.counts["samples_dropped_by_a_slow_disk"] += lost.samples;
    }
    to_->add_interval(one.start_ns, one.start_ns + one.duration_ns, documents_.text_of(one));
    std::string now = dump({{"schema", "irqscope.untold/1"},
                            {"set_aside", asides_of(untold.asides)},
                            {"suppressed", suppressed_of(untold.suppressed)}},
                           true);
    if (now == untold_) return;
    to_->add_untold(one.start_ns, one.start_ns + one.duration_ns, now);
    untold_ = std::move(now);
}

} // namespace irqscope::sink

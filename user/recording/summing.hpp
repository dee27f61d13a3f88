// SPDX-License-Identifier: BSD-2-Clause
// A recording summed up: the same snapshot and the same report of stalls that a live run ends with.
#pragma once

#include "model/incidents.hpp"
#include "model/snapshot.hpp"
#include "model/stalls_report.hpp"
#include "recording/replay.hpp"
#include "stream/spans.hpp"

#include <functional>
#include <optional>

namespace irqscope::recording {

class summing final : public listener {
public:
    // tell: each stall, in the order in which they were told, with its incident.
    summing(selection wanted, std::function<void(const model::stall&)> tell)
        : wanted_(std::move(wanted)), tell_(std::move(tell)) {}

    stream::span_sink& spans() { return counts_; }
    void on_told(model::stall one) override;
    void on_told_over(const model::stall& one) override { incidents_.over(one); }
    void on_interval(const model::snapshot& one) override;
    void on_untold(const untold& so_far) override;

    struct sums {
        model::snapshot histograms;
        model::stalls_report stalls; // of which the whole has no histograms
    };
    // After run(). What of the recording's time is in no interval (it was cut off) has no coverage, and nothing is known to
    // be lost of it.
    sums whole(const replay& of);

private:
    selection wanted_;
    std::function<void(const model::stall&)> tell_;
    stream::span_counter counts_{true, true};
    model::incidents incidents_;
    std::optional<model::snapshot> intervals_;
    std::optional<untold> before_; // what was untold when the selection began
    untold until_;
};

} // namespace irqscope::recording

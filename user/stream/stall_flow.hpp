// SPDX-License-Identifier: BSD-2-Clause
// From records to the stalls that are told, and to the report at the end: the same way live and from a recording.
#pragma once

#include "model/incidents.hpp"
#include "model/settling.hpp"
#include "model/stalls_report.hpp"
#include "stream/catalog.hpp"
#include "stream/flight_recorder.hpp"
#include "stream/stalls.hpp"
#include "symbols/source.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace irqscope::stream {

class stall_flow {
public:
    // thresholds: in ns, of the kinds that are watched for. symbols: lives as long as the flow.
    // recorder: likewise; null: there is none.
    stall_flow(std::map<model::stall_kind, std::uint64_t> thresholds, symbols::source& symbols,
               flight_recorder* recorder = nullptr)
        : settling_(std::move(thresholds)), symbols_(&symbols), recorder_(recorder) {}

    void add(const stall_record& record, const catalog& names);
    // One that was not told by its own CPU (probe/stuck.hpp); known ones are passed over.
    void add_stuck(model::stall stuck);
    void suspended(std::uint64_t from_ns, std::uint64_t to_ns) { settling_.suspended(from_ns, to_ns); }

    // Those that can be told now, each with its incident. now_ns: CLOCK_MONOTONIC.
    std::vector<model::stall> take(std::uint64_t now_ns);
    // What was told while it was open and is over, whether it will be told at its end or not; and before which of those
    // that take() returns that came. To be called right behind it.
    struct over_told {
        std::size_t before = 0;
        model::stall one;
    };
    std::vector<over_told> take_over() { return std::exchange(over_, {}); }
    // The same at the end, when nothing more will come; what is open went on until now.
    std::vector<model::stall> take_rest(std::uint64_t now_ns);

    // CPUs with a stall that goes on.
    [[nodiscard]] std::vector<int> stalled_cpus() const;

    // Fills what the flow knows: CPUs, culprits, open, asides.
    void report(model::stalls_report& to) const;
    void report_asides(model::stalls_report& to) const; // that alone

private:
    void decide();
    void over(const model::stall& ended);

    model::settling settling_;
    model::incidents incidents_;
    std::map<model::aside, model::set_aside> asides_;
    std::vector<model::stall> ready_; // to be told
    std::vector<over_told> over_;
    std::map<int, std::uint64_t> stuck_; // CPU -> start_ns of what was told of it
    symbols::source* symbols_;
    flight_recorder* recorder_;
};

} // namespace irqscope::stream

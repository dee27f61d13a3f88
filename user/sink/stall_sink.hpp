// SPDX-License-Identifier: BSD-2-Clause
// Where stalls go, as they happen, and the report at the end.
#pragma once

#include "model/stall.hpp"
#include "model/stalls_report.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

namespace irqscope::sink {

// One moment on two clocks, read together.
struct clock_pair {
    std::uint64_t monotonic_ns = 0;
    std::chrono::system_clock::time_point wall;
};

// The wall clock at a CLOCK_MONOTONIC time, before or after the pair. After a suspend it is early by the suspend's
// length, since CLOCK_MONOTONIC stands still meanwhile: take a new pair then.
std::chrono::system_clock::time_point wall_of(const clock_pair& clock, std::uint64_t monotonic_ns);

// What is watched for, and where.
struct stalls_heading {
    std::vector<int> cpus;                                    // watched
    std::vector<int> without_beat;                            // of those, the ones without a heartbeat
    std::uint64_t beat_ns = 0;                                // the heartbeats' period; 0: none anywhere
    std::map<model::stall_kind, std::uint64_t> thresholds_ns; // of the kinds that are watched for
    clock_pair clock;
};

class stall_sink {
public:
    stall_sink() = default;
    stall_sink(const stall_sink&) = delete;
    stall_sink& operator=(const stall_sink&) = delete;
    stall_sink(stall_sink&&) = delete;
    stall_sink& operator=(stall_sink&&) = delete;
    virtual ~stall_sink() = default;

    // Once, before the first stall. All of them: false when the reader has gone away.
    virtual bool begin(const stalls_heading& heading) = 0;
    virtual bool stall(const model::stall& one) = 0;
    // One that was told while it was open is over. It is told at its end, too, if that was seen and it was a stall.
    virtual bool over(const model::stall& /*one*/) { return true; }
    // Once, at the end.
    virtual bool report(const model::stalls_report& report) = 0;
};

} // namespace irqscope::sink

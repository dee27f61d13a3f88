// SPDX-License-Identifier: BSD-2-Clause
// A recording's first chunk: whose it is, and how it was made.
#pragma once

#include "model/machine.hpp"
#include "model/series.hpp"
#include "model/stall.hpp"
#include "result.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::recording {

struct header {
    std::string version; // of the irqscope that wrote it
    std::string host;
    std::string kernel;
    std::string machine;
    // One moment on three clocks.
    std::uint64_t monotonic_ns = 0;
    std::uint64_t boottime_ns = 0;
    std::int64_t realtime_ns = 0; // since 1970, UTC
    std::vector<int> cpus;        // watched
    std::vector<int> without_beat;
    std::uint64_t beat_ns = 0;
    std::vector<model::metric> metrics;
    std::map<model::stall_kind, std::uint64_t> thresholds_ns; // of the kinds that are watched for
    bool spans = false;                                       // it has them; else stalls only
    std::uint64_t sync_ns = 0;                                // so much a crash may have cost
    std::uint32_t ring_bytes = 0;                             // a CPU
    std::vector<std::string> command;                         // that was run; empty: none
    std::vector<model::cpu_place> topology;
    std::vector<model::irq_route> irqs; // when it began

    // How long its intervals are: with every span the histograms are in the spans; without, each interval has them.
    [[nodiscard]] std::uint64_t interval_ns() const {
        constexpr std::uint64_t with_histograms_ns = 10'000'000'000;
        return spans ? sync_ns : std::max(sync_ns, with_histograms_ns);
    }
    // The wall clock at a CLOCK_MONOTONIC time. After a suspend it is early by that one's length.
    [[nodiscard]] std::chrono::system_clock::time_point wall_of(std::uint64_t ns) const;
};

std::string text_of(const header& from); // JSON, one line
// Kinds and metrics that this version does not know are left out. Fails (failed): it is no header.
result<header> parse_header(std::string_view text);

} // namespace irqscope::recording

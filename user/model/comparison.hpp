// SPDX-License-Identifier: BSD-2-Clause
// What has changed between two recordings, beyond what changes all the time.
#pragma once

#include "model/slices.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::model {

enum class statistic { stalled, rate, p50, p99, p99_9, max, interrupted };

std::string_view name_of(statistic which); // "stalled_seconds_per_hour", "rate", "p50", ..

struct compared {
    statistic what = statistic::rate;
    // stalled: seconds an hour. rate: a second. interrupted: the share of the time that interrupts took. Else ns.
    double before = 0;
    double after = 0;
    double p = 1; // that slices of one kind differ by so much
    bool changed = false;
};

struct compared_row {
    row_id row;
    // ns of this metric in a second: of a run that share of the CPU, of a latency what all that waited together waited.
    double ns_per_s_before = 0;
    double ns_per_s_after = 0;
    std::vector<compared> statistics; // those that there are samples enough for
    bool changed = false;             // one of them
    double weight_ns_per_s = 0;       // how much time it is about
};

struct compared_stalls {
    int cpu = -1; // -1: all together
    compared seconds_per_hour;
    std::string culprit; // the one with most of the stalled time in the recording with more of it
};

struct comparison {
    std::vector<compared_stalls> stalls; // all together, then each CPU that had some: the most changed first
    // The changed ones first; of those what ran, then what waited for it; of those the ones that are about most time.
    std::vector<compared_row> rows;
    std::size_t tests = 0; // that were made
    bool changed = false;
};

// What a change is, beside that it is no noise within a recording. Two runs of one load differ by more than the parts of one
// run do: interrupts fall into step with the load or do not, a neighbour on the host comes or goes. None of that makes a stall.
struct comparison_options {
    double least_ratio = 2;                 // by which a figure differs
    double least_ns_per_s = 1'000'000;      // so much time a second it is about; where that is known
    std::uint64_t least_run_ns = 1'000;     // by which a quantile of runs differs
    std::uint64_t least_wait_ns = 10'000;   // and one of what waited: the interrupt that ends it takes as long
    std::uint64_t least_max_ns = 2'000'000; // by which a maximum differs
    double least_points = 0.1;              // by which interrupts' share differs
    double false_alarms = 0.01;             // that two recordings of the same differ in anything by chance
};

inline constexpr std::size_t fewest_slices = 12; // of each; fewer cannot tell

comparison compare(const sliced& before, const sliced& after, const comparison_options& options);

} // namespace irqscope::model

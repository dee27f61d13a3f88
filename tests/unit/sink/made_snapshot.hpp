// SPDX-License-Identifier: BSD-2-Clause
// Snapshots for the sinks' tests.
#pragma once

#include "model/snapshot.hpp"

#include <initializer_list>
#include <string>
#include <utility>

namespace irqscope::sink {

inline model::series made_series(model::series_id id, int cpu, std::initializer_list<std::uint64_t> values) {
    model::series one{std::move(id), cpu, {}, 0};
    for (const std::uint64_t ns : values) one.values.count(ns, ns / 10);
    return one;
}

// Ten seconds of a small host, on which nothing was seen yet.
inline model::snapshot made_snapshot() {
    model::snapshot made;
    made.host = "build7";
    made.kernel = "5.10.0-28-amd64";
    made.machine = "x86_64";
    made.start_ns = 123'456'789'000;
    made.start_time = std::chrono::system_clock::time_point{std::chrono::microseconds(1'746'680'711'123'456)};
    made.duration_ns = 10'000'000'000;
    made.metrics.assign(model::all_metrics.begin(), model::all_metrics.end());
    made.coverage.cpus = {0, 1};
    made.coverage.programs = {"softirq_entry", "softirq_exit"};
    made.coverage.aggregation = "kernel";
    made.coverage.softirq_contexts = "caller";
    made.coverage.nested = true;
    return made;
}

} // namespace irqscope::sink

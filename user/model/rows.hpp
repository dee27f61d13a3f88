// SPDX-License-Identifier: BSD-2-Clause
// Series of one metric as the lines of a table: merged over CPUs or one a CPU, what matters first.
#pragma once

#include "model/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace irqscope::model {

struct row {
    series_id id;
    std::optional<int> cpu; // set when there is a row a CPU
    int worst_cpu = 0;      // of the largest value
    histogram values;
    std::uint64_t dropped = 0;
};

// A run is time spent, so that its sum is a share of a CPU and interrupts may be nested in it. The others are waits: only
// their length counts.
bool is_run(metric which);

// Waits: the largest first. Runs: the most time first. Rows whose largest value is below above_ns are left out.
std::vector<row> rows_of(const snapshot& from, metric which, bool per_cpu, std::uint64_t above_ns);

} // namespace irqscope::model

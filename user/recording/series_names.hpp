// SPDX-License-Identifier: BSD-2-Clause
// What the numbers in a recording's spans stand for, as lines of JSON: by name, so that a file outlives the numbers of bpf/wire.h.
#pragma once

#include "model/series.hpp"
#include "result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::recording {

struct numbered_series {
    std::uint32_t number = 0;
    int cpu = 0;
    model::series_id id; // of a softirq's span its run; its latency goes with it
};

std::string line_of(const numbered_series& one); // with its newline

// Lines with a metric that this version does not know are left out. Fails (failed): they are no such lines.
result<std::vector<numbered_series>> parse_series(std::string_view lines);

} // namespace irqscope::recording

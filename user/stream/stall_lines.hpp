// SPDX-License-Identifier: BSD-2-Clause
// What `irqscope stalls --json` prints (docs/JSON.md), read back.
#pragma once

#include "model/stall.hpp"
#include "result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::stream {

struct stall_lines {
    std::vector<model::stall> stalls;               // objects of schema irqscope.stall/1
    std::map<std::string, std::uint64_t> set_aside; // counts by reason, of the summary at the end
};

// One object a line; other schemas are passed over. Of a stall that ended, end_ns is start_ns + at_least_ns. Fails
// (failed) on a line that is no JSON, or lacks what a stall must have.
result<stall_lines> parse_stall_lines(std::string_view text);

} // namespace irqscope::stream

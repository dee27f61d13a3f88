// SPDX-License-Identifier: BSD-2-Clause
// What `irqscope stalls --json` prints (docs/JSON.md), read back.
#pragma once

#include "model/stall.hpp"
#include "result.hpp"

#include <string_view>
#include <vector>

namespace irqscope::stream {

// The objects of schema irqscope.stall/1 in the text, one a line; lines of another schema are passed over. Of a stall that
// ended, end_ns is start_ns + at_least_ns. Fails (failed) on a line that is no JSON, or lacks what a stall must have.
result<std::vector<model::stall>> parse_stall_lines(std::string_view text);

} // namespace irqscope::stream

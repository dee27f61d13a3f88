// SPDX-License-Identifier: BSD-2-Clause
// What ran around a stall, a row each.
#pragma once

#include "model/stall.hpp"

#include <string>
#include <vector>

namespace irqscope::sink {

// Each span with its begin, counted from the stall's start, and its length; what interrupted it stands under it, indented.
// Where spans are not known, a row says so. Empty: nobody asked for it.
std::vector<std::string> around_rows(const model::stall& one);

} // namespace irqscope::sink

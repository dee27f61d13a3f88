// SPDX-License-Identifier: BSD-2-Clause
// Where the time of a stall went, as rows.
#pragma once

#include "model/stall.hpp"

#include <string>
#include <vector>

namespace irqscope::sink {

// The largest part first; parts below half a percent are left out, unless it is what nobody knows. A stall whose
// breakdown has another window than its own has that said first. Empty: it is not known.
std::vector<std::string> breakdown_rows(const model::stall& one);

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "sink/stall_sink.hpp"

#include <string>

namespace irqscope::sink {

// The end of a run of `stalls`: the answer first, then how much was watched (without which "no stall seen" would say
// nothing), where, who, and what was left out.
std::string summary_of(const model::stalls_report& report, const stalls_heading& heading);

} // namespace irqscope::sink

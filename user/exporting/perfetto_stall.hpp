// SPDX-License-Identifier: BSD-2-Clause
// What a stall's slice says of it: who did it, where the time went, and the stack.
#pragma once

#include "model/stall.hpp"

#include <string>

namespace irqscope::exporting {

// The fields of a TrackEvent: the culprit's name, annotations (durations only: no clock is meant), the call stack.
std::string perfetto_stall(const model::stall& one);

// The same of the longest stall of an incident, for the incident's slice: shorter, and without a name.
std::string perfetto_longest(const model::stall& one);

} // namespace irqscope::exporting

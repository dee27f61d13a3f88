// SPDX-License-Identifier: BSD-2-Clause
// Which programs a measurement needs: what nobody asked for is not attached, and costs nothing.
#pragma once

#include "probe/session.hpp"

#include <string_view>

namespace irqscope::probe {

// pauses: softirqs run in tasks that can be preempted (PREEMPT_RT), so that each switch is of interest to them.
bool is_wanted(std::string_view tracepoint, const session_options& options, bool pauses);

// Kernels and builds differ in it: without it the rest goes on. The others every kernel with softirqs has.
bool is_optional(std::string_view tracepoint);

} // namespace irqscope::probe

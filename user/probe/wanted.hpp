// SPDX-License-Identifier: BSD-2-Clause
// Which programs a measurement needs: what nobody asked for is not attached, and costs nothing.
#pragma once

#include "probe/session.hpp"

#include <string_view>

namespace irqscope::probe {

bool is_wanted(std::string_view tracepoint, const session_options& options);

// Kernels and builds differ in it: without it the rest goes on. The others every kernel with softirqs has.
bool is_optional(std::string_view tracepoint);

} // namespace irqscope::probe

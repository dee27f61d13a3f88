// SPDX-License-Identifier: BSD-2-Clause
// A recording of stalls that never were.
#pragma once

#include "recording/header.hpp"

#include <cstddef>
#include <string>

namespace irqscope::live {

// CPUs 0, 3 and 130; names with spaces, brackets and a semicolon; kinds, tasks and stacks by turns. Stall i is told at
// made_start_ns + i us and is i + 1 us long; every seventh was told while it was open, too. The recording says that it began when the
// hundredth ended: a stall is told after its end.
inline constexpr std::uint64_t made_start_ns = 1'000'000'000'000;
recording::header make_recording(const std::string& file, std::size_t stalls);

} // namespace irqscope::live

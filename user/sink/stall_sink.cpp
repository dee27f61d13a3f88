// SPDX-License-Identifier: BSD-2-Clause
#include "sink/stall_sink.hpp"

namespace irqscope::sink {

std::chrono::system_clock::time_point wall_of(const clock_pair& clock, std::uint64_t monotonic_ns) {
    // unsigned, which may wrap: the times are the kernel's
    const auto since_epoch = std::chrono::duration_cast<std::chrono::nanoseconds>(clock.wall.time_since_epoch());
    const std::uint64_t ns = static_cast<std::uint64_t>(since_epoch.count()) + (monotonic_ns - clock.monotonic_ns);
    return std::chrono::system_clock::time_point{std::chrono::duration_cast<std::chrono::system_clock::duration>(
        std::chrono::nanoseconds(static_cast<std::int64_t>(ns)))};
}

} // namespace irqscope::sink

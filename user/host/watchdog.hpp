// SPDX-License-Identifier: BSD-2-Clause
// The kernel's soft lockup watchdog, as it is set.
#pragma once

#include <cstdint>
#include <vector>

namespace irqscope::host {

struct watchdog {
    std::uint64_t threshold_ns = 20'000'000'000; // of a lockup: 2 * kernel.watchdog_thresh; the kernel's default if off
    std::vector<int> cpus;                       // it looks at; none: it is off, or not in this kernel
};

// From /proc/sys/kernel/{watchdog,soft_watchdog,watchdog_thresh,watchdog_cpumask} (kernel/watchdog.c).
watchdog read_watchdog();

} // namespace irqscope::host

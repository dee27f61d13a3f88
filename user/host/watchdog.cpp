// SPDX-License-Identifier: BSD-2-Clause
#include "host/watchdog.hpp"

#include "host/cpus.hpp"
#include "host/files.hpp"

#include <utility>

namespace irqscope::host {

watchdog read_watchdog() {
    watchdog found;
    const int seconds = read_number("/proc/sys/kernel/watchdog_thresh").value_or(0); // 0: off; at most 60
    if (seconds <= 0) return found;
    found.threshold_ns = 2 * static_cast<std::uint64_t>(seconds) * 1'000'000'000;
    if (read_number("/proc/sys/kernel/watchdog").value_or(0) == 0 ||
        read_number("/proc/sys/kernel/soft_watchdog").value_or(1) == 0)
        return found;
    auto cpus = parse_cpu_list(read_line("/proc/sys/kernel/watchdog_cpumask").value_or(""));
    if (!cpus) cpus = possible_cpus();
    if (cpus) found.cpus = std::move(*cpus);
    return found;
}

} // namespace irqscope::host

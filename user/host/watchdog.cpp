// SPDX-License-Identifier: BSD-2-Clause
#include "host/watchdog.hpp"

#include "host/cpus.hpp"
#include "host/files.hpp"

#include <charconv>
#include <optional>
#include <string>

namespace irqscope::host {

namespace {

std::optional<std::uint64_t> sysctl(const char* name) {
    const auto text = read_line(std::string("/proc/sys/kernel/") + name);
    std::uint64_t value = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{})
        return std::nullopt;
    return value;
}

} // namespace

watchdog read_watchdog() {
    watchdog found;
    const std::uint64_t seconds = sysctl("watchdog_thresh").value_or(0); // 0: off; at most 60
    if (seconds == 0) return found;
    found.threshold_ns = 2 * seconds * 1'000'000'000;
    if (sysctl("watchdog").value_or(0) == 0 || sysctl("soft_watchdog").value_or(1) == 0) return found;
    auto cpus = parse_cpu_list(read_line("/proc/sys/kernel/watchdog_cpumask").value_or(""));
    if (!cpus) cpus = possible_cpus();
    if (cpus) found.cpus = std::move(*cpus);
    return found;
}

} // namespace irqscope::host

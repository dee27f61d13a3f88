// SPDX-License-Identifier: BSD-2-Clause
// softirq_load CPUS COUNT [CPU NS]: so many loopback datagrams from each of the CPUs, whose softirqs spin for so long on that CPU;
// prints nanoseconds for each datagram.
#include "host/cpus.hpp"
#include "load/load.hpp"

#include <cstdlib>
#include <exception>
#include <fmt/format.h>

int main(int count, char** arguments) {
    try {
        const auto cpus =
            count == 3 || count == 5
                ? irqscope::host::parse_cpu_list(arguments[1]) // NOLINT(*-pointer-arithmetic)
                : irqscope::failure(irqscope::exit_status::usage, "usage: softirq_load CPUS COUNT [CPU NS]");
        if (!cpus) {
            fmt::print(stderr, "softirq_load: {}\n", cpus.error().message);
            return 2;
        }
        const auto each = std::strtoull(arguments[2], nullptr, 10); // NOLINT(*-pointer-arithmetic)
        irqscope::load::slow_cpu slow;
        if (count == 5) // NOLINTNEXTLINE(*-pointer-arithmetic)
            slow = {std::atoi(arguments[3]), static_cast<std::uint32_t>(std::strtoul(arguments[4], nullptr, 10))};
        const std::uint64_t ns = irqscope::load::send_datagrams(*cpus, each, slow);
        fmt::print("{:.1f}\n", static_cast<double>(ns) / static_cast<double>(each));
    } catch (const std::exception& wrong) {
        fmt::print(stderr, "softirq_load: {}\n", wrong.what());
        return 1;
    }
}

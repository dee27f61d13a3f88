// SPDX-License-Identifier: BSD-2-Clause
// softirq_load CPUS COUNT: so many loopback datagrams from each of the CPUs; prints nanoseconds for each datagram.
#include "host/cpus.hpp"
#include "load/load.hpp"

#include <cstdlib>
#include <exception>
#include <fmt/format.h>

int main(int count, char** arguments) {
    try {
        const auto cpus = count == 3
                              ? irqscope::host::parse_cpu_list(arguments[1]) // NOLINT(*-pointer-arithmetic)
                              : irqscope::failure(irqscope::exit_status::usage, "usage: softirq_load CPUS COUNT");
        if (!cpus) {
            fmt::print(stderr, "softirq_load: {}\n", cpus.error().message);
            return 2;
        }
        const auto each = std::strtoull(arguments[2], nullptr, 10); // NOLINT(*-pointer-arithmetic)
        const std::uint64_t ns = irqscope::load::send_datagrams(*cpus, each);
        fmt::print("{:.1f}\n", static_cast<double>(ns) / static_cast<double>(each));
    } catch (const std::exception& wrong) {
        fmt::print(stderr, "softirq_load: {}\n", wrong.what());
        return 1;
    }
}

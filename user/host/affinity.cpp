// SPDX-License-Identifier: BSD-2-Clause
#include "host/affinity.hpp"

#include <array>
#include <cstddef>
#include <sched.h>

namespace irqscope::host {

namespace {

constexpr std::size_t most_cpus = 8192; // the kernel's largest NR_CPUS

using cpu_mask = std::array<cpu_set_t, most_cpus / CPU_SETSIZE>;

} // namespace

std::vector<int> own_cpus() {
    cpu_mask mask{};
    std::vector<int> cpus;
    if (sched_getaffinity(0, sizeof(mask), mask.data()) != 0) return cpus;
    for (std::size_t cpu = 0; cpu < most_cpus; cpu++)
        if (CPU_ISSET_S(cpu, sizeof(mask), mask.data())) cpus.push_back(static_cast<int>(cpu));
    return cpus;
}

bool run_on(pid_t thread, const std::vector<int>& cpus) {
    cpu_mask mask{};
    for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), sizeof(mask), mask.data());
    return sched_setaffinity(thread, sizeof(mask), mask.data()) == 0;
}

} // namespace irqscope::host

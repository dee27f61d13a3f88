// SPDX-License-Identifier: BSD-2-Clause
// The machine that was watched: CPUs and the interrupts' routes to them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace irqscope::model {

struct cpu_place {
    int cpu = 0;
    int package = -1; // -1: not known
    int core = -1;
    int node = -1; // NUMA

    friend bool operator==(const cpu_place&, const cpu_place&) = default;
};

struct irq_route {
    std::uint32_t irq = 0;
    std::vector<std::string> actions;
    std::string affinity;  // a CPU list; empty: not known
    std::string effective; // where the chip sends it

    friend bool operator==(const irq_route&, const irq_route&) = default;
};

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
// What one heartbeat costs on this host: a timer interrupt, and under a hypervisor its exits.
#pragma once

#include <cstdint>
#include <optional>

namespace irqscope::probe {

struct beat_cost {
    int cpu = 0;             // where it was measured
    std::uint64_t ns = 0;    // that one beat takes from a task that computes, the median of the pairs
    std::uint64_t least = 0; // and the quartiles
    std::uint64_t most = 0;
};

// Computes for 0.4 s on the present CPU, every other 20 ms with a heartbeat; no BPF program is involved. Nothing if the
// kernel refuses the heartbeat or the thread's place.
std::optional<beat_cost> measure_beat_cost();

// The shortest of the usual periods at which a beat of that cost takes at most 1 % of a CPU.
std::uint64_t suggest_beat_ns(std::uint64_t cost_ns);

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
// A CPU that holds interrupts off and never lets go can run no program that says so; its state, read from elsewhere, can.
#pragma once

#include "model/stall.hpp"
#include "probe/session.hpp"
#include "stream/catalog.hpp"

#include <cstdint>
#include <vector>

namespace irqscope::probe {

inline constexpr std::uint64_t stuck_after_ns = 500'000'000; // far beyond what hides single beats (docs/LOST.md)

// Open irq_off stalls of the CPUs that should beat and have not for stuck_after_ns: since when the beat was due, with the
// interrupt or softirq that has begun there and not ended. A CPU that has never beaten says nothing.
std::vector<model::stall> find_stuck(const by_cpu<wire_cpu_state>& states, const std::vector<int>& beating,
                                     const stream::catalog& names, std::uint64_t now_ns);

} // namespace irqscope::probe

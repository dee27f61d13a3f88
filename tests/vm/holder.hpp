// SPDX-License-Identifier: BSD-2-Clause
// A CPU held by tests/vm/module, in a guest, and what that wrote down.
#pragma once

#include "model/injection.hpp"

#include <cstdint>
#include <string>

namespace irqscope::vm {

// It is longer than was asked for when the CPU itself was away in it.
struct held : model::truth {
    std::uint64_t asked_ns = 0;
    std::uint64_t preempted_ns = 0; // of it, while another task had the CPU (PREEMPT_RT)
    std::uint64_t gap_ns = 0; // the longest in it, in which the holder got no further: interrupts, or the CPU was away
};

// Whether the module is loaded.
bool can_hold();

// Holds the CPU as the module's kind says; from and to when, and which CPU it was. Throws if the module refuses.
held hold(const std::string& kind, int cpu, std::uint64_t ns);

} // namespace irqscope::vm

// SPDX-License-Identifier: BSD-2-Clause
// The threads that make the event come in which the injector's programs hold a CPU.
#pragma once

#include "model/injection.hpp"
#include "result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace irqscope::probe {

struct stage {
    int cpu = 0;
    std::string file;                   // device_interrupt
    std::optional<std::uint64_t> at_ns; // timer_hold
    // The calling thread's number as the kernel counts, or nothing.
    std::function<std::optional<std::uint32_t>()> who;
    // Called when all is set: from here on the event holds the CPU, once. The thread is the one whose doing it is.
    std::function<void(std::uint32_t thread)> arm;
    // Whether it has come about, or is given up.
    std::function<bool()> over;
};

// Provokes the event on stage.cpu until it is over, from a thread of its own (and a second one for some). Does not wait
// for a CPU that never lets these threads run: they are taken elsewhere when the time is over. Fails: usage (a CPU that
// this process may not use), not_possible (a file or a network that does not do it), failed.
result<void> provoke(model::injection what, const stage& on);

} // namespace irqscope::probe

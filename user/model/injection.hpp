// SPDX-License-Identifier: BSD-2-Clause
// A CPU held on purpose for a known time, and what was written down of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace irqscope::model {

enum class injection {
    irq_off,          // a task has interrupts off
    softirq_off,      // a task has bottom halves off while NET_RX is raised; interrupts are on
    timer_interrupt,  // the local timer's interrupt takes long
    device_interrupt, // a device's interrupt handler takes long
    net_rx_softirq,   // a NET_RX softirq takes long, in a task's local_bh_enable(); interrupts are on
    timer_hold,       // another hrtimer takes long within the timer's interrupt, on an idle CPU too
    timer_softirq,    // a TIMER softirq takes long, with NET_RX waiting behind it in the same pass; interrupts are on
    idle_entry,       // the CPU goes idle with interrupts off
    idle_leave,       // and comes back from it
};

inline constexpr std::array all_injections{
    injection::irq_off,          injection::softirq_off,    injection::timer_interrupt,
    injection::device_interrupt, injection::net_rx_softirq, injection::timer_hold,
    injection::timer_softirq,    injection::idle_entry,     injection::idle_leave,
};

std::string_view name_of(injection which); // "irq_off", as the enumerators

// What it does to the CPU that is held, and to the others: one sentence each, without a full stop.
std::string_view meaning_of(injection which);
std::string_view effect_on_others(injection which);

// Whether interrupts are on meanwhile: they come in the middle, the heartbeats' own among them, and make it no shorter.
bool has_interrupts_on(injection which);

// One injection as the program that made it wrote it down. Times are CLOCK_MONOTONIC.
struct truth {
    injection what = injection::irq_off;
    int cpu = 0;
    std::uint64_t start_ns = 0; // when the spin began
    std::uint64_t end_ns = 0;   // when it ended: interrupts may come back somewhat later
    // Of it, in which the CPU did not run the spin: the hypervisor took it away, or firmware did; where interrupts are on
    // (has_interrupts_on) they did too. In pieces of 20 us and more.
    std::uint64_t away_ns = 0;
    std::uint32_t thread = 0;         // that was current, in the initial PID namespace; 0: an idle task
    std::optional<std::uint32_t> irq; // device_interrupt
    std::string action;               // device_interrupt: the handler's name

    [[nodiscard]] std::uint64_t length_ns() const { return end_ns - start_ns; }
};

} // namespace irqscope::model

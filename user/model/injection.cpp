// SPDX-License-Identifier: BSD-2-Clause
#include "model/injection.hpp"

namespace irqscope::model {

std::string_view name_of(injection which) {
    switch (which) {
    case injection::irq_off: return "irq_off";
    case injection::softirq_off: return "softirq_off";
    case injection::timer_interrupt: return "timer_interrupt";
    case injection::device_interrupt: return "device_interrupt";
    case injection::net_rx_softirq: return "net_rx_softirq";
    case injection::timer_hold: return "timer_hold";
    case injection::timer_softirq: return "timer_softirq";
    case injection::idle_entry: return "idle_entry";
    case injection::idle_leave: return "idle_leave";
    }
    return "?";
}

std::string_view meaning_of(injection which) {
    switch (which) {
    case injection::irq_off: return "a task has interrupts off while it wakes another";
    case injection::softirq_off: return "a task has bottom halves off while a packet waits for NET_RX";
    case injection::timer_interrupt: return "the local timer's interrupt takes long";
    case injection::device_interrupt: return "a device's interrupt handler takes long";
    case injection::net_rx_softirq: return "a NET_RX softirq takes long";
    case injection::timer_hold: return "an hrtimer takes long within the timer's interrupt";
    case injection::timer_softirq: return "a TIMER softirq takes long while NET_RX waits behind it";
    case injection::idle_entry: return "the CPU goes idle with interrupts off";
    case injection::idle_leave: return "the CPU leaves idle with interrupts off";
    }
    return "?";
}

bool has_interrupts_on(injection which) {
    switch (which) {
    case injection::softirq_off:
    case injection::net_rx_softirq:
    case injection::timer_softirq: return true;
    case injection::irq_off:
    case injection::timer_interrupt:
    case injection::device_interrupt:
    case injection::timer_hold:
    case injection::idle_entry:
    case injection::idle_leave: break;
    }
    return false;
}

std::string_view effect_on_others(injection which) {
    switch (which) {
    case injection::irq_off:
    case injection::timer_interrupt:
    case injection::timer_hold:
        return "other CPUs go on, but who needs an answer from this one (a TLB flush, membarrier) waits for it";
    case injection::device_interrupt:
        return "other CPUs go on, but who needs an answer from this one (a TLB flush) or that device's data waits for "
               "it";
    case injection::softirq_off:
    case injection::net_rx_softirq:
    case injection::timer_softirq:
        return "other CPUs go on; packets, timers and I/O whose softirqs are this CPU's wait with it";
    case injection::idle_entry:
    case injection::idle_leave:
        return "its runqueue lock is held: another CPU that wakes a task there spins as long, with interrupts off";
    }
    return "?";
}

} // namespace irqscope::model

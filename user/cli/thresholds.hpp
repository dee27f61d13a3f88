// SPDX-License-Identifier: BSD-2-Clause
// From which length on each kind of stall is one, as every command that tells stalls is told.
#pragma once

#include "cli/commands.hpp"
#include "model/stall.hpp"
#include "probe/session.hpp"
#include "result.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace irqscope::cli {

struct threshold_option {
    model::stall_kind kind;
    const char* name;
    const char* words;
    std::string text; // as given, or the default
};

struct threshold_options {
    std::array<threshold_option, 6> all{
        {{model::stall_kind::irq_off, "--irq-off", "interrupts off, by the lateness of the heartbeat's timer", "1ms"},
         {model::stall_kind::softirq_off, "--softirq-off", "softirqs off: a raise until the first softirq", "2ms"},
         {model::stall_kind::softirq_latency, "--softirq-latency", "a vector's oldest raise until its entry", "2ms"},
         {model::stall_kind::softirq_run, "--softirq-run", "one softirq's run", "10ms"},
         {model::stall_kind::hardirq_run, "--hardirq-run", "one device interrupt handler's run", "1ms"},
         {model::stall_kind::ksoftirqd, "--ksoftirqd", "an activation of ksoftirqd: woken until it sleeps", "10ms"}}};
    std::string lockup_at; // as given, or empty: the kernel's watchdog's
    std::uint32_t rate = 100;
};

// Adds an option each, and --rate; `to` lives as long as the command.
void add_thresholds(CLI::App& app, threshold_options& to);

// Sets the thresholds of those that are not off, what their metrics need, what the countdown to a lockup goes by on this host,
// and the rate. Fails: usage.
result<void> apply(const threshold_options& options, probe::session_options& to);

} // namespace irqscope::cli

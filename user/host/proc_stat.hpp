// SPDX-License-Identifier: BSD-2-Clause
// /proc/stat: the kernel's own time split, by ticks.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <map>
#include <string_view>

namespace irqscope::host {

// In units of USER_HZ since boot, by the context that the tick hit (kernel/sched/cputime.c), unless the kernel accounts
// precisely. idle and iowait may go backwards (proc(5)). user and nice hold what guests got.
struct cpu_ticks {
    std::uint64_t user = 0;
    std::uint64_t nice = 0;
    std::uint64_t system = 0;
    std::uint64_t idle = 0;
    std::uint64_t iowait = 0;
    std::uint64_t irq = 0;
    std::uint64_t softirq = 0;
    std::uint64_t steal = 0;
};

struct proc_stat {
    std::map<int, cpu_ticks> cpus;      // online ones; their numbers may have holes
    std::uint64_t context_switches = 0; // of all CPUs
};

// Lines that are none of these are passed over; columns that an old kernel has not are 0. Fails (failed) on a text
// without a CPU.
result<proc_stat> parse_proc_stat(std::string_view text);
result<proc_stat> read_proc_stat();

// Of a tick of /proc/stat (USER_HZ).
std::uint64_t tick_ns();

} // namespace irqscope::host

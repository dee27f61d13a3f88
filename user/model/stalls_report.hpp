// SPDX-License-Identifier: BSD-2-Clause
// What a run of `stalls` ends with: incidents, culprits, what was set aside, and how much of it all was watched.
#pragma once

#include "model/snapshot.hpp"
#include "model/stall.hpp"
#include "model/stall_totals.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace irqscope::model {

// Why something that looked like a stall is none.
enum class aside {
    idle_exit, // lateness of a beat while nothing but idle ran: C-state exit, a sleeping vCPU
    steal,     // the hypervisor ran something else
    suspend,   // the machine slept
    away,      // the CPU itself was away: a hypervisor that counts no steal for us, firmware, an NMI
    hang,      // the kernel's own back-off after an overlong timer interrupt (hrtimer_cpu_base.nr_hangs)
    unwatched, // the kernel ran no program of ours in the middle of it: its length is not known
};

inline constexpr std::array all_asides{aside::idle_exit, aside::steal, aside::suspend,
                                       aside::away,      aside::hang,  aside::unwatched};

std::string_view name_of(aside why);

struct set_aside {
    std::uint64_t count = 0;
    std::uint64_t total_ns = 0;
    std::uint64_t max_ns = 0;

    void add(std::uint64_t ns) {
        count++;
        total_ns += ns;
        if (ns > max_ns) max_ns = ns;
    }
};

struct cpu_incidents {
    std::uint64_t incidents = 0;
    std::uint64_t stalled_ns = 0; // each nanosecond once, however many stalls cover it
    std::uint64_t longest_ns = 0; // of an incident
};

struct culprit {
    std::string name; // culprit_of()
    std::uint64_t stalls = 0;
    std::uint64_t stalled_ns = 0; // each nanosecond of a CPU once
    std::uint64_t longest_ns = 0; // of a stall
    std::vector<int> cpus;        // ascending
    stall longest;
};

struct stalls_report {
    snapshot whole;                                 // times, host, lost, coverage, cost; its histograms are empty
    std::map<int, cpu_incidents> cpus;              // those with incidents
    std::vector<culprit> culprits;                  // the most stalled time first
    std::vector<stall> open;                        // what goes on at the end
    stall_totals totals;                            // of those that were told
    std::map<aside, set_aside> asides;              // those that came
    std::map<stall_kind, std::uint64_t> suppressed; // by the rate limit: seen and not told
};

} // namespace irqscope::model

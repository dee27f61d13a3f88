// SPDX-License-Identifier: BSD-2-Clause
// One activation of ksoftirqd (or ktimers): from being woken until it sleeps, with who had its CPU meanwhile, and why it
// took so long.
#pragma once

#include "model/breakdown.hpp"
#include "model/series.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::model {

// Which part of an activation has half of it or more, what was stolen and what nobody knows aside.
enum class cause {
    starved,       // other tasks ran instead
    hardirq_bound, // interrupts, device handlers and sysvecs, took its time
    overloaded,    // it did run: there was more to serve than that
    mixed,         // none of them has half
};

std::string_view name_of(cause which); // "starved", "hardirq-bound", "overloaded", "mixed"

cause cause_of(const breakdown& where);

struct interrupt_share {
    series_id id;         // hardirq_run or sysvec_run
    std::uint64_t ns = 0; // net of what was nested in it
    std::uint64_t count = 0;
};

struct task_share {
    int pid = 0; // the thread's
    std::string comm;
    scheduling how;          // as it was last seen
    std::uint64_t ns = 0;    // net of interrupts and softirqs
    std::uint64_t times = 0; // that it left the CPU
};

struct vector_share {
    std::string vector;
    std::uint64_t ns = 0; // net of interrupts, in whatever context it was served
    std::uint64_t count = 0;
};

// What a vector served: a NAPI device, a timer function.
struct source_share {
    std::string name;        // "eth0", "function+0x0 [module]" without its offset; empty: nobody knows
    bool backlog = false;    // the CPU's own queue; the device is that of the packets that were left in it
    std::uint64_t ns = 0;    // net of interrupts
    std::uint64_t count = 0; // polls, calls
    std::uint64_t items = 0; // packets
};

// What /proc/net/softnet_stat's columns of the CPU have grown.
struct softnet_growth {
    std::uint64_t processed = 0;
    std::uint64_t time_squeeze = 0;
    std::uint64_t dropped = 0;
};

struct activation {
    std::string thread; // "ksoftirqd", "ktimers"
    // The oldest raise that waited when it was woken; CLOCK_MONOTONIC.
    std::optional<std::string> raised_vector;
    std::uint64_t raised_ns = 0;
    std::uint64_t woken_ns = 0;
    std::optional<std::uint64_t> first_run_ns; // nothing: it has not had the CPU yet
    std::uint64_t run_ns = 0;                  // that it had the CPU, interrupts included
    std::uint64_t preemptions = 0;
    // Each the largest first, and only those that there were.
    std::vector<interrupt_share> interrupts;
    std::vector<vector_share> vectors;
    std::vector<task_share> tasks; // that ran instead; what found no place among eight is in other_tasks_ns
    std::uint64_t other_tasks_ns = 0;
    std::vector<source_share> devices;
    std::uint64_t other_devices_ns = 0;
    std::vector<source_share> timers;
    std::uint64_t other_timers_ns = 0;
    std::optional<softnet_growth> softnet; // nothing: not known
};

// Who is to blame, as the summary groups it: "ksoftirqd hardirq-bound: hardirq 36 virtio1-req.0".
std::string thief_of(const activation& one, const breakdown& where);

} // namespace irqscope::model

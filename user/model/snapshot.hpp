// SPDX-License-Identifier: BSD-2-Clause
// One interval of measurement, complete: what a sink prints.
#pragma once

#include "model/lost.hpp"
#include "model/series.hpp"
#include "model/time_split.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace irqscope::model {

// The heartbeats of one CPU. due = seen + skipped + unseen, and what is missing to it never came at all.
struct beats {
    std::uint64_t due = 0; // by the clock, since the heartbeat began there
    std::uint64_t seen = 0;
    std::uint64_t late = 0;     // of those seen, served a whole period late or later
    std::uint64_t skipped = 0;  // the kernel left them out, since one came so late that the next were due already
    std::uint64_t unseen = 0;   // the kernel served them and ran no program of ours
    std::uint64_t restarts = 0; // the kernel stopped and started the heartbeat (other perf events came or went)
    bool soft = false;          // each beat makes a raise, so that softirqs that are held off are noticed

    // Those that the kernel served, with or without our program: each was a timer interrupt, or part of one.
    [[nodiscard]] std::uint64_t served() const { return seen + unseen; }

    void add(const beats& other); // soft if both are
};

// What was watched; without it "nothing seen" means nothing.
struct coverage {
    std::vector<int> cpus; // those that counted
    std::vector<std::string> programs;
    std::string aggregation;      // "kernel" or "stream"
    std::string softirq_contexts; // how they are told apart here: "caller" or "unknown"
    bool reraises = false;        // a raise while its vector waits in the present pass is told from a repeated one
    bool nested = false;          // interrupts inside runs are measured: both hardirq and sysvec programs are on
    // System vectors without a tracepoint, from /proc/interrupts: how many came on the watched CPUs.
    std::vector<std::pair<std::string, std::uint64_t>> untraced;
    std::uint64_t beat_ns = 0;       // the heartbeats' period; 0: none
    std::map<int, beats> heartbeats; // of the CPUs that have one
    std::vector<int> without_beat;   // watched CPUs that have none: isolated ones, and those that do not answer
    std::uint32_t flight_spans = 0;  // that the flight recorder keeps of each CPU; 0: there is none
    bool slots_full = false;         // some CPU met more interrupt actions than it has slots: the rest is under `other`

    // All heartbeats together; soft: each of them is.
    [[nodiscard]] beats all_beats() const;

    void join(const coverage& later); // see snapshot::join()
};

// The tool's own weight, without the heartbeats' timer interrupts (coverage::all_beats()).
struct cost {
    std::uint64_t bpf_calls = 0;       // of the programs at softirqs and interrupts, by what these counted
    std::uint64_t bpf_ns_per_call = 0; // calibrated here, without the tracepoint's dispatch; 0: not known
    std::uint64_t user_cpu_ns = 0;     // user and system time of this process
    std::uint64_t max_rss_bytes = 0;
    std::uint64_t kernel_bytes = 0; // of the BPF maps; 0: not known

    [[nodiscard]] std::uint64_t bpf_ns() const { return bpf_calls * bpf_ns_per_call; }
};

struct snapshot {
    std::string host;
    std::string kernel;
    std::string machine;
    std::uint64_t start_ns = 0; // CLOCK_MONOTONIC
    std::chrono::system_clock::time_point start_time;
    std::uint64_t duration_ns = 0;
    // Of a recording, where only a part of its time was asked for: the samples and stalls are of this, [first, second), and
    // everything else is of the whole intervals around it.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> part_ns;
    std::vector<metric> metrics; // those asked for
    std::vector<series> all;
    std::vector<open_span> open;
    std::optional<time_splits> split; // where it was asked for
    model::lost lost;
    model::coverage coverage;
    model::cost cost;

    // In which the samples were taken.
    [[nodiscard]] std::uint64_t sampled_ns() const { return part_ns ? part_ns->second - part_ns->first : duration_ns; }

    // One that began later, of the same measurement: the two become one, from this one's start to that one's end.
    void join(const snapshot& later);
};

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
// The hard heartbeats: on each CPU a perf event whose only purpose is its hrtimer.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace irqscope::probe {

inline constexpr std::uint64_t shortest_beat_ns = 100'000;
inline constexpr std::uint64_t longest_beat_ns = 100'000'000;

// A software cpu-clock event that excludes user and kernel: it takes no sample, hence is never throttled, and its
// hrtimer beats on, pinned and hard (kernel/events/core.c, perf_swevent_init_hrtimer; HRTIMER_MODE_REL_PINNED_HARD).
// mark goes into attr.config1, which cpu-clock ignores. The descriptor, or -errno.
int open_beat(int cpu, std::uint64_t period_ns, std::uint64_t mark);

class heartbeat {
public:
    // A number of this run's own, its low 16 bits 0: marks of perf events are that and a generation.
    heartbeat(std::uint64_t period_ns, std::uint64_t run_mark);

    heartbeat(const heartbeat&) = delete;
    heartbeat& operator=(const heartbeat&) = delete;
    heartbeat(heartbeat&&) = delete;
    heartbeat& operator=(heartbeat&&) = delete;
    // Waits for no CPU longer than a second in all; what is left the kernel closes with the process.
    ~heartbeat();

    // Begins to beat on these CPUs, anew where it beats already. The kernel asks each CPU by an interrupt: one that does
    // not answer within a second is left behind, and begins to beat when it does answer.
    void start(const std::vector<int>& cpus);
    // Ends on these.
    void stop(const std::vector<int>& cpus);

    [[nodiscard]] std::vector<int> asked_for() const;
    [[nodiscard]] std::vector<int> beating() const;
    // The kernel's reason (errno) for the last refusal; 0: none.
    [[nodiscard]] int refused() const { return refused_; }

private:
    struct opening; // shared with the thread that waits for the CPU

    std::uint64_t period_ns_;
    std::uint64_t run_mark_;
    std::uint64_t generation_ = 0;
    std::map<int, std::shared_ptr<opening>> events_; // CPU -> event
    int refused_ = 0;
};

} // namespace irqscope::probe

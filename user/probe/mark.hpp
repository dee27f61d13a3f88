// SPDX-License-Identifier: BSD-2-Clause
// Stalls as samples of a running perf: its bpf-output events, borrowed, and which of them is which CPU's.
#pragma once

#include "host/process.hpp"
#include "probe/session.hpp"
#include "result.hpp"
#include "wire.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace irqscope::probe {

class perf_events {
public:
    // Borrows its perf events: before the rights are given up. Fails (not_possible): it has none, or they cannot be had.
    static result<perf_events> borrow(host::process from);

    // Finds their CPUs, as far as they are enabled: after the programs are loaded. Waits for every CPU, as their heartbeats do.
    // Those that can never be one are given back. Fails (not_possible): none of them is a bpf-output event that can be shared.
    result<void> enter(const session& into);
    // Looks again for those that were not enabled, by a thread that waits for the CPUs so that nobody else does. Not often: each
    // that is found leaves a marker in perf's buffer.
    void look();
    // perf has ended: they are given back, or the kernel would keep them. By such a thread, too.
    void give_back();

    [[nodiscard]] const host::process& owner() const { return owner_; }
    [[nodiscard]] std::vector<int> cpus() const; // that have one; not while look() may be at work
    [[nodiscard]] bool has_more() const;         // whose CPU is not known; waits for nobody

private:
    struct state; // that outlives us as long as such a thread needs it

    explicit perf_events(host::process from);

    host::process owner_;
    std::shared_ptr<state> state_;
};

// Of all CPUs.
wire_mark_counts sum_of(const by_cpu<wire_mark_counts>& all);

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
// Holds stalls back until it is known whether they are real: whether the hypervisor ran something else, the CPU was
// away, the machine slept, or the kernel hid events in the middle of them.
#pragma once

#include "model/stalls_report.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace irqscope::model {

// A CPU at the last heartbeat before a stall was recorded.
struct before {
    std::optional<std::uint64_t> steal_ns; // that the hypervisor took, running total; nothing: unreadable
    std::uint64_t late_ns = 0;             // lateness of the beats, running total; the stall's own is in it
};

// The same when all of it has come to light: the steal counter moves with the runqueue's clock, so at a beat that found
// that moved since the beat before, which came after the stall.
struct settled {
    int cpu = 0;
    std::uint64_t until_ns = 0; // stalls that ended before this are settled; CLOCK_MONOTONIC, as all that follow
    std::optional<std::uint64_t> steal_ns;
    std::uint64_t late_ns = 0;
    // When the first and the last of the beats that went unseen of late were due; 0, 0: none has.
    std::uint64_t hole_start_ns = 0;
    std::uint64_t hole_end_ns = 0;
};

struct decision {
    stall one;
    std::optional<aside> why; // nothing: it is real, as far as that can be known
};

struct stretch {
    std::uint64_t start_ns = 0; // CLOCK_MONOTONIC
    std::uint64_t end_ns = 0;
};

// Decisions come in the order of end_ns on each CPU. What passes at once (add()) waits for nobody, and so can come
// before a held stall that ended earlier.
class settling {
public:
    static constexpr std::uint64_t patience_ns = 250'000'000; // then no beat will come to tell
    static constexpr std::size_t most_held = 4096;            // of a CPU; beyond that the oldest pass undecided
    static constexpr std::size_t most_sleeps = 16;            // suspends that are remembered
    static constexpr std::size_t most_aways = 64;             // stretches that are remembered, of a CPU

    // A stall is none if what was taken from the CPU is most of it and leaves less than its kind's threshold (ns). A kind
    // without a threshold: never.
    explicit settling(std::map<stall_kind, std::uint64_t> thresholds) : thresholds_(std::move(thresholds)) {}

    // Open stalls, and those of a CPU without a heartbeat (no `last`), pass at once; but an open one that is none so
    // far, since the CPU was away for most of it, waits until it has grown to one, or has ended.
    void add(stall one, const std::optional<before>& last);

    // The end of one that was added while open went unseen.
    void over(const stall& gone);

    // The CPU was away. Stretches may overlap, and come before or after the stalls that they are in, until those are
    // settled.
    void away(int cpu, const stretch& when);

    // Decides the stalls of the CPU that ended until at.until_ns.
    //
    // suspend: it overlaps a stretch in which the machine slept. unwatched: a softirq's or a handler's, and beats went
    // unseen in the middle of it (irq_off is reckoned from the timer's own expiry, and stays true; ksoftirqd's sleep that
    // goes unseen is found at its next waking). steal, away: see the
    // constructor; the larger of the two, for the one may be in the other. Otherwise the stall keeps its length, in which
    // they are.
    //
    // Steal of a stall is at most at_least_ns, and what the counter grew from its `before` to the settled value. Stalls
    // that overlap may each claim all of that. Of those that do not, a later one's `before` divides it; but the counter
    // lags, so that growth behind that `before` which the later ones cannot have used up is the earlier one's. Steal
    // after the stall has made beats late: their lateness is taken off.
    void settle(const settled& at);

    // The machine slept between two looks at the clocks (CLOCK_BOOTTIME - CLOCK_MONOTONIC grew), both CLOCK_MONOTONIC.
    void suspended(std::uint64_t from_ns, std::uint64_t to_ns);

    // Stalls that ended more than patience_ns before now_ns pass, their steal unknown; open ones that waited and are
    // stalls by now pass as they were looked at.
    void release(std::uint64_t now_ns);
    void release_all();

    // The decisions since the last call.
    std::vector<decision> take();

private:
    struct held_stall {
        stall one;
        before last;
    };

    [[nodiscard]] bool slept(const stall& one) const;
    [[nodiscard]] std::uint64_t away_in(int cpu, std::uint64_t start_ns, std::uint64_t end_ns) const;
    [[nodiscard]] std::uint64_t away_of(const stall& one) const;
    [[nodiscard]] bool is_none(const stall& one, std::uint64_t taken_ns) const;
    void add_open(stall one);
    void look_at_open(std::uint64_t now_ns);
    void decide(stall one, bool has_hole);
    void pass(stall one) { decide(std::move(one), false); }

    std::map<stall_kind, std::uint64_t> thresholds_;
    std::map<int, std::deque<held_stall>> held_; // by CPU, in the order of end_ns
    std::deque<stretch> sleeps_;
    std::map<int, std::deque<stretch>> aways_; // by CPU
    std::vector<stall> open_;                  // that wait
    std::vector<decision> decided_;
};

} // namespace irqscope::model

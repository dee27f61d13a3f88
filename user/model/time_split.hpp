// SPDX-License-Identifier: BSD-2-Clause
// Where each CPU's time went, from the edges that the kernel side charges and not from ticks.
#pragma once

#include "model/breakdown.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace irqscope::model {

// What a CPU's edges have added up to, as it was read.
struct part_totals {
    std::array<std::uint64_t, all_parts.size()> ns{}; // by part, since the CPU's first edge; steal: seen as away
    std::uint64_t at_ns = 0;                          // up to then (CLOCK_MONOTONIC); 0: no edge has come
    part current = part::unexplained;                 // what runs since
    std::optional<std::uint64_t> steal_ns;            // since the CPU's first heartbeat; nothing: not known

    [[nodiscard]] bool seen() const { return at_ns != 0; }
    // When the first edge came. It never changes, so that a reading between two writes shows.
    [[nodiscard]] std::uint64_t first_ns() const;
    // What runs has gone on until then.
    void extend(std::uint64_t until_ns);
};

using totals_by_cpu = std::map<int, part_totals>;

// Totals are written while they are read. Takes readings until each CPU has one that fits: its first edge is the one
// that is known already, or the same in two readings one after the other.
class settled_totals {
public:
    explicit settled_totals(totals_by_cpu known) : known_(std::move(known)) {}

    // Another reading of all CPUs. True: no CPU needs one more.
    bool take(const totals_by_cpu& reading);
    // Of a CPU that never fitted the last reading.
    [[nodiscard]] const totals_by_cpu& totals() const { return taken_; }

private:
    totals_by_cpu known_;
    totals_by_cpu taken_;
    std::map<int, bool> fits_;
};

// What /proc/stat has grown by on a CPU.
struct tick_growth {
    std::uint64_t user = 0; // nice ones among them
    std::uint64_t system = 0;
    std::uint64_t steal_ns = 0;
};

enum class steal_source {
    unknown,   // nobody could tell; the part steal is empty
    away,      // nobody counted it: the part is what was seen of it in the middle of timer interrupts
    runqueue,  // the scheduler's own count, in nanoseconds
    proc_stat, // /proc/stat's, in steps of a tick
};

std::string_view name_of(steal_source which); // "away", "runqueue", "proc_stat"; empty: unknown

struct time_split {
    int cpu = 0;
    breakdown where; // in sum exactly its window
    steal_source steal = steal_source::unknown;
    // Of where.at(part::task), in the ratio of /proc/stat's ticks; nothing: not one of them came.
    std::optional<std::uint64_t> user_ns;
    std::uint64_t ticks = 0; // of user and system, that the ratio is from

    [[nodiscard]] std::optional<std::uint64_t> system_ns() const;
};

struct time_splits {
    std::vector<time_split> cpus; // ascending
    std::vector<int> absent;      // watched and online, and not one event, or not long enough to tell

    // Those of a time that began later: each CPU's become one. Its window ends so long after its start as both are
    // together, whatever was between them.
    void join(const time_splits& later);
};

// Between two readings of a CPU. Nothing where there is no time between them. Time that is in no total (a reading that
// never fitted) is unexplained; what a later reading took back is taken from the largest part: none is ever negative.
std::optional<breakdown> between(const part_totals& from, const part_totals& to);

// The same with steal, and the task part split. Before the CPU's first edge `from` is empty.
std::optional<time_split> split_of(int cpu, const part_totals& from, const part_totals& to,
                                   const std::optional<tick_growth>& ticks);

// All CPUs as one: the parts in sum. Its window is as long as theirs together, and begins at 0. Its steal is from the
// coarsest source of theirs, and unknown if one CPU's is.
time_split sum_of(const std::vector<time_split>& splits);

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
// Which stalls belong together, and how much time was stalled: by CPU and by culprit, each nanosecond once.
#pragma once

#include "model/stalls_report.hpp"
#include "model/stretches.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::model {

struct incidents_summary {
    std::map<int, cpu_incidents> cpus; // those with incidents
    std::vector<culprit> culprits;     // the most stalled time first
    std::vector<stall> open;           // those without their end, by CPU and start
};

// Stalls of one CPU whose [start_ns, end_ns] overlap or touch are parts of one incident. They come in the order of
// their ends (or of their detection while open), so that a long one can cover incidents that were told before: it joins
// the one that was told first, the others become part of it. Numbers ascend from 1; one that was given out stays given
// out and is not used again. An incident that begins with a stall of a recording has the number that this was told with.
//
// An open stall goes on until its ended one (same CPU, kind, `of` and start_ns) or over() comes: whatever else comes in
// the meantime is part of its incident. The two are one stall with one culprit, that of the open one: it was looked at
// while it was going on. Of an activation it is that of the end: then it is known who had most of all its time.
//
// Memory is bounded: what ended fold_after_ns before the newest end on its CPU, and what exceeds the numbers below, is
// kept as totals only. A later stall that began before that joins what is still known, or begins an incident; the
// time that it shares with what was folded counts twice.
class incidents {
public:
    static constexpr std::uint64_t fold_after_ns = 120'000'000'000;
    static constexpr std::size_t most_incidents = 4096;        // known one by one, of a CPU
    static constexpr std::size_t most_culprit_stretches = 256; // known one by one, of a culprit on a CPU
    static constexpr std::size_t most_culprits = 1024;         // those that come later are one group:
    static constexpr const char* other_culprits = "other";
    static constexpr std::size_t most_open = 256; // of a CPU; beyond that the oldest counts as over

    // Gives one its incident's number, and counts it.
    void add(stall& one);

    // The ended record of a stall that was told while open has come, whatever becomes of it: from now on nothing is
    // part of its incident for its sake. If it is kept, add() it as well; if it is set aside, what was told of it while
    // it was open remains counted. True: it was told while open.
    bool over(const stall& ended);

    // What is open now still goes on at now_ns. Before the summary at the end of a run: an open stall is told once, as
    // soon as it is too old, and would count as that long.
    void look(std::uint64_t now_ns);

    [[nodiscard]] incidents_summary summary() const;
    void report(stalls_report& to) const; // the same, there, and what was added by kind

private:
    struct open_stall {
        stall one;                        // as told first; the end and the length as looked at last
        std::optional<std::string> group; // nothing: its end tells, and till then it is counted in none
        bool over = false;                // its ended one may still come: it is being settled
    };
    struct cpu_state {
        stretches all{most_incidents};
        std::vector<open_stall> open; // in the order in which they came
        std::uint64_t newest_end_ns = 0;
    };
    struct group {
        std::uint64_t stalls = 0;
        std::optional<stall> longest; // without those in cpu_state::open
        std::map<int, stretches> cpus;
    };

    static std::vector<open_stall>::iterator find_open(cpu_state& cpu, const stall& one);
    std::string group_of(const stall& one);
    std::uint64_t count(cpu_state& cpu, const std::optional<std::string>& group_name, const stall& one);
    void count_in_group(const cpu_state& cpu, const std::string& group_name, const stall& one);
    void keep(const cpu_state& cpu, const open_stall& open); // as it is, in its group
    void open_comes(cpu_state& cpu, stall& one);
    void end_comes(cpu_state& cpu, std::vector<open_stall>::iterator open, stall& one);
    static std::uint64_t horizon_of(const cpu_state& cpu);
    [[nodiscard]] incidents_summary all_counted() const;
    void keep_longest(const std::string& group_name, const stall& one);

    std::uint64_t next_number_ = 1;
    std::map<int, cpu_state> cpus_;
    std::map<std::string, group> groups_; // by culprit_of()
    stall_totals totals_;
};

} // namespace irqscope::model

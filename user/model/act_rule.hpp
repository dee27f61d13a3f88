// SPDX-License-Identifier: BSD-2-Clause
// For which stalls the user's command is run: once for each incident, and once for each step of a countdown to a lockup.
#pragma once

#include "model/stall.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace irqscope::model {

enum class act_verdict {
    none,    // of no wanted kind, or of an incident that had its turn
    run,     // now
    waits,   // a step to a lockup: when what runs is over, unless the next step comes before
    running, // skipped: it is running
    too_soon // skipped: it ran a moment ago
};

class act_rule {
public:
    struct plan {
        std::set<stall_kind> kinds;    // the first stall of one of these is the incident's turn, whatever becomes of it
        std::uint64_t interval_ns = 0; // from one start to the next, at least; a countdown does not wait for it
    };
    explicit act_rule(plan of) : plan_(std::move(of)) {}

    // In the order in which they are told. now_ns: CLOCK_MONOTONIC, ascending.
    act_verdict told(const stall& one, std::uint64_t now_ns);
    // The command that was run last is over, or has not begun at all. What is to be run for now; nothing: for none.
    std::optional<stall> over(std::uint64_t now_ns);
    // Nothing more is run: what waits is skipped.
    void end();
    [[nodiscard]] bool is_running() const { return is_running_; }

    // So many turns were skipped so far for that reason.
    [[nodiscard]] std::uint64_t skipped(act_verdict why) const;

private:
    static constexpr std::size_t most_known = 1024; // incidents; those that were first are forgotten
    bool is_turn(const stall& one);

    plan plan_;
    std::deque<std::uint64_t> had_; // incidents
    std::optional<std::uint64_t> last_run_ns_;
    bool is_running_ = false;
    std::optional<stall> waiting_;
    std::map<act_verdict, std::uint64_t> skipped_;
};

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
// Which stalls become a line of the kernel log: one for each incident, when it is known how long its first stall was or that
// it goes on, and one for each step of a countdown to a lockup and for its end.
#pragma once

#include "model/stall.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace irqscope::model {

class log_rule {
public:
    static constexpr std::uint64_t patience_ns = 1'000'000'000; // with a stall that goes on
    // In any such time no more lines than that, and fewer for incidents, so that a countdown finds room. The kernel itself lets
    // 10 lines in 5 s pass for each open /dev/kmsg, and says nothing of what it drops (kernel/printk/printk.c, devkmsg_write).
    static constexpr std::uint64_t window_ns = 5'000'000'000;
    static constexpr std::size_t most_lines = 9;
    static constexpr std::size_t most_incidents = 5; // of those

    struct line {
        stall of;
        std::uint64_t left_out = 0; // lines, since the one before
    };

    // In the order in which they are told.
    void told(const stall& one);
    // The lines that are due. now_ns: CLOCK_MONOTONIC, ascending.
    std::vector<line> take(std::uint64_t now_ns);
    // The same at the end: nothing more will come.
    std::vector<line> take_rest(std::uint64_t now_ns);

    [[nodiscard]] std::uint64_t left_out() const { return left_out_; } // so far

private:
    static constexpr std::size_t most_known = 1024;
    void write(const stall& one, std::uint64_t now_ns, std::vector<line>& to);

    std::deque<stall> ready_;
    std::deque<stall> open_;        // the first of their incidents, going on
    std::deque<std::uint64_t> had_; // incidents that have their line, or have it coming
    std::deque<std::uint64_t> written_ns_;
    std::uint64_t left_out_ = 0;
    std::uint64_t told_left_out_ = 0; // of those, that a line has told of
};

} // namespace irqscope::model

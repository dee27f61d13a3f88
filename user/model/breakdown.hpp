// SPDX-License-Identifier: BSD-2-Clause
// What a CPU did in a stretch of time, each nanosecond of it one thing: that which was innermost.
#pragma once

#include "model/top.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace irqscope::model {

enum class part {
    hardirq,   // device interrupt handlers; the kernel's own entry and exit glue is charged to whom they interrupt
    sysvec,    // system vectors that have a tracepoint
    softirq,   // softirqs at the end of an interrupt or in a task's bh_enable
    ksoftirqd, // ksoftirqd (and ktimers), with the softirqs of its own run
    task,      // all other tasks, in the kernel and in user space
    idle,      // the idle task
    steal,     // taken by the hypervisor, or firmware. Its own count is subtracted from the part that ran longest; what
               // was seen to be away in the middle of a timer interrupt, from that
    unexplained, // begins and ends that went unseen: nobody knows whose it was
};

inline constexpr std::array all_parts{part::hardirq, part::sysvec, part::softirq, part::ksoftirqd,
                                      part::task,    part::idle,   part::steal,   part::unexplained};

std::string_view name_of(part which);

struct breakdown {
    std::uint64_t start_ns = 0; // CLOCK_MONOTONIC
    std::uint64_t end_ns = 0;
    std::array<std::uint64_t, all_parts.size()> ns{}; // by part; in sum end_ns - start_ns
    std::optional<tops> most;                         // nothing: no flight recorder. Steal is not taken from them

    [[nodiscard]] std::uint64_t& at(part which) { return ns.at(static_cast<std::size_t>(which)); }
    [[nodiscard]] std::uint64_t at(part which) const { return ns.at(static_cast<std::size_t>(which)); }
    [[nodiscard]] std::uint64_t length_ns() const { return end_ns - start_ns; }

    // So much of it was stolen, what is known as such already among it: the rest, at most what the longest of the other
    // parts has, is taken from that.
    void take_steal(std::uint64_t stolen_ns);
};

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
// What a CPU ran in a stretch of time, span by span, and who had how much of it.
#pragma once

#include "model/breakdown.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::model {

// From the innermost to the outermost, as they can interrupt each other; interrupts may nest among themselves.
enum class flight_kind : std::uint8_t { hardirq, sysvec, softirq, softirq_of_ksoftirqd, task, ksoftirqd, idle };

constexpr bool is_interrupt(flight_kind kind) { return kind <= flight_kind::sysvec; }
constexpr bool is_softirq(flight_kind kind) {
    return kind == flight_kind::softirq || kind == flight_kind::softirq_of_ksoftirqd;
}
// 2: interrupts; 1: softirqs; 0: tasks.
constexpr int level_of(flight_kind kind) { return is_interrupt(kind) ? 2 : is_softirq(kind) ? 1 : 0; }

part part_of(flight_kind kind);
std::string_view name_of(flight_kind kind); // as its part; softirqs of ksoftirqd's run are softirqs

struct flight_span {
    std::uint64_t start_ns = 0; // CLOCK_MONOTONIC; 0: before all that is known
    std::uint64_t end_ns = 0;
    flight_kind kind = flight_kind::task;
    bool open = false; // it had not ended when that was looked at, and end_ns is that moment
    // of tasks
    std::uint8_t policy = 0;
    std::int16_t prio = 0;
    std::uint32_t number = 0; // a task's pid; of the others what stands for it on this CPU
    std::array<char, 16> comm{};
};

std::string comm_of(const flight_span& task);

// Spans that ended in (from_ns, to_ns] and are missing. Both counts 0: they were read, so many that they are not kept.
struct flight_lost {
    std::uint64_t from_ns = 0;
    std::uint64_t to_ns = 0;
    std::uint64_t overwritten = 0; // before they could be read
    std::uint64_t torn = 0;        // while they were read
};

struct flight {
    std::uint64_t start_ns = 0;
    std::uint64_t end_ns = 0;
    std::vector<flight_span> spans; // those that overlap it, whole, in no order
    std::vector<flight_lost> lost;  // those that may have
    bool whole = false;             // nothing else ended in it
};

struct flight_share {
    flight_span of; // one of them
    std::uint64_t ns = 0;
    std::uint64_t count = 0;
};

struct flight_shares {
    std::array<std::uint64_t, all_parts.size()> ns{}; // by part
    std::uint64_t unknown_ns = 0;                     // no span covers it
    // Who had most, by part; of ksoftirqd the softirqs that it served. Nothing: nobody was there.
    std::array<std::optional<flight_share>, all_parts.size()> most;

    [[nodiscard]] std::uint64_t at(part which) const { return ns.at(static_cast<std::size_t>(which)); }
    [[nodiscard]] const std::optional<flight_share>& most_of(part which) const {
        return most.at(static_cast<std::size_t>(which));
    }
};

// Charges each nanosecond of the stretch to the innermost span that is there.
flight_shares share(const flight& of);

} // namespace irqscope::model

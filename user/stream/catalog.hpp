// SPDX-License-Identifier: BSD-2-Clause
// What a histogram's number (bpf/wire.h, enum wire_histogram_index) on a CPU stands for.
#pragma once

#include "model/series.hpp"
#include "wire.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::stream {

// The kernel's tracepoint names without _entry; "?" for a number that is none.
std::string_view sysvec_name(std::uint32_t sysvec);
std::string_view context_name(std::uint32_t context);
std::string_view vector_name(std::uint32_t vector);

// A name of a record's: the bytes up to the first 0, or all of them.
template <std::size_t n>
std::string text_of(const char (&name)[n]) { // NOLINT(*-c-arrays)
    return {static_cast<const char*>(name), strnlen(static_cast<const char*>(name), n)};
}

class catalog {
public:
    // The slots that a CPU has claimed so far, in their order.
    void set_slots(int cpu, std::vector<wire_irq_slot> slots);

    // Empty for a number that stands for nothing (yet).
    [[nodiscard]] std::optional<model::series_id> series(int cpu, std::uint32_t index) const;
    // The same; a slot that was claimed just now, and is not known yet, is a device interrupt "?".
    [[nodiscard]] model::series_id named(int cpu, std::uint32_t index) const;

    [[nodiscard]] model::series_id softirq_run(std::uint32_t vector, std::uint32_t context) const;
    [[nodiscard]] model::series_id softirq_latency(std::uint32_t vector) const;
    [[nodiscard]] model::series_id sysvec_run(std::uint32_t sysvec) const;
    // By IRQ number: the name of its first action there, when one is known.
    [[nodiscard]] model::series_id hardirq_run(int cpu, std::uint32_t irq) const;
    // The histogram of that; WIRE_HIST_HARDIRQ_OTHER: none is known.
    [[nodiscard]] std::uint32_t hardirq_index(int cpu, std::uint32_t irq) const;

private:
    std::map<int, std::vector<wire_irq_slot>> slots_;
};

} // namespace irqscope::stream

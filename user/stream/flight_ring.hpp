// SPDX-License-Identifier: BSD-2-Clause
// One ring of a CPU's flight recorder, in memory that the CPU writes while it is read.
#pragma once

#include "wire.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace irqscope::stream {

class flight_ring {
public:
    // Spans that are missing in front of that place in what was read.
    struct loss {
        std::size_t before = 0;
        std::uint64_t overwritten = 0; // before they could be read
        std::uint64_t torn = 0;        // while they were read, or senseless
    };

    // entries: a power of two and at least two; they outlive this.
    explicit flight_ring(std::span<const wire_flight> entries) : entries_(entries) {}

    // Appends what came since the last call, in its order. Ends though the CPU writes on: what comes meanwhile may be in
    // it or not.
    void read(std::vector<wire_flight>& to, std::vector<loss>& lost);

private:
    [[nodiscard]] const wire_flight& at(std::uint64_t number) const { return entries_[number & (entries_.size() - 1)]; }
    static void note(std::vector<loss>& lost, std::size_t before, std::uint64_t overwritten, std::uint64_t torn);

    std::span<const wire_flight> entries_;
    std::uint64_t next_ = 0; // number, less one, of the span to read next
};

} // namespace irqscope::stream

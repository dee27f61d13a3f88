// SPDX-License-Identifier: BSD-2-Clause
// The last seconds of what is recorded, packed and in memory, until something makes them worth a file. Whole intervals of
// it, so that what a file has of spans is what its intervals count.
#pragma once

#include "recording/file_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace irqscope::recording {

class last_seconds {
public:
    // At least length_ns of it, unless that needs more than most_bytes.
    last_seconds(std::uint64_t length_ns, std::size_t most_bytes) : length_ns_(length_ns), most_bytes_(most_bytes) {}

    // In the order of the file: what is of an interval, its interval, and what is untold then. Not what names series.
    void add(packed_chunk one);

    // What is there, the oldest first; nothing is kept any more. What comes next still belongs to the interval that has begun.
    std::vector<packed_chunk> take();

    // What is untold and was written without being kept here.
    void set_untold(packed_chunk one) { untold_ = std::move(one); }
    // What was untold when the oldest interval that is there began.
    [[nodiscard]] const std::optional<packed_chunk>& untold_before() const { return untold_; }
    // Intervals that went before their time for want of memory.
    [[nodiscard]] std::uint64_t crowded_out() const { return crowded_out_; }
    // The interval that has begun has lost spans for want of memory: the rest of them and it itself are not to be written.
    [[nodiscard]] bool is_holed() const { return holed_; }

private:
    struct interval {
        std::vector<packed_chunk> chunks;
        std::size_t bytes = 0;
        std::uint64_t end_ns = 0; // 0: its chunk has not come
    };
    void drop_oldest();
    void make_room();

    std::uint64_t length_ns_;
    std::size_t most_bytes_;
    std::deque<interval> intervals_;
    std::size_t bytes_ = 0;
    std::optional<packed_chunk> untold_;
    std::uint64_t crowded_out_ = 0;
    bool holed_ = false;
};

} // namespace irqscope::recording

// SPDX-License-Identifier: BSD-2-Clause
// The union of intervals of time: each nanosecond once. Old ones are folded into totals, so that it stays small.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace irqscope::model {

// All times in ns of one clock. A stretch is a run of time that intervals cover without a hole; two that touch are one.
class stretches {
public:
    // At most `most` stretches are known one by one; beyond that the oldest is folded.
    explicit stretches(std::size_t most) : most_(most) {}

    // Adds [start_ns, end_ns] and returns the number of the stretch that it is part of: the lowest of those that it
    // joins, which become one, or `number` if it begins a new one.
    std::uint64_t add(std::uint64_t start_ns, std::uint64_t end_ns, std::uint64_t number = 0);

    // Stretches that ended before before_ns are only totals from now on: what comes to overlap them is counted again.
    void fold(std::uint64_t before_ns);

    [[nodiscard]] std::uint64_t count() const { return folded_.count + known_.size(); }
    [[nodiscard]] std::size_t known() const { return known_.size(); }
    [[nodiscard]] std::uint64_t total_ns() const;
    [[nodiscard]] std::uint64_t longest_ns() const;

private:
    struct stretch {
        std::uint64_t end_ns = 0;
        std::uint64_t number = 0;
    };
    struct totals {
        std::uint64_t count = 0;
        std::uint64_t total_ns = 0;
        std::uint64_t longest_ns = 0;
    };

    void fold_oldest();

    std::size_t most_;
    std::map<std::uint64_t, stretch> known_; // by start; apart from each other
    totals folded_;
};

} // namespace irqscope::model

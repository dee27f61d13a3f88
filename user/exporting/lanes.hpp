// SPDX-License-Identifier: BSD-2-Clause
// Slices that may overlap, on as many tracks as overlap at once: on each they follow one another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace irqscope::exporting {

class lanes {
public:
    // A slice that is told out of order finds no room on a lane that is past it: without a bound, each would take one.
    static constexpr std::size_t most = 256;

    // The lane for it, from 0 on; the first time that of one more. Nothing: there are too many. start_ns <= end_ns.
    std::optional<std::size_t> place(std::uint64_t start_ns, std::uint64_t end_ns) {
        std::size_t lane = 0;
        while (lane < ends_ns_.size() && ends_ns_[lane] > start_ns) lane++;
        if (lane == most) return {};
        if (lane == ends_ns_.size()) ends_ns_.push_back(0);
        ends_ns_[lane] = end_ns;
        return lane;
    }

private:
    std::vector<std::uint64_t> ends_ns_;
};

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
// When the events of a perf session are to be on: around each incident.
#pragma once

#include "model/stall.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace irqscope::model {

class steer_rule {
public:
    // window_ns: so long after the last that was told of a stall they stay on.
    explicit steer_rule(std::uint64_t window_ns) : window_ns_(window_ns) {}

    // now_ns: CLOCK_MONOTONIC.
    void told(const stall& one, std::uint64_t now_ns);
    void over(const stall& one, std::uint64_t now_ns);
    // Whether they are to be on now: a stall goes on, or one was told within the window, or later than this now.
    [[nodiscard]] bool is_on(std::uint64_t now_ns) const;

private:
    static constexpr std::size_t most_open = 256; // beyond that the oldest counts as over

    std::uint64_t window_ns_;
    std::optional<std::uint64_t> last_ns_;
    std::vector<stall> open_;
};

} // namespace irqscope::model

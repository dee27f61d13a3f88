// SPDX-License-Identifier: BSD-2-Clause
// What ran around a stall, for reading: in the order of time, with what interrupted what.
#pragma once

#include "model/flight.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::model {

struct around_span {
    flight_span span;
    unsigned depth = 0;          // how many others of these it interrupted
    std::optional<series_id> of; // a name for it; of a task none
};

struct around {
    std::uint64_t start_ns = 0; // the stretch that was asked for, CLOCK_MONOTONIC
    std::uint64_t end_ns = 0;
    std::vector<around_span> spans; // by start_ns
    std::size_t hidden = 0;         // spans that are left out in the middle,
    std::size_t hidden_at = 0;      // before that one of `spans`
    std::vector<flight_lost> lost;  // by from_ns
};

// The first and the last `most` spans of it.
around lay_out(const flight& of, std::size_t most);

} // namespace irqscope::model

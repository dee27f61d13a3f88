// SPDX-License-Identifier: BSD-2-Clause
// Who had most of each part of a breakdown.
#pragma once

#include "model/series.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace irqscope::model {

struct top {
    series_id of; // a run
    std::uint64_t ns = 0;
    std::uint64_t count = 0; // spans of it that were there, at least in part
};

struct top_task {
    task who;
    scheduling how;
    std::uint64_t ns = 0;
    std::uint64_t count = 0; // stretches
};

// Each of the part of that name; nothing: nobody was there, or it is not known.
struct tops {
    std::optional<top> hardirq;
    std::optional<top> sysvec;
    std::optional<top> softirq;
    std::optional<top> ksoftirqd; // the vector that ksoftirqd served most
    std::optional<top_task> task;
    bool complete = false;  // every span of the time is known; else what is said of them is the least
    std::uint64_t lost = 0; // spans that were overwritten before they could be read, or while
};

} // namespace irqscope::model

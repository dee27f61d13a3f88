// SPDX-License-Identifier: BSD-2-Clause
// How far a CPU has come on its way to a soft lockup.
#pragma once

#include "model/series.hpp"

#include <cstdint>
#include <optional>

namespace irqscope::model {

// The kernel tells a soft lockup at the first sample of its watchdog at which its count is above its threshold
// (kernel/watchdog.c, watchdog_timer_fn): within one period more.
struct lockup_count {
    unsigned percent = 0;           // of the threshold, the step that was reached: 25, 50 or 75
    std::uint64_t count_ns = 0;     // what counts: the wait, and with a watchdog one period of it more, at most
    std::uint64_t threshold_ns = 0; // 2 * kernel.watchdog_thresh, or what was asked for
    bool by_watchdog = false;       // its stopper, migration/N, waits. False: no watchdog looks, and another task waits
    std::optional<series_id> softirq; // that was open then
    std::uint64_t softirq_ns = 0;     // for so long
};

} // namespace irqscope::model

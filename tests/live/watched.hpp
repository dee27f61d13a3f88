// SPDX-License-Identifier: BSD-2-Clause
// The tracer as `irqscope stalls` runs it, in the test's own process: what it told, beside the truth that was injected.
#pragma once

#include "model/injection.hpp"
#include "probe/measurement.hpp"
#include "stream/stall_flow.hpp"
#include "symbols/live_symbols.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace irqscope::live {

using thresholds = std::map<model::stall_kind, std::uint64_t>;

// 1 ms for each kind: below the shortest injection of 2 ms by a beat's period.
thresholds low_thresholds();
// Those of `irqscope stalls` without options.
thresholds default_thresholds();

// other_task: as where there is no watchdog.
enum class lockups_by { watchdog, other_task };

class watched {
public:
    explicit watched(const thresholds& above, std::uint64_t beat_ns = 1'000'000,
                     std::uint32_t flight_spans = WIRE_FLIGHT_SPANS, lockups_by by = lockups_by::watchdog);

    // Takes what was told so far; call it every now and then, or the rings fill.
    void look();
    // The same until everything that ended up to now has been told: some 300 ms.
    void settle();

    // Told so far and not set aside, in their order.
    [[nodiscard]] const std::vector<model::stall>& told() const { return told_; }
    void forget() { told_.clear(); }

    // Those on that CPU that overlap the truth.
    [[nodiscard]] std::vector<model::stall> at(const model::truth& truth) const;

    // Ends it: what is left, and the report. Nothing may be called afterwards.
    model::stalls_report finish();

    [[nodiscard]] probe::measurement& measurement() { return running_; }
    [[nodiscard]] const symbols::live_symbols& symbols() const { return symbols_; }

private:
    void take();

    probe::measurement running_;
    symbols::live_symbols symbols_;
    stream::flight_recorder recorder_;
    stream::stall_flow flow_;
    std::vector<model::stall> told_;
};

// The kernel's unwinder got no further than a retpoline's thunk (docs/STALLS.md): of this stack nothing can be asked.
bool ends_in_a_thunk(const model::stall& one);

// One line, for a test's output.
std::string words_of(const model::stall& one);

void sleep_ms(int ms);

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// The watch over one measurement that tells stalls: takes what the rings bring, follows CPUs and clocks, tells stalls as they are
// known to be some, and sums up at the end.
#pragma once

#include "cli/turns.hpp"
#include "model/snapshot.hpp"
#include "probe/measurement.hpp"
#include "result.hpp"
#include "sink/stall_sink.hpp"
#include "stream/stall_flow.hpp"
#include "symbols/source.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace irqscope::cli {

struct watch_plan {
    std::optional<std::uint64_t> duration_ns;
    std::map<model::stall_kind, std::uint64_t> thresholds_ns;
    std::uint64_t around_ns = 0; // spans from before and after a stall that are shown with it; 0: none

    // What closes an interval of so many ns, and takes it; 0: there is one, the whole.
    std::uint64_t interval_ns = 0;
    // At each turn. True: the present interval ends now.
    std::function<bool()> closes;
    // untold: the asides and what was suppressed, since the start.
    std::function<void(model::snapshot&, const model::stalls_report& untold)> on_interval;
    // At each turn, behind what was told in it.
    std::function<void(std::uint64_t now_ns)> each_turn;
    // At each turn. True: this is the last one.
    std::function<bool(std::uint64_t now_ns)> is_over;
    // The programs go before the last count, so that it is final, which a CPU that is held holds up; else they stay.
    bool detach = false;
};

class watch {
public:
    // All of them live as long as the watch.
    watch(const watch_plan& todo, probe::measurement& running, symbols::source& symbols, sink::stall_sink& out,
          turns& when);

    // Until the time is over, the user ends it, or nobody reads any more.
    result<void> run();

private:
    result<std::optional<std::uint64_t>> turn(bool stopped);
    result<void> take_records();
    result<void> look();
    bool tell(std::uint64_t now_ns, bool rest);
    result<void> close_interval(bool last);
    result<void> finish();

    const watch_plan* todo_;
    probe::measurement* running_;
    sink::stall_sink* out_;
    turns* when_;
    stream::flight_recorder recorder_;
    stream::stall_flow flow_;
    std::optional<model::snapshot> whole_; // the intervals so far, without their histograms
    std::uint64_t boot_offset_ns_;
    std::uint64_t last_look_ns_;
    std::uint64_t end_ns_;
    std::uint64_t next_look_ns_;
    std::uint64_t next_refresh_ns_;
    std::uint64_t next_interval_ns_;
    bool read_ = true; // somebody still reads what we print
};

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// The time split of each interval: the totals of the kernel side and /proc/stat, now and the last time.
#pragma once

#include "host/proc_stat.hpp"
#include "model/time_split.hpp"
#include "probe/session.hpp"
#include "result.hpp"

#include <cstdint>
#include <vector>

namespace irqscope::probe {

class split_reader {
public:
    // The first interval begins. Fails (failed) with the system's reason; a /proc/stat that cannot be read is none.
    result<void> begin(const session& programs);
    // What the watched CPUs did since the last call; before the programs are detached, or the time after would count.
    result<model::time_splits> take(const session& programs, const std::vector<int>& watched);
    // Switches of tasks since the last call, on all CPUs.
    [[nodiscard]] std::uint64_t context_switches() const { return switches_; }

private:
    [[nodiscard]] result<model::totals_by_cpu> read(const session& programs) const;

    model::totals_by_cpu totals_; // of the CPUs that were online at the last reading
    host::proc_stat ticks_;
    std::uint64_t switches_ = 0;
};

// A state's totals, up to now_ns: the clock's before it was read, so that no edge that came later has been overlooked.
model::part_totals totals_of(const wire_cpu_state& from, std::uint64_t now_ns);

} // namespace irqscope::probe

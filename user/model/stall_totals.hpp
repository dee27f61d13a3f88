// SPDX-License-Identifier: BSD-2-Clause
// Where the time of all stalls of a kind went, and why ksoftirqd took so long.
#pragma once

#include "model/activation.hpp"
#include "model/breakdown.hpp"
#include "model/stall.hpp"

#include <array>
#include <cstdint>
#include <map>

namespace irqscope::model {

struct kind_total {
    std::uint64_t stalls = 0;      // that ended
    std::uint64_t broken_down = 0; // of those, the ones whose breakdown is known
    std::array<std::uint64_t, all_parts.size()>
        ns{}; // theirs, by part: over their windows, of which several may overlap

    [[nodiscard]] std::uint64_t at(part which) const { return ns.at(static_cast<std::size_t>(which)); }
    [[nodiscard]] std::uint64_t all_ns() const;
};

struct cause_total {
    std::uint64_t activations = 0;
    std::uint64_t total_ns = 0;
    std::uint64_t longest_ns = 0;
};

struct stall_totals {
    std::map<stall_kind, kind_total> kinds;
    std::map<cause, cause_total> causes; // of ksoftirqd's stalls

    void add(const stall& one); // an open one counts when it has ended
};

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "model/stall_totals.hpp"

#include <algorithm>
#include <numeric>

namespace irqscope::model {

std::uint64_t kind_total::all_ns() const { return std::accumulate(ns.begin(), ns.end(), std::uint64_t{0}); }

void stall_totals::add(const stall& one) {
    if (one.state != stall_state::ended) return;
    kind_total& to = kinds[one.kind];
    to.stalls++;
    if (!one.where) return;
    to.broken_down++;
    for (std::size_t i = 0; i < to.ns.size(); i++) to.ns.at(i) += one.where->ns.at(i);
    if (!one.activation) return;
    cause_total& why = causes[cause_of(*one.where)];
    why.activations++;
    why.total_ns += one.at_least_ns;
    why.longest_ns = std::max(why.longest_ns, one.at_least_ns);
}

} // namespace irqscope::model

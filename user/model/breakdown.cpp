// SPDX-License-Identifier: BSD-2-Clause
#include "model/breakdown.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::model {

std::string_view name_of(part which) {
    switch (which) {
    case part::hardirq: return "hardirq";
    case part::sysvec: return "sysvec";
    case part::softirq: return "softirq";
    case part::ksoftirqd: return "ksoftirqd";
    case part::task: return "task";
    case part::idle: return "idle";
    case part::steal: return "steal";
    case part::unexplained: return "unexplained";
    }
    return "?";
}

void breakdown::take_steal(std::uint64_t stolen_ns) {
    const std::uint64_t known_ns = std::exchange(at(part::steal), 0);
    std::uint64_t& longest = *std::max_element(ns.begin(), ns.end());
    const std::uint64_t taken_ns = std::min(stolen_ns > known_ns ? stolen_ns - known_ns : 0, longest);
    longest -= taken_ns;
    at(part::steal) = known_ns + taken_ns;
}

} // namespace irqscope::model

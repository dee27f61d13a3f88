// SPDX-License-Identifier: BSD-2-Clause
#include "model/lost.hpp"

#include <algorithm>

namespace irqscope::model {

bool lost::nothing() const {
    const auto none = [](const auto& entry) { return entry.second == 0; };
    return std::all_of(counts.begin(), counts.end(), none) &&
           std::all_of(recursion_misses.begin(), recursion_misses.end(), none) && cpus_gone.empty() &&
           cpus_come.empty();
}

void lost::merge(const lost& other) {
    for (const auto& [kind, count] : other.counts) counts[kind] += count;
    for (const auto& [program, count] : other.recursion_misses) recursion_misses[program] += count;
    cpus_gone.insert(cpus_gone.end(), other.cpus_gone.begin(), other.cpus_gone.end());
    cpus_come.insert(cpus_come.end(), other.cpus_come.begin(), other.cpus_come.end());
}

} // namespace irqscope::model

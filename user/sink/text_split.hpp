// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "model/snapshot.hpp"

#include <cstddef>
#include <string>

namespace irqscope::sink {

// Where each CPU's time went, in percent: the CPUs with the most interrupt and softirq time first, `top` of them, and all
// together. Begins with an empty line; empty if nobody asked for it.
std::string split_table(const model::snapshot& snapshot, std::size_t top);

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
// Which device interrupt was served on which CPU.
#pragma once

#include "model/machine.hpp"
#include "model/snapshot.hpp"

#include <string>
#include <vector>

namespace irqscope::sink {

// A row for each device interrupt with how often it came on the CPUs that had most of them, and where it may be served, as it
// was known when the recording began. Empty without device interrupts.
std::string irq_matrix(const model::snapshot& from, const std::vector<model::irq_route>& routes);

} // namespace irqscope::sink

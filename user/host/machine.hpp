// SPDX-License-Identifier: BSD-2-Clause
// What a recording says of the machine: which CPUs belong together, and which interrupts may go where.
#pragma once

#include "model/machine.hpp"

#include <vector>

namespace irqscope::host {

// Of the CPUs that are online, from /sys/devices/system/cpu; what it does not tell is -1.
std::vector<model::cpu_place> read_topology();

// Every device interrupt of /proc/irq that has an action, ascending.
std::vector<model::irq_route> read_irq_routes();

} // namespace irqscope::host

// SPDX-License-Identifier: BSD-2-Clause
// System vectors that no tracepoint shows: known only by their counts in /proc/interrupts.
#pragma once

#include "host/proc_counts.hpp"
#include "probe/kernel.hpp"

#include <string>
#include <vector>

namespace irqscope::probe {

// Labels of the rows in /proc/interrupts that are interrupts of the CPU's own, and that the kernel has no tracepoint
// for (arch/x86/kernel/irq.c, arch_show_interrupts). TLB, RTR, MCP and PMI are left out: they count what other rows or
// no interrupts at all are.
std::vector<std::string> untraced_labels(const kernel& on, const host::proc_counts& interrupts);

} // namespace irqscope::probe

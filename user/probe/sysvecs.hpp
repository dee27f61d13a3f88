// SPDX-License-Identifier: BSD-2-Clause
// Which of the kernel's tracepoints tell of a sysvec, and where /proc/interrupts counts it: a tracepoint for each
// (arch/x86/include/asm/trace/irq_vectors.h), or one for all interprocessor interrupts, by a text
// (include/trace/events/ipi.h; arch/arm64/kernel/smp.c, ipi_types). Both have the text in /proc/interrupts.
#pragma once

#include "host/proc_counts.hpp"
#include "probe/kernel.hpp"

#include <string>
#include <string_view>

namespace irqscope::probe {

// Interprocessor interrupts are told by ipi_entry. x86 kernels have its type too (since 6.4, kernel/smp.c) and never call it.
bool tells_ipis(const kernel& on);

// Whether runs of the sysvec, by stream::sysvec_name(), are seen there.
bool tells_sysvec(const kernel& on, std::string_view sysvec);

// The label of the row that counts it: "RES", or with one tracepoint for all "IPI0". Empty: there is none, or it is not known.
std::string row_of_sysvec(std::string_view sysvec, const host::proc_counts& interrupts);

// Whether a sysvec's runs are counted in that row, one by one.
bool is_sysvec_row(std::string_view label, const host::proc_counts& interrupts);

} // namespace irqscope::probe

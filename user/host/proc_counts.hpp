// SPDX-License-Identifier: BSD-2-Clause
// /proc/interrupts and /proc/softirqs: the kernel's own counts, per CPU.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::host {

struct proc_row {
    std::string label;                   // "24", "LOC", "NET_RX"
    std::map<int, std::uint64_t> by_cpu; // CPU number -> count
    std::string description;             // what stands behind the counts: chip, trigger, actions
    [[nodiscard]] std::uint64_t on(const std::vector<int>& cpus) const; // the sum over those CPUs
};

using proc_counts = std::map<std::string, proc_row>;

// Both files have a heading of CPU numbers (online ones in the one, possible ones in the other; with holes), then rows
// (kernel/irq/proc.c show_interrupts, fs/proc/softirqs.c). A row with fewer counts than CPUs (ERR, MIS) counts as CPU
// -1. Fails (failed) on a text without a heading.
result<proc_counts> parse_proc_counts(std::string_view text);

result<proc_counts> read_interrupts();
result<proc_counts> read_softirqs();

} // namespace irqscope::host

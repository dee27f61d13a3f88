// SPDX-License-Identifier: BSD-2-Clause
#include "probe/untraced.hpp"

#include "probe/sysvecs.hpp"

#include <array>

namespace irqscope::probe {

namespace {

struct row {
    const char* label;
    const char* tracepoint; // without _entry; nullptr: none in any kernel
};

constexpr std::array rows{
    row{"LOC", "local_timer"},  row{"RES", "reschedule"},     row{"CAL", "call_function_single"},
    row{"IWI", "irq_work"},     row{"SPU", "spurious_apic"},  row{"PLT", "x86_platform_ipi"},
    row{"TRM", "thermal_apic"}, row{"THR", "threshold_apic"}, row{"DFR", "deferred_error_apic"},
    row{"NMI", nullptr}, // nmi_handler tells its handlers' times; they are not taken out of spans yet
    row{"MCE", nullptr},        row{"HYP", nullptr},          row{"HRE", nullptr},
    row{"HVS", nullptr},        row{"PIN", nullptr},          row{"NPI", nullptr},
    row{"PIW", nullptr},        row{"PMN", nullptr},
};

} // namespace

std::vector<std::string> untraced_labels(const kernel& on, const host::proc_counts& interrupts) {
    std::vector<std::string> labels;
    for (const row& one : rows) {
        if (!interrupts.contains(one.label)) continue;
        if (one.tracepoint != nullptr && on.has_tracepoint(std::string(one.tracepoint) + "_entry")) continue;
        labels.emplace_back(one.label);
    }
    if (!tells_ipis(on))
        for (const auto& [label, row] : interrupts)
            if (label.starts_with("IPI")) labels.push_back(label); // arm64, arm
    return labels;
}

} // namespace irqscope::probe

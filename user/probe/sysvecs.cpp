// SPDX-License-Identifier: BSD-2-Clause
#include "probe/sysvecs.hpp"

#include <algorithm>
#include <array>

namespace irqscope::probe {

namespace {

struct row {
    std::string_view sysvec;
    const char* label;            // nullptr: not on x86
    std::string_view description; // of an interprocessor interrupt's row, what the tracepoint gives; empty: it is none
};

constexpr std::array rows{row{"local_timer", "LOC", ""},
                          row{"reschedule", "RES", "Rescheduling interrupts"},
                          row{"call_function", "CAL", "Function call interrupts"},
                          row{"call_function_single", "CAL", ""},
                          row{"irq_work", "IWI", "IRQ work interrupts"},
                          row{"timer_broadcast", nullptr, "Timer broadcast interrupts"}};

bool has_pair(const kernel& on, std::string_view name) {
    return on.has_tracepoint(std::string(name) + "_entry") && on.has_tracepoint(std::string(name) + "_exit");
}

} // namespace

bool tells_ipis(const kernel& on) { return has_pair(on, "ipi") && !has_pair(on, "reschedule"); }

bool tells_sysvec(const kernel& on, std::string_view sysvec) {
    if (has_pair(on, sysvec)) return true;
    const auto is_ipi = [sysvec](const row& one) { return one.sysvec == sysvec && !one.description.empty(); };
    return tells_ipis(on) && (sysvec == "other_ipi" || std::any_of(rows.begin(), rows.end(), is_ipi));
}

std::string row_of_sysvec(std::string_view sysvec, const host::proc_counts& interrupts) {
    const auto known =
        std::find_if(rows.begin(), rows.end(), [sysvec](const row& one) { return one.sysvec == sysvec; });
    if (known == rows.end()) return {};
    if (known->label != nullptr && interrupts.contains(known->label)) return known->label;
    for (const auto& [label, counts] : interrupts)
        if (!known->description.empty() && label.starts_with("IPI") && counts.description == known->description)
            return label;
    return {};
}

bool is_sysvec_row(std::string_view label, const host::proc_counts& interrupts) {
    return !label.empty() && std::any_of(rows.begin(), rows.end(), [&](const row& one) {
        return row_of_sysvec(one.sysvec, interrupts) == label;
    });
}

} // namespace irqscope::probe

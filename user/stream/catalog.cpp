// SPDX-License-Identifier: BSD-2-Clause
#include "stream/catalog.hpp"

#include <array>
#include <utility>

namespace irqscope::stream {

namespace {

template <std::size_t n>
std::string_view name_at(const std::array<std::string_view, n>& names, std::uint32_t index) {
    return index < n ? names[index] : std::string_view{"?"}; // NOLINT(*-constant-array-index)
}

constexpr std::array<std::string_view, WIRE_SYSVECS> sysvec_names{
    "local_timer",         "reschedule",      "call_function", "call_function_single", "irq_work",
    "x86_platform_ipi",    "spurious_apic",   "error_apic",    "thermal_apic",         "threshold_apic",
    "deferred_error_apic", "timer_broadcast", "other_ipi"};

constexpr std::array<std::string_view, WIRE_CONTEXTS> context_names{"unknown",   "irq_exit", "bh_enable",
                                                                    "ksoftirqd", "ktimers",  "inline"};

} // namespace

static_assert(model::vector_names.size() == WIRE_VECTORS);

std::string_view sysvec_name(std::uint32_t sysvec) { return name_at(sysvec_names, sysvec); }
std::string_view context_name(std::uint32_t context) { return name_at(context_names, context); }
std::string_view vector_name(std::uint32_t vector) { return name_at(model::vector_names, vector); }

void catalog::set_slots(int cpu, std::vector<wire_irq_slot> slots) { slots_[cpu] = std::move(slots); }

model::series_id catalog::softirq_run(std::uint32_t vector, std::uint32_t context) const {
    return {model::metric::softirq_run, std::string(vector_name(vector)), {}, std::string(context_name(context))};
}

model::series_id catalog::softirq_latency(std::uint32_t vector) const {
    return {model::metric::softirq_latency, std::string(vector_name(vector)), {}, {}};
}

model::series_id catalog::sysvec_run(std::uint32_t sysvec) const {
    return {model::metric::sysvec_run, std::string(sysvec_name(sysvec)), {}, {}};
}

model::series_id catalog::hardirq_run(int cpu, std::uint32_t irq) const {
    if (const auto found = slots_.find(cpu); found != slots_.end())
        for (const wire_irq_slot& slot : found->second)
            if (slot.irq == irq) return {model::metric::hardirq_run, text_of(slot.name), irq, {}};
    return {model::metric::hardirq_run, "?", irq, {}};
}

std::uint32_t catalog::hardirq_index(int cpu, std::uint32_t irq) const {
    if (const auto found = slots_.find(cpu); found != slots_.end())
        for (std::size_t slot = 0; slot < found->second.size(); slot++)
            if (found->second[slot].irq == irq) return WIRE_HIST_HARDIRQ_RUN + static_cast<std::uint32_t>(slot);
    return WIRE_HIST_HARDIRQ_OTHER;
}

std::optional<model::series_id> catalog::series(int cpu, std::uint32_t index) const {
    if (index < WIRE_HIST_SOFTIRQ_LATENCY) return softirq_run(index / WIRE_CONTEXTS, index % WIRE_CONTEXTS);
    if (index < WIRE_HIST_SYSVEC_RUN) return softirq_latency(index - WIRE_HIST_SOFTIRQ_LATENCY);
    if (index - WIRE_HIST_SYSVEC_RUN < WIRE_SYSVECS) return sysvec_run(index - WIRE_HIST_SYSVEC_RUN);
    if (index == WIRE_HIST_HARDIRQ_OTHER) return model::series_id{model::metric::hardirq_run, "other", {}, {}};
    if (index == WIRE_HIST_IRQ_OFF) return model::series_id{model::metric::irq_off, {}, {}, {}};
    if (index == WIRE_HIST_IDLE_EXIT) return model::series_id{model::metric::idle_exit, {}, {}, {}};
    if (index == WIRE_HIST_SOFTIRQ_OFF) return model::series_id{model::metric::softirq_off, {}, {}, {}};
    if (index >= WIRE_HIST_KSOFTIRQD_LATENCY && index < WIRE_HISTS) {
        const bool run = index >= WIRE_HIST_KSOFTIRQD_RUN;
        const std::uint32_t thread = index - (run ? WIRE_HIST_KSOFTIRQD_RUN : WIRE_HIST_KSOFTIRQD_LATENCY);
        return model::series_id{run ? model::metric::ksoftirqd_run : model::metric::ksoftirqd_latency,
                                thread == WIRE_THREAD_KTIMERS ? "ktimers" : "ksoftirqd",
                                {},
                                {}};
    }
    if (index < WIRE_HIST_HARDIRQ_RUN || index > WIRE_HIST_HARDIRQ_OTHER) return std::nullopt;
    const auto found = slots_.find(cpu);
    const std::size_t slot = index - WIRE_HIST_HARDIRQ_RUN;
    if (found == slots_.end() || slot >= found->second.size()) return std::nullopt;
    const wire_irq_slot& info = found->second[slot];
    return model::series_id{model::metric::hardirq_run, text_of(info.name), info.irq, {}};
}

model::series_id catalog::named(int cpu, std::uint32_t index) const {
    return series(cpu, index).value_or(model::series_id{model::metric::hardirq_run, "?", {}, {}});
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/stuck.hpp"

#include <algorithm>

namespace irqscope::probe {

namespace {

struct begun {
    model::series_id what;
    std::uint64_t start_ns;
};

std::optional<begun> open_there(int cpu, const wire_cpu_state& state, const stream::catalog& names) {
    if (state.depth > 0 && state.depth <= WIRE_INTERRUPT_DEPTH) {
        const wire_interrupt_frame& frame = state.interrupts[state.depth - 1]; // NOLINT(*-constant-array-index)
        return begun{frame.action != 0 ? names.hardirq_run(cpu, frame.key) : names.sysvec_run(frame.key),
                     frame.start_ns};
    }
    if (state.softirq.start_ns != 0)
        return begun{names.softirq_run(state.softirq.vector, state.softirq.context), state.softirq.start_ns};
    return std::nullopt;
}

} // namespace

std::vector<model::stall> find_stuck(const by_cpu<wire_cpu_state>& states, const std::vector<int>& beating,
                                     const stream::catalog& names, std::uint64_t now_ns) {
    std::vector<model::stall> found;
    for (const int cpu : beating) {
        const auto here = states.find(cpu);
        if (here == states.end() || here->second.beats.generation == 0) continue;
        const wire_cpu_state& state = here->second;
        if (now_ns < state.due_ns + stuck_after_ns) continue;
        model::stall stuck;
        stuck.kind = model::stall_kind::irq_off;
        stuck.state = model::stall_state::open;
        stuck.cpu = cpu;
        stuck.start_ns = state.due_ns;
        stuck.end_ns = now_ns;
        stuck.at_least_ns = now_ns - state.due_ns;
        if (const auto open = open_there(cpu, state, names)) {
            stuck.culprit = open->what;
            stuck.culprit_ns = now_ns - std::max<std::uint64_t>(open->start_ns, state.due_ns);
        }
        found.push_back(std::move(stuck));
    }
    return found;
}

} // namespace irqscope::probe

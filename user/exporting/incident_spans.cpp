// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/incident_spans.hpp"

#include <algorithm>

namespace irqscope::exporting {

// True: it had been told while it was open.
bool incident_spans::close(held& one, const model::stall& ended) {
    return std::erase_if(one.open, [&ended](const model::stall& open) { return model::is_same(open, ended); }) != 0;
}

void incident_spans::told(const model::stall& one) {
    if (one.incident == 0) return;
    of_cpu& cpu = cpus_[one.cpu];
    held& in = cpu.incidents[one.incident];
    in.span.number = one.incident;
    in.span.cpu = one.cpu;
    in.span.start_ns = std::min(in.span.start_ns, std::min(one.start_ns, one.end_ns));
    in.span.end_ns = std::max(in.span.end_ns, one.end_ns);
    if (one.at_least_ns >= in.span.longest_ns) {
        in.span.longest_ns = one.at_least_ns;
        in.span.longest = describe_(one);
    }
    if (!close(in, one)) in.span.stalls++;
    if (one.state == model::stall_state::open && in.open.size() < model::incidents::most_open) {
        model::stall& open = in.open.emplace_back();
        open.kind = one.kind;
        open.cpu = one.cpu;
        open.of = one.of;
        open.start_ns = one.start_ns;
    }
    cpu.newest_end_ns = std::max(cpu.newest_end_ns, one.end_ns);
    settle(cpu);
}

void incident_spans::over(const model::stall& ended) {
    const auto cpu = cpus_.find(ended.cpu);
    if (cpu == cpus_.end()) return;
    for (auto& [number, one] : cpu->second.incidents)
        if (!one.open.empty()) close(one, ended);
}

void incident_spans::settle(of_cpu& cpu) {
    while (!cpu.incidents.empty()) {
        const auto first = cpu.incidents.begin();
        const held& one = first->second;
        const bool settled = one.open.empty() && cpu.newest_end_ns - one.span.end_ns > settled_after_ns;
        if (!settled && cpu.incidents.size() <= most) return;
        tell_(one.span);
        cpu.incidents.erase(first);
    }
}

void incident_spans::rest() {
    for (const auto& [number, cpu] : cpus_)
        for (const auto& [incident, one] : cpu.incidents) tell_(one.span);
    cpus_.clear();
}

} // namespace irqscope::exporting

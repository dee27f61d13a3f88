// SPDX-License-Identifier: BSD-2-Clause
#include "stream/flight_recorder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace irqscope::stream {

namespace {

// A top has no more than its part has: what was nested in it may be among what was lost.
model::tops tops_of(const model::flight& window, const model::breakdown& where, int cpu, const catalog& names) {
    const model::flight_shares shares = model::share(window);
    const auto named = [&](model::part which) -> std::optional<model::top> {
        const auto& most = shares.most_of(which);
        if (!most) return std::nullopt;
        return model::top{names.named(cpu, most->of.number), std::min(most->ns, where.at(which)), most->count};
    };
    model::tops made;
    made.hardirq = named(model::part::hardirq);
    made.sysvec = named(model::part::sysvec);
    made.softirq = named(model::part::softirq);
    made.ksoftirqd = named(model::part::ksoftirqd);
    if (const auto& most = shares.most_of(model::part::task))
        made.task = {task_of(most->of),
                     {most->of.prio, most->of.policy},
                     std::min(most->ns, where.at(model::part::task)),
                     most->count};
    made.complete = window.whole && shares.unknown_ns == 0;
    for (const model::flight_lost& one : window.lost) made.lost += one.overwritten + one.torn;
    return made;
}

} // namespace

model::task task_of(const model::flight_span& span) { return {static_cast<int>(span.number), model::comm_of(span)}; }

std::vector<model::flight_span> open_in(const wire_stall& from, const catalog& names, std::uint64_t until_ns) {
    std::vector<model::flight_span> open;
    model::flight_span task;
    task.start_ns = from.task_since_ns;
    task.end_ns = until_ns;
    task.open = true;
    task.kind = flight_kind_of_task(from.task_class, from.pid);
    task.policy = from.policy;
    task.prio = from.prio;
    task.number = from.pid;
    std::memcpy(task.comm.data(), static_cast<const char*>(from.comm), task.comm.size());
    open.push_back(task);
    const auto add = [&](std::uint64_t start_ns, std::uint32_t histogram) {
        model::flight_span made;
        made.start_ns = start_ns;
        made.end_ns = until_ns;
        made.open = true;
        made.kind = flight_kind_of(histogram);
        made.number = histogram;
        open.push_back(made);
    };
    if (from.softirq_since_ns != 0) add(from.softirq_since_ns, from.softirq);
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(from.interrupts, WIRE_INTERRUPT_DEPTH); i++) {
        const wire_open& one = from.open[i]; // NOLINT(*-constant-array-index)
        add(one.start_ns, one.device != 0 ? names.hardirq_index(static_cast<int>(from.cpu), one.key)
                                          : std::uint32_t{WIRE_HIST_SYSVEC_RUN} + one.key);
    }
    return open;
}

flight_recorder::flight_recorder(const std::map<int, std::span<const wire_flight>>& memory) {
    for (const auto& [cpu, entries] : memory) cpus_.emplace(cpu, of_cpu(entries));
}

void flight_recorder::see(const wire_stall& from, const catalog& names, model::stall& one) {
    const auto here = cpus_.find(one.cpu);
    if (here == cpus_.end()) return;
    here->second.log.read();
    const std::uint64_t until_ns = one.where ? one.where->end_ns : one.end_ns;
    here->second.open = open_in(from, names, until_ns);
    if (one.where)
        one.where->most = tops_of(here->second.log.window(one.where->start_ns, until_ns, here->second.open), *one.where,
                                  one.cpu, names);
}

void flight_recorder::add_around(model::stall& one, const catalog& names, std::uint64_t ns, std::uint64_t now_ns) {
    const auto here = cpus_.find(one.cpu);
    if (here == cpus_.end()) return;
    here->second.log.read();
    const std::uint64_t start_ns = one.start_ns - std::min(ns, one.start_ns);
    const std::uint64_t end_ns = std::max(one.end_ns, std::min(one.end_ns + ns, now_ns));
    // What was open then and is not recorded goes on, unless its end may be among what was lost.
    auto open = here->second.open;
    for (model::flight_span& each : open) each.end_ns = std::max(each.end_ns, end_ns);
    model::flight window = here->second.log.window(start_ns, end_ns, open);
    if (!window.lost.empty()) window = here->second.log.window(start_ns, end_ns, here->second.open);
    auto laid = model::lay_out(window, most_around);
    for (model::around_span& each : laid.spans)
        if (level_of(each.span.kind) != 0) each.of = names.named(one.cpu, each.span.number);
    one.around = std::move(laid);
}

} // namespace irqscope::stream

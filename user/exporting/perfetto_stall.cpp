// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perfetto_stall.hpp"

#include "exporting/call_chain.hpp"
#include "exporting/perfetto_annotations.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace {

using protozero::pbf_writer;

std::string text(std::string_view from) { return std::string(from); }

std::string words_on(const model::top_task& one) { return fmt::format("{} {}", one.who.comm, one.who.pid); }

void add_most(annotations& to, const char* name, const std::optional<model::top>& one) {
    if (one) to.text(name, fmt::format("{}: {} ns in {}", model::short_name_of(one->of), one->ns, one->count));
}

void add_breakdown(annotations& to, const model::breakdown& of) {
    to.number("window_ns", of.end_ns - std::min(of.start_ns, of.end_ns));
    for (const model::part which : model::all_parts) to.number((text(name_of(which)) + "_ns").c_str(), of.at(which));
    if (!of.most) return;
    add_most(to, "most_hardirq", of.most->hardirq);
    add_most(to, "most_sysvec", of.most->sysvec);
    add_most(to, "most_softirq", of.most->softirq);
    add_most(to, "most_ksoftirqd", of.most->ksoftirqd);
    if (of.most->task)
        to.text("most_task",
                fmt::format("{}: {} ns in {}", words_on(*of.most->task), of.most->task->ns, of.most->task->count));
    to.flag("most_complete", of.most->complete);
}

void add_sources(annotations& to, const char* name, const std::vector<model::source_share>& of) {
    to.list(name, of, [](annotations& entry, const model::source_share& one) {
        entry.text("name", one.name.empty() ? "?" : one.name);
        if (one.backlog) entry.flag("backlog", true);
        entry.number("ns", one.ns);
        entry.number("count", one.count);
        if (one.items != 0) entry.number("packets", one.items);
    });
}

void add_activation(annotations& to, const model::activation& of) {
    to.text("thread", of.thread);
    if (of.raised_vector) {
        to.text("raised_vector", *of.raised_vector);
        to.number("raised_to_woken_ns", of.woken_ns - std::min(of.raised_ns, of.woken_ns));
    }
    if (of.first_run_ns) to.number("woken_to_first_run_ns", *of.first_run_ns - std::min(of.woken_ns, *of.first_run_ns));
    to.number("run_ns", of.run_ns);
    to.number("preemptions", of.preemptions);
    to.list("interrupts", of.interrupts, [](annotations& entry, const model::interrupt_share& one) {
        entry.text("name", model::short_name_of(one.id));
        entry.number("ns", one.ns);
        entry.number("count", one.count);
    });
    to.list("vectors", of.vectors, [](annotations& entry, const model::vector_share& one) {
        entry.text("name", one.vector);
        entry.number("ns", one.ns);
        entry.number("count", one.count);
    });
    to.list("tasks", of.tasks, [](annotations& entry, const model::task_share& one) {
        entry.text("name", one.comm);
        entry.signed_number("pid", one.pid);
        entry.text("class", model::class_of(one.how));
        entry.number("ns", one.ns);
        entry.number("switches", one.times);
    });
    if (of.other_tasks_ns != 0) to.number("other_tasks_ns", of.other_tasks_ns);
    add_sources(to, "devices", of.devices);
    if (of.other_devices_ns != 0) to.number("other_devices_ns", of.other_devices_ns);
    add_sources(to, "timers", of.timers);
    if (of.other_timers_ns != 0) to.number("other_timers_ns", of.other_timers_ns);
    if (!of.softnet) return;
    to.dictionary("softnet", [&of](annotations& entry) {
        entry.number("processed", of.softnet->processed);
        entry.number("time_squeeze", of.softnet->time_squeeze);
        entry.number("dropped", of.softnet->dropped);
    });
}

void add_lockup(annotations& to, const model::lockup_count& of) {
    to.number("percent", of.percent);
    to.number("count_ns", of.count_ns);
    to.number("threshold_ns", of.threshold_ns);
    to.flag("by_watchdog", of.by_watchdog);
    if (!of.softirq) return;
    to.text("softirq", of.softirq->key);
    to.number("softirq_ns", of.softirq_ns);
}

void add_all(annotations& to, const model::stall& one) {
    to.text("kind", text(name_of(one.kind)));
    to.text("state", text(name_of(one.state)));
    if (one.incident != 0) to.number("incident", one.incident);
    if (one.of) to.text("of", model::short_name_of(*one.of));
    to.number("at_least_ns", one.at_least_ns);
    to.number("less_than_ns", one.less_than_ns);
    if (one.culprit) to.number("culprit_ns", one.culprit_ns);
    if (!one.timer_function.empty()) to.text("timer_function", one.timer_function);
    if (one.stack_is != model::stack_kind::none || !one.current.comm.empty()) {
        to.text("task", one.current.comm);
        to.signed_number("pid", one.current.pid);
    }
    to.number("steal_ns", one.steal_ns);
    if (one.away_ns != 0) to.number("away_ns", one.away_ns);
    if (one.where) {
        to.dictionary("breakdown", [&one](annotations& inner) { add_breakdown(inner, *one.where); });
        if (one.activation) to.text("verdict", text(name_of(model::cause_of(*one.where))));
    }
    if (one.activation)
        to.dictionary("activation", [&one](annotations& inner) { add_activation(inner, *one.activation); });
    if (one.lockup) to.dictionary("lockup", [&one](annotations& inner) { add_lockup(inner, *one.lockup); });
    if (one.stack_is == model::stack_kind::none) return;
    to.text("stack_kind", text(name_of(one.stack_is)));
    to.list("stack", one.stack); // with its offsets, and for a UI that knows no call stacks of slices yet
}

void add_stack(pbf_writer& to, const model::stall& one) {
    auto chain = call_chain_of(one);
    std::reverse(chain.begin(), chain.end()); // Perfetto's are outermost first
    pbf_writer stack(to, fields::track_event::callstack);
    for (const frame& function : chain) {
        pbf_writer frame_of(stack, fields::callstack::frames);
        frame_of.add_string(fields::frame::function_name, function.function);
    }
}

} // namespace

std::string perfetto_stall(const model::stall& one) {
    std::string made;
    pbf_writer to(made);
    to.add_string(fields::track_event::name, sink::printable(model::culprit_of(one), annotations::longest_text));
    annotations said(to, fields::track_event::debug_annotations);
    add_all(said, one);
    add_stack(to, one);
    return made;
}

std::string perfetto_longest(const model::stall& one) {
    std::string made;
    pbf_writer to(made);
    annotations said(to, fields::track_event::debug_annotations);
    said.text("longest", model::culprit_of(one));
    said.text("kind", text(name_of(one.kind)));
    said.number("at_least_ns", one.at_least_ns);
    if (one.where) said.dictionary("breakdown", [&one](annotations& inner) { add_breakdown(inner, *one.where); });
    add_stack(to, one);
    return made;
}

} // namespace irqscope::exporting

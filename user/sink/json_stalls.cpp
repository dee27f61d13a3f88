// SPDX-License-Identifier: BSD-2-Clause
#include "sink/json_stalls.hpp"

#include "sink/json_activation.hpp"
#include "sink/json_parts.hpp"
#include "sink/sink.hpp"
#include "sink/units.hpp"
#include "version.hpp"

#include <utility>

namespace irqscope::sink {

namespace {

object holder_of(const model::stall& from) {
    if (!from.culprit) return nullptr;
    return {{"metric", model::name_of(from.culprit->what)},
            {"key", key_of(*from.culprit)},
            {"irq", nullable(from.culprit->irq)},
            {"context", nullable(from.culprit->context)},
            {"ns", from.culprit_ns}};
}

// Null: nobody looked.
object task_of(const model::stall& from) {
    if (from.stack_is == model::stack_kind::none && from.current.comm.empty()) return nullptr;
    return {{"pid", from.current.pid}, {"comm", from.current.comm}};
}

object top_of(const std::optional<model::top>& from) {
    if (!from) return nullptr;
    object to = object::object();
    if (from->of.what == model::metric::hardirq_run)
        to = {{"irq", nullable(from->of.irq)}, {"name", from->of.key}};
    else
        to = {{"key", from->of.key}};
    if (from->of.context) to["context"] = *from->of.context;
    to["ns"] = from->ns;
    to["count"] = from->count;
    return to;
}

object scheduled(int pid, const std::string& comm, const model::scheduling& how) {
    return {{"pid", pid},
            {"comm", comm},
            {"class", model::class_of(how)},
            {"rt_priority", nullable(model::rt_priority_of(how))},
            {"nice", nullable(model::nice_of(how))}};
}

object top_of(const std::optional<model::top_task>& from) {
    if (!from) return nullptr;
    object to = scheduled(from->who.pid, from->who.comm, from->how);
    to["ns"] = from->ns;
    to["count"] = from->count;
    return to;
}

void add_tops(object& to, const std::optional<model::tops>& from) {
    const model::tops none;
    const model::tops& most = from ? *from : none;
    to["top_irq"] = top_of(most.hardirq);
    to["top_sysvec"] = top_of(most.sysvec);
    to["top_softirq"] = top_of(most.softirq);
    to["top_ksoftirqd"] = top_of(most.ksoftirqd);
    to["top_task"] = top_of(most.task);
    to["top_complete"] = most.complete;
    to["top_lost"] = most.lost;
}

object breakdown_of(const std::optional<model::breakdown>& from) {
    if (!from) return nullptr;
    object to{{"start_ns", from->start_ns}, {"end_ns", from->end_ns}};
    for (const model::part which : model::all_parts) to[std::string(model::name_of(which)) + "_ns"] = from->at(which);
    add_tops(to, from->most);
    return to;
}

object span_of(const model::around_span& from) {
    const bool task = !from.of;
    const model::series_id none{{}, {}, {}, {}};
    const model::series_id& of = task ? none : *from.of;
    object to{{"start_ns", from.span.start_ns == 0 ? object(nullptr) : object(from.span.start_ns)},
              {"end_ns", from.span.open ? object(nullptr) : object(from.span.end_ns)},
              {"depth", from.depth},
              {"kind", model::name_of(from.span.kind)},
              {"key", key_of(of)},
              {"irq", nullable(of.irq)},
              {"context", nullable(of.context)},
              {"task", nullptr}};
    if (task)
        to["task"] = scheduled(static_cast<int>(from.span.number), model::comm_of(from.span),
                               {from.span.prio, from.span.policy});
    return to;
}

void add_around(object& to, const std::optional<model::around>& from) {
    if (!from) return;
    object spans = object::array();
    for (const model::around_span& one : from->spans) spans.push_back(span_of(one));
    std::uint64_t overwritten = 0;
    std::uint64_t torn = 0;
    std::optional<std::uint64_t> known_from_ns; // by the ring that forgot more
    for (const model::flight_lost& one : from->lost) {
        if (one.overwritten == 0 && one.torn == 0) known_from_ns = std::max(known_from_ns.value_or(0), one.to_ns);
        overwritten += one.overwritten;
        torn += one.torn;
    }
    to["spans"] = std::move(spans);
    to["spans_hidden"] = from->hidden;
    to["spans_overwritten"] = overwritten;
    to["spans_torn"] = torn;
    to["spans_known_from_ns"] = nullable(known_from_ns);
}

object lockup_of(const std::optional<model::lockup_count>& from) {
    if (!from) return nullptr;
    object softirq = nullptr;
    if (from->softirq)
        softirq = {
            {"key", from->softirq->key}, {"context", nullable(from->softirq->context)}, {"ns", from->softirq_ns}};
    return {{"percent", from->percent},
            {"count_ns", from->count_ns},
            {"threshold_ns", from->threshold_ns},
            {"by_watchdog", from->by_watchdog},
            {"softirq", std::move(softirq)}};
}

object stall_of(const model::stall& from, const clock_pair& clock) {
    const model::series_id none{{}, {}, {}, {}};
    const model::series_id& of = from.of ? *from.of : none;
    object to{{"schema", "irqscope.stall/1"},
              {"incident", from.incident == 0 ? object(nullptr) : object(from.incident)},
              {"kind", model::name_of(from.kind)},
              {"state", model::name_of(from.state)},
              {"cpu", from.cpu},
              {"start_ns", from.start_ns},
              {"start_time", format_rfc3339(wall_of(clock, from.start_ns))},
              {"at_least_ns", from.at_least_ns},
              {"less_than_ns", nullable(from.less_than_ns)},
              {"key", key_of(of)},
              {"irq", nullable(of.irq)},
              {"context", nullable(of.context)},
              {"culprit", holder_of(from)},
              {"timer_function", from.timer_function.empty() ? object(nullptr) : object(from.timer_function)},
              {"task", task_of(from)},
              {"stack_kind", model::name_of(from.stack_is)},
              {"stack", from.stack},
              {"steal_ns", nullable(from.steal_ns)},
              {"away_ns", from.away_ns},
              {"breakdown", breakdown_of(from.where)},
              {"verdict",
               from.activation && from.where ? object(model::name_of(model::cause_of(*from.where))) : object(nullptr)},
              {"activation", from.activation ? activation_of(*from.activation) : object(nullptr)},
              {"lockup", lockup_of(from.lockup)}};
    add_around(to, from.around);
    return to;
}

object totals_of(const model::stall_totals& from) {
    object kinds = object::array();
    for (const auto& [kind, one] : from.kinds) {
        object row = {{"kind", model::name_of(kind)}, {"stalls", one.stalls}, {"with_breakdown", one.broken_down}};
        for (const model::part which : model::all_parts)
            row[std::string(model::name_of(which)) + "_ns"] = one.at(which);
        kinds.push_back(std::move(row));
    }
    return kinds;
}

object causes_of(const model::stall_totals& from) {
    object causes = object::array();
    for (const auto& [why, one] : from.causes)
        causes.push_back({{"verdict", model::name_of(why)},
                          {"activations", one.activations},
                          {"total_ns", one.total_ns},
                          {"longest_ns", one.longest_ns}});
    return causes;
}

object culprits_of(const model::stalls_report& from, const clock_pair& clock) {
    object to = object::array();
    for (const model::culprit& one : from.culprits)
        to.push_back({{"name", one.name},
                      {"stalls", one.stalls},
                      {"stalled_ns", one.stalled_ns},
                      {"longest_ns", one.longest_ns},
                      {"cpus", one.cpus},
                      {"longest", stall_of(one.longest, clock)}});
    return to;
}

} // namespace

std::string json_stalls::text_of(const model::stall& one) const { return dump(stall_of(one, heading_.clock), true); }

std::string json_stalls::text_of(const model::stalls_report& report) const {
    const model::snapshot& whole = report.whole;
    object cpus = object::array();
    for (const auto& [cpu, one] : report.cpus)
        cpus.push_back({{"cpu", cpu},
                        {"incidents", one.incidents},
                        {"stalled_ns", one.stalled_ns},
                        {"longest_ns", one.longest_ns}});
    object thresholds = object::object();
    for (const auto& [kind, ns] : heading_.thresholds_ns) thresholds[std::string(model::name_of(kind)) + "_ns"] = ns;
    object open = object::array();
    for (const model::stall& one : report.open) open.push_back(stall_of(one, heading_.clock));
    const object document{{"schema", "irqscope.stalls_summary/1"},
                          {"host", whole.host},
                          {"kernel", whole.kernel},
                          {"machine", whole.machine},
                          {"version", version},
                          {"start_ns", whole.start_ns},
                          {"start_time", format_rfc3339(whole.start_time)},
                          {"duration_ns", whole.duration_ns},
                          {"part", part_of(whole)},
                          {"thresholds", std::move(thresholds)},
                          {"cpus", std::move(cpus)},
                          {"time_split", splits_of(whole.split)},
                          {"culprits", culprits_of(report, heading_.clock)},
                          {"totals", totals_of(report.totals)},
                          {"activations", causes_of(report.totals)},
                          {"open", std::move(open)},
                          {"set_aside", asides_of(report.asides)},
                          {"suppressed", suppressed_of(report.suppressed)},
                          {"lost", lost_of(whole.lost)},
                          {"coverage", coverage_of(whole.coverage)},
                          {"cost", cost_of(whole)}};
    return dump(document, true);
}

std::string json_stalls::text_of_over(const model::stall& one) const {
    const model::series_id none{{}, {}, {}, {}};
    const model::series_id& of = one.of ? *one.of : none;
    return dump({{"schema", "irqscope.stall_over/1"},
                 {"kind", model::name_of(one.kind)},
                 {"state", model::name_of(one.state)},
                 {"cpu", one.cpu},
                 {"start_ns", one.start_ns},
                 {"at_least_ns", one.at_least_ns},
                 {"key", key_of(of)},
                 {"irq", nullable(of.irq)},
                 {"context", nullable(of.context)}},
                true);
}

bool json_stalls::begin(const stalls_heading& heading) {
    heading_ = heading;
    return true;
}
bool json_stalls::stall(const model::stall& one) { return write_out(text_of(one)); }
bool json_stalls::report(const model::stalls_report& report) { return write_out(text_of(report)); }

} // namespace irqscope::sink

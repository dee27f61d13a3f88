// SPDX-License-Identifier: BSD-2-Clause
#include "stream/stall_fields.hpp"

#include <algorithm>

namespace irqscope::stream {

namespace {

using nlohmann::json;

// The one of them that has the name.
template <typename T, typename Range>
std::optional<T> named(const Range& all, const std::string& name) {
    for (const T one : all)
        if (model::name_of(one) == name) return one;
    return std::nullopt;
}

model::metric metric_of(model::stall_kind kind) {
    switch (kind) {
    case model::stall_kind::irq_off: return model::metric::irq_off;
    case model::stall_kind::softirq_off: return model::metric::softirq_off;
    case model::stall_kind::softirq_latency: return model::metric::softirq_latency;
    case model::stall_kind::softirq_run: return model::metric::softirq_run;
    case model::stall_kind::hardirq_run: return model::metric::hardirq_run;
    case model::stall_kind::ksoftirqd: return model::metric::ksoftirqd_run;
    case model::stall_kind::lockup: break;
    }
    return model::metric::irq_off;
}

model::scheduling scheduling_of(const json& from) {
    // The class stands there by name, and so the number that has the name is looked for.
    constexpr unsigned most_policies = 256;
    model::scheduling made;
    const auto name = value_of<std::string>(from, "class");
    while (made.policy < most_policies && model::class_of(made) != name) made.policy++;
    if (const auto rt = optional_of<std::int16_t>(from, "rt_priority"))
        made.prio = 99 - *rt;
    else if (const auto nice = optional_of<std::int16_t>(from, "nice"))
        made.prio = 120 + *nice;
    else
        made.prio = -1;
    return made;
}

// "top_irq" has its name under "name", the others have theirs under "key".
std::optional<model::top> top_of(const json& from, const char* name, model::metric what) {
    const json* const found = object_of(from, name);
    if (found == nullptr) return std::nullopt;
    model::top made{series_of(*found, what), value_of<std::uint64_t>(*found, "ns"),
                    value_of<std::uint64_t>(*found, "count")};
    if (what == model::metric::hardirq_run) made.of.key = value_of<std::string>(*found, "name");
    return made;
}

model::breakdown breakdown_of(const json& from) {
    model::breakdown made;
    made.start_ns = value_of<std::uint64_t>(from, "start_ns");
    made.end_ns = value_of<std::uint64_t>(from, "end_ns");
    for (const model::part which : model::all_parts)
        made.at(which) = value_of<std::uint64_t>(from, (std::string(model::name_of(which)) + "_ns").c_str());
    model::tops most;
    most.hardirq = top_of(from, "top_irq", model::metric::hardirq_run);
    most.sysvec = top_of(from, "top_sysvec", model::metric::sysvec_run);
    most.softirq = top_of(from, "top_softirq", model::metric::softirq_run);
    most.ksoftirqd = top_of(from, "top_ksoftirqd", model::metric::softirq_run);
    if (const json* const task = object_of(from, "top_task"))
        most.task = {{value_of<int>(*task, "pid"), value_of<std::string>(*task, "comm")},
                     scheduling_of(*task),
                     value_of<std::uint64_t>(*task, "ns"),
                     value_of<std::uint64_t>(*task, "count")};
    most.complete = value_of<bool>(from, "top_complete");
    most.lost = value_of<std::uint64_t>(from, "top_lost");
    if (most.complete || most.lost != 0 || most.hardirq || most.sysvec || most.softirq || most.ksoftirqd || most.task)
        made.most = std::move(most);
    return made;
}

model::around_span span_of(const json& from, std::uint64_t until_ns) {
    model::around_span made;
    made.span.start_ns = value_of<std::uint64_t>(from, "start_ns");
    const auto end_ns = optional_of<std::uint64_t>(from, "end_ns");
    made.span.open = !end_ns;
    made.span.end_ns = end_ns.value_or(until_ns);
    made.depth = value_of<unsigned>(from, "depth");
    constexpr std::array kinds{model::flight_kind::hardirq, model::flight_kind::sysvec,    model::flight_kind::softirq,
                               model::flight_kind::task,    model::flight_kind::ksoftirqd, model::flight_kind::idle};
    made.span.kind =
        named<model::flight_kind>(kinds, value_of<std::string>(from, "kind")).value_or(model::flight_kind::task);
    if (const json* const task = object_of(from, "task")) {
        const model::scheduling how = scheduling_of(*task);
        made.span.number = value_of<std::uint32_t>(*task, "pid");
        made.span.policy = static_cast<std::uint8_t>(how.policy);
        made.span.prio = static_cast<std::int16_t>(how.prio);
        const auto comm = value_of<std::string>(*task, "comm");
        std::copy_n(comm.begin(), std::min(comm.size(), made.span.comm.size()), made.span.comm.begin());
        return made;
    }
    using model::metric;
    made.of = series_of(from, made.span.kind == model::flight_kind::hardirq  ? metric::hardirq_run
                              : made.span.kind == model::flight_kind::sysvec ? metric::sysvec_run
                                                                             : metric::softirq_run);
    return made;
}

std::optional<model::around> around_of(const json& from, const model::stall& one) {
    if (!from.contains("spans")) return std::nullopt;
    model::around made;
    made.start_ns = one.start_ns;
    made.end_ns = one.end_ns;
    made.spans =
        list_of<model::around_span>(from, "spans", [&one](const json& span) { return span_of(span, one.end_ns); });
    made.hidden = value_of<std::size_t>(from, "spans_hidden");
    made.hidden_at = made.spans.size() / 2;
    const auto overwritten = value_of<std::uint64_t>(from, "spans_overwritten");
    const auto torn = value_of<std::uint64_t>(from, "spans_torn");
    if (overwritten != 0 || torn != 0) made.lost.push_back({0, one.end_ns, overwritten, torn});
    if (const auto known = optional_of<std::uint64_t>(from, "spans_known_from_ns"))
        made.lost.push_back({0, *known, 0, 0});
    return made;
}

model::interrupt_share interrupt_of(const json& from) {
    const auto what = model::metric_named(value_of<std::string>(from, "metric"));
    model::interrupt_share made{series_of(from, what.value_or(model::metric::hardirq_run)),
                                value_of<std::uint64_t>(from, "ns"), value_of<std::uint64_t>(from, "count")};
    made.id.key = value_of<std::string>(from, "name");
    return made;
}

model::activation activation_of(const json& from) {
    const auto number = [&from](const char* name) { return value_of<std::uint64_t>(from, name); };
    model::activation made;
    made.thread = value_of<std::string>(from, "thread");
    made.raised_vector = optional_of<std::string>(from, "raised_vector");
    made.raised_ns = number("raised_ns");
    made.woken_ns = number("woken_ns");
    made.first_run_ns = optional_of<std::uint64_t>(from, "first_run_ns");
    made.run_ns = number("run_ns");
    made.preemptions = number("preemptions");
    made.interrupts = list_of<model::interrupt_share>(from, "interrupts", interrupt_of);
    made.vectors = list_of<model::vector_share>(from, "vectors", [](const json& one) -> model::vector_share {
        return {value_of<std::string>(one, "vector"), value_of<std::uint64_t>(one, "ns"),
                value_of<std::uint64_t>(one, "count")};
    });
    made.tasks = list_of<model::task_share>(from, "tasks", [](const json& one) -> model::task_share {
        return {value_of<int>(one, "pid"), value_of<std::string>(one, "comm"), scheduling_of(one),
                value_of<std::uint64_t>(one, "ns"), value_of<std::uint64_t>(one, "switches")};
    });
    made.other_tasks_ns = number("other_tasks_ns");
    made.devices = list_of<model::source_share>(from, "devices", [](const json& one) -> model::source_share {
        return {value_of<std::string>(one, "name"), value_of<bool>(one, "backlog"), value_of<std::uint64_t>(one, "ns"),
                value_of<std::uint64_t>(one, "polls"), value_of<std::uint64_t>(one, "packets")};
    });
    made.other_devices_ns = number("other_devices_ns");
    made.timers = list_of<model::source_share>(from, "timers", [](const json& one) -> model::source_share {
        return {value_of<std::string>(one, "function"), false, value_of<std::uint64_t>(one, "ns"),
                value_of<std::uint64_t>(one, "count"), 0};
    });
    made.other_timers_ns = number("other_timers_ns");
    if (const json* const softnet = object_of(from, "softnet"))
        made.softnet = {value_of<std::uint64_t>(*softnet, "processed"),
                        value_of<std::uint64_t>(*softnet, "time_squeeze"),
                        value_of<std::uint64_t>(*softnet, "dropped")};
    return made;
}

model::lockup_count lockup_of(const json& from) {
    model::lockup_count made;
    made.percent = value_of<unsigned>(from, "percent");
    made.count_ns = value_of<std::uint64_t>(from, "count_ns");
    made.threshold_ns = value_of<std::uint64_t>(from, "threshold_ns");
    made.by_watchdog = value_of<bool>(from, "by_watchdog");
    if (const json* const softirq = object_of(from, "softirq")) {
        made.softirq = series_of(*softirq, model::metric::softirq_run);
        made.softirq_ns = value_of<std::uint64_t>(*softirq, "ns");
    }
    return made;
}

} // namespace

std::optional<model::stall> stall_of(const json& from) {
    const auto kind = model::stall_kind_named(from.at("kind").get<std::string>());
    if (!kind) return std::nullopt;
    model::stall made;
    made.kind = *kind;
    const bool ended = from.at("state") == model::name_of(model::stall_state::ended);
    made.state = ended ? model::stall_state::ended : model::stall_state::open;
    made.cpu = as<int>(from.at("cpu"));
    made.start_ns = as<std::uint64_t>(from.at("start_ns"));
    made.at_least_ns = as<std::uint64_t>(from.at("at_least_ns"));
    made.end_ns = made.start_ns + made.at_least_ns;
    if (made.end_ns < made.start_ns) throw std::out_of_range("a stall that ends before it begins");
    made.less_than_ns = optional_of<std::uint64_t>(from, "less_than_ns");
    made.incident = value_of<std::uint64_t>(from, "incident");
    if (!value_of<std::string>(from, "key").empty()) made.of = series_of(from, metric_of(made.kind));
    if (const json* const culprit = object_of(from, "culprit")) {
        const auto what = model::metric_named(value_of<std::string>(*culprit, "metric"));
        made.culprit = series_of(*culprit, what.value_or(model::metric::irq_off));
        made.culprit_ns = value_of<std::uint64_t>(*culprit, "ns");
    }
    made.timer_function = value_of<std::string>(from, "timer_function");
    if (const json* const task = object_of(from, "task"))
        made.current = {value_of<int>(*task, "pid"), value_of<std::string>(*task, "comm")};
    constexpr std::array stack_kinds{model::stack_kind::none, model::stack_kind::post_hoc, model::stack_kind::ongoing,
                                     model::stack_kind::interrupted};
    made.stack_is = named<model::stack_kind>(stack_kinds, value_of<std::string>(from, "stack_kind"))
                        .value_or(model::stack_kind::none);
    made.stack = value_of<std::vector<std::string>>(from, "stack");
    made.steal_ns = optional_of<std::uint64_t>(from, "steal_ns");
    made.away_ns = value_of<std::uint64_t>(from, "away_ns");
    if (const json* const where = object_of(from, "breakdown")) made.where = breakdown_of(*where);
    if (const json* const how = object_of(from, "activation")) made.activation = activation_of(*how);
    if (const json* const count = object_of(from, "lockup")) made.lockup = lockup_of(*count);
    made.around = around_of(from, made);
    return made;
}

} // namespace irqscope::stream

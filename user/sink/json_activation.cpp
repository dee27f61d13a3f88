// SPDX-License-Identifier: BSD-2-Clause
#include "sink/json_activation.hpp"

namespace irqscope::sink {

namespace {

object interrupt_of(const model::interrupt_share& from) {
    return {{"metric", model::name_of(from.id.what)},
            {"irq", nullable(from.id.irq)},
            {"name", from.id.key},
            {"ns", from.ns},
            {"count", from.count}};
}

object task_of(const model::task_share& from) {
    return {{"pid", from.pid},
            {"comm", from.comm},
            {"class", model::class_of(from.how)},
            {"rt_priority", nullable(model::rt_priority_of(from.how))},
            {"nice", nullable(model::nice_of(from.how))},
            {"ns", from.ns},
            {"switches", from.times}};
}

object device_of(const model::source_share& from) {
    return {{"name", from.name.empty() ? object(nullptr) : object(from.name)},
            {"backlog", from.backlog},
            {"ns", from.ns},
            {"polls", from.count},
            {"packets", from.items}};
}

object softnet_of(const std::optional<model::softnet_growth>& from) {
    if (!from) return nullptr;
    return {{"processed", from->processed}, {"time_squeeze", from->time_squeeze}, {"dropped", from->dropped}};
}

template <typename T, typename Of>
object list_of(const std::vector<T>& from, Of one_of) {
    object list = object::array();
    for (const T& one : from) list.push_back(one_of(one));
    return list;
}

} // namespace

object activation_of(const model::activation& from) {
    return {{"thread", from.thread},
            {"raised_vector", nullable(from.raised_vector)},
            {"raised_ns", from.raised_vector ? object(from.raised_ns) : object(nullptr)},
            {"woken_ns", from.woken_ns},
            {"first_run_ns", nullable(from.first_run_ns)},
            {"run_ns", from.run_ns},
            {"preemptions", from.preemptions},
            {"interrupts", list_of(from.interrupts, interrupt_of)},
            {"vectors", list_of(from.vectors,
                                [](const model::vector_share& one) {
                                    return object{{"vector", one.vector}, {"ns", one.ns}, {"count", one.count}};
                                })},
            {"tasks", list_of(from.tasks, task_of)},
            {"other_tasks_ns", from.other_tasks_ns},
            {"devices", list_of(from.devices, device_of)},
            {"other_devices_ns", from.other_devices_ns},
            {"timers", list_of(from.timers,
                               [](const model::source_share& one) {
                                   return object{{"function", one.name}, {"ns", one.ns}, {"count", one.count}};
                               })},
            {"other_timers_ns", from.other_timers_ns},
            {"softnet", softnet_of(from.softnet)}};
}

} // namespace irqscope::sink

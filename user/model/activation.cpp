// SPDX-License-Identifier: BSD-2-Clause
#include "model/activation.hpp"

namespace irqscope::model {

namespace {

// The vector that took most, and what it served if that is known.
std::string name_of_load(const activation& one) {
    if (one.vectors.empty()) return {};
    std::string name = one.vectors.front().vector;
    const auto& sources = name == "NET_RX" ? one.devices : one.timers;
    if ((name == "NET_RX" || name == "TIMER") && !sources.empty() && !sources.front().name.empty())
        name += " of " + sources.front().name;
    return name;
}

} // namespace

std::string_view name_of(cause which) {
    switch (which) {
    case cause::starved: return "starved";
    case cause::hardirq_bound: return "hardirq-bound";
    case cause::overloaded: return "overloaded";
    case cause::mixed: return "mixed";
    }
    return "?";
}

cause cause_of(const breakdown& where) {
    const std::uint64_t interrupts_ns = where.at(part::hardirq) + where.at(part::sysvec);
    const std::uint64_t own_ns = where.at(part::ksoftirqd) + where.at(part::softirq);
    const std::uint64_t task_ns = where.at(part::task);
    const std::uint64_t whole_ns = interrupts_ns + own_ns + task_ns + where.at(part::idle);
    const auto is_half = [whole_ns](std::uint64_t ns) { return ns != 0 && ns >= whole_ns - ns; };
    if (is_half(interrupts_ns)) return cause::hardirq_bound;
    if (is_half(task_ns)) return cause::starved;
    return is_half(own_ns) ? cause::overloaded : cause::mixed;
}

std::string thief_of(const activation& one, const breakdown& where) {
    const cause why = cause_of(where);
    std::string name = one.thread + ' ' + std::string(name_of(why));
    std::string who;
    if (why == cause::hardirq_bound && !one.interrupts.empty()) who = short_name_of(one.interrupts.front().id);
    if (why == cause::starved && !one.tasks.empty())
        who = one.tasks.front().comm + ' ' + std::to_string(one.tasks.front().pid);
    if (why == cause::overloaded) who = name_of_load(one);
    return who.empty() ? name : name + ": " + who;
}

} // namespace irqscope::model

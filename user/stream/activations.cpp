// SPDX-License-Identifier: BSD-2-Clause
#include "stream/activations.hpp"

#include "stream/stalls.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::stream {

namespace {

template <typename T>
void largest_first(std::vector<T>& shares) {
    std::stable_sort(shares.begin(), shares.end(), [](const T& a, const T& b) { return a.ns > b.ns; });
}

std::vector<model::interrupt_share> interrupts_of(const wire_sums& from, int cpu, const catalog& names) {
    std::vector<model::interrupt_share> shares;
    std::uint32_t index = WIRE_HIST_SYSVEC_RUN;
    for (const wire_share& one : from.interrupts) {
        if (one.count != 0) shares.push_back({names.named(cpu, index), one.ns, one.count});
        index++;
    }
    largest_first(shares);
    return shares;
}

std::vector<model::vector_share> vectors_of(const wire_sums& from) {
    std::vector<model::vector_share> shares;
    std::uint32_t vector = 0;
    for (const wire_share& one : from.softirqs) {
        if (one.count != 0) shares.push_back({std::string(vector_name(vector)), one.ns, one.count});
        vector++;
    }
    largest_first(shares);
    return shares;
}

std::vector<model::task_share> tasks_of(const wire_evidence& from) {
    std::vector<model::task_share> shares;
    for (const wire_task_share& one : from.tasks)
        if (one.pid != 0)
            shares.push_back({static_cast<int>(one.pid), text_of(one.comm), {one.prio, one.policy}, one.ns, one.times});
    largest_first(shares);
    return shares;
}

std::vector<model::source_share> devices_of(const wire_evidence& from) {
    std::vector<model::source_share> shares;
    for (const wire_source& one : from.devices)
        if (one.address != 0) shares.push_back({text_of(one.name), one.backlog != 0, one.ns, one.count, one.items});
    largest_first(shares);
    return shares;
}

std::vector<model::source_share> timers_of(const wire_evidence& from, std::uint64_t end_ns, symbols::source& symbols) {
    std::vector<model::source_share> shares;
    for (const wire_source& one : from.timers) {
        if (one.address != 0)
            shares.push_back({function_at(one.address, end_ns, symbols), false, one.ns, one.count, 0});
    }
    largest_first(shares);
    return shares;
}

} // namespace

model::stall make_stall(const wire_activation_record& from, const catalog& names, symbols::source& symbols) {
    model::stall made = make_stall(from.stall, names, symbols);
    model::activation one;
    one.thread = made.of ? made.of->key : std::string();
    if (from.raised_ns != 0) one.raised_vector = std::string(vector_name(from.raised_vector));
    one.raised_ns = from.raised_ns;
    one.woken_ns = made.start_ns;
    if (from.first_run_ns != 0) one.first_run_ns = from.first_run_ns;
    one.run_ns = from.run_ns;
    one.preemptions = from.preemptions;
    one.interrupts = interrupts_of(from.sums, made.cpu, names);
    one.vectors = vectors_of(from.sums);
    one.tasks = tasks_of(from.evidence);
    one.other_tasks_ns = from.evidence.other_tasks_ns;
    one.devices = devices_of(from.evidence);
    one.other_devices_ns = from.evidence.other_devices_ns;
    one.timers = timers_of(from.evidence, made.end_ns, symbols);
    one.other_timers_ns = from.evidence.other_timers_ns;
    if (from.softnet.known != 0)
        one.softnet = {from.softnet.processed, from.softnet.time_squeeze, from.softnet.dropped};
    made.activation = std::move(one);
    return made;
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/split_reader.hpp"

#include "host/cpus.hpp"
#include "host/system.hpp"
#include "stream/parts.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::probe {

namespace {

// An edge is written within nanoseconds, and a busy CPU has some 100,000 of them a second.
constexpr int most_readings = 16;

std::uint64_t growth(std::uint64_t from, std::uint64_t to) { return to - std::min(from, to); }

std::optional<model::tick_growth> growth(const host::proc_stat& from, const host::proc_stat& to, int cpu) {
    const auto before = from.cpus.find(cpu);
    const auto now = to.cpus.find(cpu);
    if (before == from.cpus.end() || now == to.cpus.end()) return std::nullopt;
    return model::tick_growth{growth(before->second.user + before->second.nice, now->second.user + now->second.nice),
                              growth(before->second.system, now->second.system),
                              growth(before->second.steal, now->second.steal) * host::tick_ns()};
}

} // namespace

model::part_totals totals_of(const wire_cpu_state& from, std::uint64_t now_ns) {
    model::part_totals made;
    for (std::size_t i = 0; i < stream::class_parts.size(); i++)
        made.ns.at(static_cast<std::size_t>(stream::class_parts.at(i))) = from.totals.ns[i]; // NOLINT(*-array-index)
    made.at_ns = from.totals.at_ns;
    made.current = stream::class_parts.at(std::min<std::size_t>(from.task_class, stream::class_parts.size() - 1));
    if (from.steal_known != 0) made.steal_ns = growth(from.first_steal_ns, from.steal_ns);
    made.extend(now_ns);
    return made;
}

result<model::totals_by_cpu> split_reader::read(const session& programs) const {
    model::settled_totals settled(totals_);
    for (int i = 0; i < most_readings; i++) {
        const std::uint64_t now_ns = host::monotonic_ns();
        const auto states = programs.states();
        if (!states) return tl::unexpected(states.error());
        model::totals_by_cpu reading;
        for (const auto& [cpu, state] : *states) reading.emplace(cpu, totals_of(state, now_ns));
        if (settled.take(reading)) break;
    }
    // Nothing runs on a CPU that is gone, and its last edge says nothing about the time since.
    const auto online = host::online_cpus();
    if (!online) return tl::unexpected(online.error());
    model::totals_by_cpu totals = settled.totals();
    std::erase_if(
        totals, [&online](const auto& one) { return !std::binary_search(online->begin(), online->end(), one.first); });
    return totals;
}

result<void> split_reader::begin(const session& programs) {
    auto totals = read(programs);
    if (!totals) return tl::unexpected(totals.error());
    totals_ = std::move(*totals);
    ticks_ = host::read_proc_stat().value_or(host::proc_stat{});
    return {};
}

result<model::time_splits> split_reader::take(const session& programs, const std::vector<int>& watched) {
    auto ticks = host::read_proc_stat().value_or(host::proc_stat{});
    auto totals = read(programs);
    if (!totals) return tl::unexpected(totals.error());
    model::time_splits made;
    for (const int cpu : watched) {
        const auto from = totals_.find(cpu); // not there: it has come in this interval
        const auto to = totals->find(cpu);
        std::optional<model::time_split> split;
        if (from != totals_.end() && to != totals->end())
            split = model::split_of(cpu, from->second, to->second, growth(ticks_, ticks, cpu));
        if (split)
            made.cpus.push_back(*split);
        else
            made.absent.push_back(cpu);
    }
    switches_ = growth(ticks_.context_switches, ticks.context_switches);
    totals_ = std::move(*totals);
    ticks_ = std::move(ticks);
    return made;
}

} // namespace irqscope::probe

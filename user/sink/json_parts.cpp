// SPDX-License-Identifier: BSD-2-Clause
#include "sink/json_parts.hpp"

namespace irqscope::sink {

object key_of(const model::series_id& id) { return id.key.empty() ? object(nullptr) : object(id.key); }

object id_of(const model::series_id& id, int cpu) {
    return {{"metric", model::name_of(id.what)},
            {"cpu", cpu},
            {"key", key_of(id)},
            {"irq", nullable(id.irq)},
            {"context", nullable(id.context)}};
}

object lost_of(const model::lost& from) {
    object counts = object::object();
    for (const auto& [kind, count] : from.counts) counts[kind] = count;
    object misses = object::object();
    for (const auto& [program, count] : from.recursion_misses) misses[program] = count;
    return {{"counts", std::move(counts)},
            {"recursion_misses", std::move(misses)},
            {"cpus_gone", from.cpus_gone},
            {"cpus_come", from.cpus_come}};
}

object coverage_of(const model::coverage& from) {
    object untraced = object::object();
    for (const auto& [name, count] : from.untraced) untraced[name] = count;
    object heartbeats = object::array();
    for (const auto& [cpu, one] : from.heartbeats)
        heartbeats.push_back({{"cpu", cpu},
                              {"due", one.due},
                              {"seen", one.seen},
                              {"late", one.late},
                              {"skipped", one.skipped},
                              {"unseen", one.unseen},
                              {"restarts", one.restarts},
                              {"soft", one.soft}});
    return {{"cpus", from.cpus},
            {"aggregation", from.aggregation},
            {"programs", from.programs},
            {"softirq_contexts", from.softirq_contexts},
            {"reraises", from.reraises},
            {"nested", from.nested},
            {"irq_slots_full", from.slots_full},
            {"untraced_sysvecs", std::move(untraced)},
            {"beat_ns", from.beat_ns},
            {"heartbeats", std::move(heartbeats)},
            {"without_beat", from.without_beat},
            {"flight_spans", from.flight_spans}};
}

object asides_of(const std::map<model::aside, model::set_aside>& from) {
    object asides = object::object();
    for (const auto& [why, one] : from)
        asides[std::string(model::name_of(why))] = {
            {"count", one.count}, {"total_ns", one.total_ns}, {"max_ns", one.max_ns}};
    return asides;
}

object suppressed_of(const std::map<model::stall_kind, std::uint64_t>& from) {
    object suppressed = object::object();
    for (const auto& [kind, count] : from) suppressed[std::string(model::name_of(kind))] = count;
    return suppressed;
}

object part_of(const model::snapshot& whole) {
    if (!whole.part_ns) return nullptr;
    return {{"start_ns", whole.part_ns->first}, {"duration_ns", whole.sampled_ns()}};
}

object cost_of(const model::snapshot& whole) {
    const model::cost& from = whole.cost;
    return {{"bpf_calls", from.bpf_calls},      {"bpf_ns_per_call", from.bpf_ns_per_call},
            {"bpf_ns", from.bpf_ns()},          {"beats", whole.coverage.all_beats().served()},
            {"user_cpu_ns", from.user_cpu_ns},  {"max_rss_bytes", from.max_rss_bytes},
            {"kernel_bytes", from.kernel_bytes}};
}

object splits_of(const std::optional<model::time_splits>& from) {
    if (!from) return nullptr;
    object splits = object::array();
    for (const model::time_split& one : from->cpus) {
        object to{{"cpu", one.cpu}, {"start_ns", one.where.start_ns}, {"end_ns", one.where.end_ns}};
        for (const model::part which : model::all_parts)
            to[std::string(model::name_of(which)) + "_ns"] = one.where.at(which);
        const bool known = one.steal != model::steal_source::unknown;
        if (!known) to["steal_ns"] = nullptr;
        to["steal_from"] = known ? object(model::name_of(one.steal)) : object(nullptr);
        to["user_ns_by_ticks"] = nullable(one.user_ns);
        to["system_ns_by_ticks"] = nullable(one.system_ns());
        to["ticks"] = one.ticks;
        splits.push_back(std::move(to));
    }
    return splits;
}

std::string dump(const object& document, bool lines) {
    return document.dump(lines ? -1 : 1, ' ', false, object::error_handler_t::replace) + "\n";
}

} // namespace irqscope::sink

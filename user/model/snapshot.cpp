// SPDX-License-Identifier: BSD-2-Clause
#include "model/snapshot.hpp"

#include <algorithm>
#include <iterator>

namespace irqscope::model {

namespace {

// Both ascending.
void unite(std::vector<int>& to, const std::vector<int>& with) {
    std::vector<int> both;
    std::set_union(to.begin(), to.end(), with.begin(), with.end(), std::back_inserter(both));
    to = std::move(both);
}

void join(std::vector<series>& to, const std::vector<series>& later) {
    std::map<std::pair<int, series_id>, std::size_t> places;
    for (std::size_t i = 0; i < to.size(); i++) places.emplace(std::pair(to[i].cpu, to[i].id), i);
    for (const series& one : later) {
        const auto [place, is_new] = places.emplace(std::pair(one.cpu, one.id), to.size());
        if (is_new) {
            to.push_back(one);
            continue;
        }
        to[place->second].values.merge(one.values);
        to[place->second].dropped += one.dropped;
    }
}

} // namespace

void beats::add(const beats& other) {
    due += other.due;
    seen += other.seen;
    late += other.late;
    skipped += other.skipped;
    unseen += other.unseen;
    restarts += other.restarts;
    soft = soft && other.soft;
}

beats coverage::all_beats() const {
    beats sum;
    sum.soft = !heartbeats.empty();
    for (const auto& [cpu, one] : heartbeats) sum.add(one);
    return sum;
}

void coverage::join(const coverage& later) {
    unite(cpus, later.cpus);
    unite(without_beat, later.without_beat);
    for (const auto& [label, count] : later.untraced) {
        const auto is_it = [&name = label](const auto& other) { return other.first == name; };
        if (const auto found = std::find_if(untraced.begin(), untraced.end(), is_it); found != untraced.end())
            found->second += count;
        else
            untraced.emplace_back(label, count);
    }
    for (const auto& [cpu, one] : later.heartbeats)
        if (const auto [place, is_new] = heartbeats.emplace(cpu, one); !is_new) place->second.add(one);
    slots_full = slots_full || later.slots_full;
}

void snapshot::join(const snapshot& later) {
    duration_ns = later.start_ns + later.duration_ns - start_ns;
    model::join(all, later.all);
    open = later.open;
    if (split && later.split) split->join(*later.split);
    for (const auto& [kind, count] : later.lost.counts) lost.counts[kind] += count;
    for (const auto& [program, count] : later.lost.recursion_misses) lost.recursion_misses[program] += count;
    lost.cpus_gone = later.lost.cpus_gone; // since the measurement's start
    lost.cpus_come = later.lost.cpus_come;
    coverage.join(later.coverage);
    cost.bpf_calls += later.cost.bpf_calls;
    cost.bpf_ns_per_call = later.cost.bpf_ns_per_call;
    cost.user_cpu_ns += later.cost.user_cpu_ns;
    cost.max_rss_bytes = std::max(cost.max_rss_bytes, later.cost.max_rss_bytes);
    cost.kernel_bytes = std::max(cost.kernel_bytes, later.cost.kernel_bytes);
}

} // namespace irqscope::model

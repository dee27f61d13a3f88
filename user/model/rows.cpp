// SPDX-License-Identifier: BSD-2-Clause
#include "model/rows.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace irqscope::model {

namespace {

// Ascending means: what matters more. The identity makes the order one and the same each time.
auto rank(const row& one) {
    const std::uint64_t worst = one.values.max_ns();
    const std::uint64_t total = one.values.sum_ns();
    const auto [first, second] = is_run(one.id.what) ? std::pair(total, worst) : std::pair(worst, total);
    return std::tuple(UINT64_MAX - first, UINT64_MAX - second, one.id, one.cpu);
}

} // namespace

bool is_run(metric which) {
    switch (which) {
    case metric::softirq_run:
    case metric::hardirq_run:
    case metric::sysvec_run:
    case metric::ksoftirqd_run: return true;
    case metric::softirq_latency:
    case metric::irq_off:
    case metric::idle_exit:
    case metric::softirq_off:
    case metric::ksoftirqd_latency: return false;
    }
    return false;
}

std::vector<row> rows_of(const snapshot& from, metric which, bool per_cpu, std::uint64_t above_ns) {
    std::map<std::pair<series_id, std::optional<int>>, row> merged;
    for (const series& one : from.all) {
        if (one.id.what != which) continue;
        const auto cpu = per_cpu ? std::optional(one.cpu) : std::nullopt;
        const auto [found, added] = merged.try_emplace({one.id, cpu}, row{one.id, cpu, one.cpu, {}, 0});
        row& to = found->second;
        if (one.values.max_ns() > to.values.max_ns()) to.worst_cpu = one.cpu;
        to.values.merge(one.values);
        to.dropped += one.dropped;
    }
    std::vector<row> rows;
    for (auto& entry : merged)
        if (entry.second.values.max_ns() >= above_ns) rows.push_back(std::move(entry.second));
    std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) { return rank(a) < rank(b); });
    return rows;
}

} // namespace irqscope::model

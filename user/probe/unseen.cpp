// SPDX-License-Identifier: BSD-2-Clause
#include "probe/unseen.hpp"

#include "probe/sysvecs.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::probe {

namespace {

using model::metric;

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// The growth of a row on the watched CPUs; CPUs that left the file in between count no more.
std::uint64_t growth(const host::proc_counts& from, const host::proc_counts& to, const std::string& row,
                     const std::optional<std::vector<int>>& cpus) {
    const auto start = from.find(row);
    const auto end = to.find(row);
    if (start == from.end() || end == to.end()) return 0;
    std::uint64_t sum = 0;
    for (const auto& [cpu, count] : end->second.by_cpu) {
        const auto before = start->second.by_cpu.find(cpu);
        if (before == start->second.by_cpu.end() || count < before->second) continue;
        if (cpus && !std::binary_search(cpus->begin(), cpus->end(), cpu)) continue;
        sum += count - before->second;
    }
    return sum;
}

std::uint64_t missing(std::uint64_t kernel, std::uint64_t ours) { return kernel > ours ? kernel - ours : 0; }

} // namespace

unseen::unseen(host::proc_counts softirqs, host::proc_counts interrupts, std::set<metric> metrics,
               std::optional<std::vector<int>> cpus)
    : softirqs_(std::move(softirqs)), interrupts_(std::move(interrupts)), metrics_(std::move(metrics)),
      cpus_(std::move(cpus)) {}

std::string unseen::row_of(const model::series_id& id) const {
    return id.irq ? std::to_string(*id.irq) : row_of_sysvec(id.key, interrupts_);
}

void unseen::saw(const model::series_id& id, std::uint64_t count) {
    switch (id.what) {
    case metric::softirq_latency: // an entry without a known raise has none
    case metric::irq_off:         // the kernel counts neither beats nor holds
    case metric::idle_exit:
    case metric::softirq_off:
    case metric::ksoftirqd_latency:
    case metric::ksoftirqd_run: break;
    case metric::softirq_run: softirqs_seen_[id.key] += count; break;
    case metric::sysvec_run: interrupts_seen_[row_of(id)][""] += count; break;
    case metric::hardirq_run:
        if (id.irq)
            interrupts_seen_[row_of(id)][id.key] += count;
        else
            slots_full_ = true;
        break;
    }
}

std::map<std::string, std::uint64_t> unseen::until(const host::proc_counts& softirqs,
                                                   const host::proc_counts& interrupts,
                                                   const std::vector<model::open_span>& open) const {
    auto softirqs_seen = softirqs_seen_;
    auto interrupts_seen = interrupts_seen_;
    for (const model::open_span& one : open) {
        if (one.id.what == metric::softirq_run) softirqs_seen[one.id.key]++;
        if (one.id.what == metric::sysvec_run) interrupts_seen[row_of(one.id)][""]++;
        if (one.id.what == metric::hardirq_run) interrupts_seen[row_of(one.id)][one.id.key]++;
    }
    std::map<std::string, std::uint64_t> sums;
    if (metrics_.contains(metric::softirq_run))
        for (const auto& [row, counts] : softirqs_)
            sums["softirqs_unseen"] += missing(growth(softirqs_, softirqs, row, cpus_), softirqs_seen[row]);
    for (const auto& [row, counts] : interrupts_) {
        const bool device = is_number(row);
        if (!metrics_.contains(device ? metric::hardirq_run : metric::sysvec_run) || (device && slots_full_)) continue;
        if (!device && !is_sysvec_row(row, interrupts_)) continue;
        std::uint64_t most = 0;
        for (const auto& [action, count] : interrupts_seen[row]) most = std::max(most, count);
        sums[device ? "hardirqs_unseen" : "sysvecs_unseen"] +=
            missing(growth(interrupts_, interrupts, row, cpus_), most);
    }
    return sums;
}

} // namespace irqscope::probe

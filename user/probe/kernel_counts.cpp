// SPDX-License-Identifier: BSD-2-Clause
#include "probe/kernel_counts.hpp"

#include <algorithm>

namespace irqscope::probe {

void add_difference(stream::table::cell& cell, const wire_histogram& before, const wire_histogram& now,
                    std::uint32_t ended) {
    std::uint64_t samples = 0;
    for (std::size_t i = 0; i < WIRE_BUCKETS; i++) {
        // unsigned arithmetic unwraps a bucket that wrapped once
        const std::uint32_t counted = now.buckets[i] - before.buckets[i]; // NOLINT(*-constant-array-index)
        if (counted == 0) continue;
        cell.values.add_bucket(i, counted);
        samples += counted;
    }
    cell.dropped += now.dropped - before.dropped;
    if (samples == 0) return;
    cell.values.add_sums(now.sum_ns - before.sum_ns, now.nested_ns - before.nested_ns);
    // The epoch was ended just before this reading, so a sample may be of the next one already.
    if (now.epoch >= ended) cell.values.widen(now.min_ns, now.max_ns);
    if (now.epoch == ended + 1 && now.previous_epoch == ended)
        cell.values.widen(now.previous_min_ns, now.previous_max_ns);
    cell.values.clamp_extremes();
}

result<void> kernel_counts::read(stream::table& into) {
    const std::uint32_t ended = from_->next_epoch();
    for (std::uint32_t index = 0; index < WIRE_HISTS; index++) {
        const auto values = from_->histograms(index);
        if (!values) return tl::unexpected(values.error());
        for (const auto& [cpu, now] : *values) {
            if (now.count == 0 && now.dropped == 0) continue;
            wire_histogram& before = last_[{cpu, index}];
            stream::table::cell counted;
            add_difference(counted, before, now, ended);
            before = now;
            if (counted.values.empty() && counted.dropped == 0) continue;
            samples_[{cpu, index}] += counted.values.samples();
            auto& cell = into.at(cpu, index);
            cell.values.merge(counted.values);
            cell.dropped += counted.dropped;
        }
    }
    return {};
}

std::uint64_t kernel_counts::mismatches() const {
    std::uint64_t sum = 0;
    for (const auto& [where, now] : last_) {
        const auto found = samples_.find(where);
        const std::uint64_t samples = found == samples_.end() ? 0 : found->second;
        sum += std::max(samples, std::uint64_t{now.count}) - std::min(samples, std::uint64_t{now.count});
    }
    return sum;
}

} // namespace irqscope::probe

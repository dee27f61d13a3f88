// SPDX-License-Identifier: BSD-2-Clause
#include "model/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace irqscope::model {

std::size_t histogram::bucket_of(std::uint64_t ns) {
    if (ns < linear_steps) return static_cast<std::size_t>(ns);
    if ((ns >> max_log2) != 0) return overflow_bucket;
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - linear_log2;
    return static_cast<std::size_t>(shift) * linear_steps + static_cast<std::size_t>(ns >> shift);
}

histogram::range histogram::range_of(std::size_t bucket) {
    if (bucket < linear_steps) return {bucket, bucket + 1};
    if (bucket >= overflow_bucket) return {std::uint64_t{1} << max_log2, UINT64_MAX};
    const auto shift = static_cast<unsigned>(bucket / linear_steps) - 1;
    const std::uint64_t step = linear_steps + bucket % linear_steps;
    return {step << shift, (step + 1) << shift};
}

void histogram::count(std::uint64_t ns, std::uint64_t nested_ns) {
    add_bucket(bucket_of(ns), 1);
    add_sums(ns, nested_ns);
    widen(ns, ns);
}

void histogram::add_bucket(std::size_t bucket, std::uint64_t samples) {
    buckets_.at(bucket) += samples;
    samples_ += samples;
}

void histogram::add_sums(std::uint64_t sum_ns, std::uint64_t nested_ns) {
    sum_ns_ += sum_ns;
    nested_ns_ += nested_ns;
}

void histogram::widen(std::uint64_t min_ns, std::uint64_t max_ns) {
    min_ns_ = std::min(min_ns_, min_ns);
    max_ns_ = std::max(max_ns_, max_ns);
}

void histogram::clamp_extremes() {
    if (empty()) return;
    const auto used = [](std::uint64_t samples) { return samples != 0; };
    const auto first = std::find_if(buckets_.begin(), buckets_.end(), used);
    const auto last = std::find_if(buckets_.rbegin(), buckets_.rend(), used);
    const range low = range_of(static_cast<std::size_t>(first - buckets_.begin()));
    const range high = range_of(static_cast<std::size_t>(buckets_.rend() - last) - 1);
    min_ns_ = std::clamp(min_ns_, low.ge_ns, low.lt_ns - 1);
    max_ns_ = std::clamp(max_ns_, high.ge_ns, high.lt_ns - 1);
}

void histogram::merge(const histogram& other) {
    for (std::size_t i = 0; i < bucket_count; i++) buckets_[i] += other.buckets_[i];
    samples_ += other.samples_;
    add_sums(other.sum_ns_, other.nested_ns_);
    widen(other.min_ns_, other.max_ns_);
}

std::uint64_t histogram::quantile(double q) const {
    if (empty()) return 0;
    const auto rank = static_cast<std::uint64_t>(std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(samples_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; i++) {
        seen += buckets_[i];
        if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min(range_of(i).lt_ns - 1, max_ns_);
    }
    return max_ns_;
}

} // namespace irqscope::model

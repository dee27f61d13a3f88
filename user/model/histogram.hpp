// SPDX-License-Identifier: BSD-2-Clause
// The log-linear histogram of nanoseconds: 8 linear steps to each power of two up to 2^36 ns (68.7 s), then overflow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace irqscope::model {

class histogram {
public:
    static constexpr unsigned linear_log2 = 3;
    static constexpr unsigned linear_steps = 1U << linear_log2;
    static constexpr unsigned max_log2 = 36;
    static constexpr std::size_t overflow_bucket = (max_log2 - linear_log2 + 1) * linear_steps;
    static constexpr std::size_t bucket_count = overflow_bucket + 1;

    // Nanoseconds from ge_ns up to, and without, lt_ns; lt_ns of the overflow bucket is the largest number there is.
    struct range {
        std::uint64_t ge_ns;
        std::uint64_t lt_ns;
    };

    static std::size_t bucket_of(std::uint64_t ns);
    static range range_of(std::size_t bucket);

    // Counts one value; nested_ns is the part of it that interrupts took.
    void count(std::uint64_t ns, std::uint64_t nested_ns = 0);
    void merge(const histogram& other);

    // What a reader of kernel counters adds piece by piece: samples of one bucket, the sums, the extremes.
    void add_bucket(std::size_t bucket, std::uint64_t samples);
    void add_sums(std::uint64_t sum_ns, std::uint64_t nested_ns);
    void widen(std::uint64_t min_ns, std::uint64_t max_ns);
    // Draws min and max into the outermost buckets that hold samples; for extremes that may be some other interval's.
    void clamp_extremes();

    [[nodiscard]] std::uint64_t samples() const { return samples_; }
    [[nodiscard]] bool empty() const { return samples_ == 0; }
    [[nodiscard]] std::uint64_t sum_ns() const { return sum_ns_; }
    [[nodiscard]] std::uint64_t nested_ns() const { return nested_ns_; }
    [[nodiscard]] std::uint64_t min_ns() const { return empty() ? 0 : min_ns_; }
    [[nodiscard]] std::uint64_t max_ns() const { return empty() ? 0 : max_ns_; }
    [[nodiscard]] std::uint64_t bucket(std::size_t index) const { return buckets_.at(index); }

    // The value that a share of at least `q` (0..1) of the samples does not exceed, in ns: the upper end of its bucket,
    // at most 1/8 too high, and never above the maximum. 0 if there are no samples.
    [[nodiscard]] std::uint64_t quantile(double q) const;

    friend bool operator==(const histogram&, const histogram&) = default;

private:
    std::uint64_t samples_ = 0;
    std::uint64_t sum_ns_ = 0;
    std::uint64_t nested_ns_ = 0;
    std::uint64_t min_ns_ = UINT64_MAX;
    std::uint64_t max_ns_ = 0;
    std::array<std::uint64_t, bucket_count> buckets_{};
};

} // namespace irqscope::model

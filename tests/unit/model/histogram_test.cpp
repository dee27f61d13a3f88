// SPDX-License-Identifier: BSD-2-Clause
#include "model/histogram.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace irqscope::model {

TEST(histogram, buckets_follow_each_other_without_a_hole) {
    EXPECT_EQ(histogram::range_of(0).ge_ns, 0U);
    for (std::size_t i = 1; i < histogram::bucket_count; i++)
        ASSERT_EQ(histogram::range_of(i).ge_ns, histogram::range_of(i - 1).lt_ns) << i;
    EXPECT_EQ(histogram::range_of(histogram::overflow_bucket).ge_ns, 68'719'476'736U); // 2^36
    EXPECT_EQ(histogram::range_of(histogram::overflow_bucket).lt_ns, UINT64_MAX);
}

TEST(histogram, value_belongs_to_the_bucket_whose_range_holds_it) {
    for (std::size_t i = 0; i < histogram::overflow_bucket; i++) {
        const auto [ge_ns, lt_ns] = histogram::range_of(i);
        ASSERT_EQ(histogram::bucket_of(ge_ns), i);
        ASSERT_EQ(histogram::bucket_of(lt_ns - 1), i);
        ASSERT_EQ(histogram::bucket_of(lt_ns), i + 1);
    }
    EXPECT_EQ(histogram::bucket_of(UINT64_MAX), histogram::overflow_bucket);
}

TEST(histogram, bucket_is_at_most_an_eighth_of_its_value_wide) {
    for (std::size_t i = histogram::linear_steps; i < histogram::overflow_bucket; i++) {
        const auto [ge_ns, lt_ns] = histogram::range_of(i);
        ASSERT_LE((lt_ns - ge_ns) * 8, ge_ns) << i;
    }
}

TEST(histogram, without_samples_everything_is_zero) {
    const histogram none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.min_ns(), 0U);
    EXPECT_EQ(none.max_ns(), 0U);
    EXPECT_EQ(none.sum_ns(), 0U);
    EXPECT_EQ(none.quantile(0.5), 0U);
}

TEST(histogram, count_sum_and_extremes_are_exact) {
    histogram values;
    values.count(1000, 100);
    values.count(3, 1);
    values.count(123'456'789);
    EXPECT_EQ(values.samples(), 3U);
    EXPECT_EQ(values.sum_ns(), 123'457'792U);
    EXPECT_EQ(values.nested_ns(), 101U);
    EXPECT_EQ(values.min_ns(), 3U);
    EXPECT_EQ(values.max_ns(), 123'456'789U);
    EXPECT_EQ(values.bucket(histogram::bucket_of(1000)), 1U);
}

TEST(histogram, value_of_zero_is_a_sample) {
    histogram values;
    values.count(0);
    EXPECT_EQ(values.samples(), 1U);
    EXPECT_EQ(values.bucket(0), 1U);
    EXPECT_EQ(values.min_ns(), 0U);
}

TEST(histogram, merge_is_the_same_as_counting_together) {
    histogram all;
    histogram even;
    histogram odd;
    for (std::uint64_t i = 0; i < 1000; i++) {
        const std::uint64_t ns = i * i * i;
        all.count(ns, i);
        (i % 2 == 0 ? even : odd).count(ns, i);
    }
    even.merge(odd);
    EXPECT_EQ(even, all);
}

TEST(histogram, merge_with_nothing_changes_nothing) {
    histogram values;
    values.count(77, 7);
    const histogram before = values;
    values.merge(histogram{});
    EXPECT_EQ(values, before);
    histogram none;
    none.merge(before);
    EXPECT_EQ(none, before);
}

TEST(histogram, quantile_is_never_below_the_truth_and_at_most_an_eighth_above) {
    std::mt19937_64 random(42); // NOLINT(cert-msc51-cpp): the same values each time
    std::vector<std::uint64_t> truth;
    histogram values;
    for (int i = 0; i < 10'000; i++) {
        const std::uint64_t ns = random() >> (30 + random() % 34);
        truth.push_back(ns);
        values.count(ns);
    }
    std::sort(truth.begin(), truth.end());
    for (const double q : {0.0001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto rank = static_cast<std::size_t>(q * 10'000);
        const std::uint64_t exact = truth[std::max<std::size_t>(rank, 1) - 1];
        EXPECT_GE(values.quantile(q), exact) << q;
        EXPECT_LE(values.quantile(q), exact + exact / 8) << q;
    }
}

TEST(histogram, quantile_is_never_above_the_maximum) {
    histogram values;
    values.count(1000); // its bucket ends at 1024
    EXPECT_EQ(values.quantile(0.5), 1000U);
    EXPECT_EQ(values.quantile(1), 1000U);
}

TEST(histogram, median_of_two_is_the_lower_one) {
    histogram values;
    values.count(1);
    values.count(1'000'000);
    EXPECT_EQ(values.quantile(0.5), 1U);
    EXPECT_EQ(values.quantile(0.51), 1'000'000U);
}

TEST(histogram, quantile_outside_of_0_to_1_is_taken_as_its_end) {
    histogram values;
    values.count(1);
    values.count(5);
    EXPECT_EQ(values.quantile(-1), 1U);
    EXPECT_EQ(values.quantile(0), 1U);
    EXPECT_EQ(values.quantile(2), 5U);
}

TEST(histogram, one_sample_too_slow_for_the_scale_still_shows_as_maximum) {
    histogram values;
    for (int i = 0; i < 9; i++) values.count(10);
    values.count(100'000'000'000); // 100 s
    EXPECT_EQ(values.bucket(histogram::overflow_bucket), 1U);
    EXPECT_EQ(values.max_ns(), 100'000'000'000U);
    EXPECT_EQ(values.quantile(1), 100'000'000'000U);
    EXPECT_EQ(values.quantile(0.9), 10U);
}

TEST(histogram, more_than_32_bits_of_samples_in_a_bucket_are_kept) {
    histogram values;
    values.add_bucket(5, 0xffffffffULL);
    values.add_bucket(5, 0xffffffffULL);
    EXPECT_EQ(values.bucket(5), 0x1fffffffeULL);
    EXPECT_EQ(values.samples(), 0x1fffffffeULL);
}

TEST(histogram, extremes_of_another_interval_are_drawn_into_the_outermost_buckets) {
    histogram values;
    values.add_bucket(histogram::bucket_of(1000), 1);
    values.add_bucket(histogram::bucket_of(50'000), 1);
    values.widen(1, 1'000'000'000);
    values.clamp_extremes();
    const auto low = histogram::range_of(histogram::bucket_of(1000));
    const auto high = histogram::range_of(histogram::bucket_of(50'000));
    EXPECT_EQ(values.min_ns(), low.ge_ns);
    EXPECT_EQ(values.max_ns(), high.lt_ns - 1);
}

TEST(histogram, extremes_that_were_never_told_are_taken_from_the_buckets) {
    histogram values;
    values.add_bucket(histogram::bucket_of(1000), 1);
    values.clamp_extremes();
    const auto range = histogram::range_of(histogram::bucket_of(1000));
    EXPECT_EQ(values.min_ns(), range.lt_ns - 1);
    EXPECT_EQ(values.max_ns(), range.ge_ns);
}

TEST(histogram, extremes_that_are_right_stay_exact) {
    histogram values;
    values.count(1001);
    values.count(50'001);
    values.clamp_extremes();
    EXPECT_EQ(values.min_ns(), 1001U);
    EXPECT_EQ(values.max_ns(), 50'001U);
}

} // namespace irqscope::model

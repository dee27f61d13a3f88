// SPDX-License-Identifier: BSD-2-Clause
#include "probe/kernel_counts.hpp"

#include <gtest/gtest.h>

namespace irqscope::probe {

namespace {

using model::histogram;

// A kernel histogram as bpf/histogram.bpf.h leaves it; bucket by bucket, so that a wrapped one can be made too.
wire_histogram made(std::uint32_t epoch, std::uint64_t min_ns, std::uint64_t max_ns) {
    wire_histogram one{};
    one.epoch = epoch;
    one.min_ns = min_ns;
    one.max_ns = max_ns;
    return one;
}

void add(wire_histogram& to, std::uint64_t ns, std::uint32_t samples = 1) {
    to.count += samples;
    to.sum_ns += ns * samples;
    to.buckets[histogram::bucket_of(ns)] += samples;
}

stream::table::cell difference(const wire_histogram& before, const wire_histogram& now, std::uint32_t ended) {
    stream::table::cell cell;
    add_difference(cell, before, now, ended);
    return cell;
}

} // namespace

TEST(add_difference, is_what_came_since) {
    wire_histogram before = made(1, 100, 100);
    add(before, 100);
    before.nested_ns = 5;
    wire_histogram now = before;
    now.epoch = 2;
    now.min_ns = 200;
    now.max_ns = 3000;
    now.nested_ns = 25;
    now.dropped = 7;
    add(now, 200, 2);
    add(now, 3000);
    const auto cell = difference(before, now, 2);
    EXPECT_EQ(cell.values.samples(), 3U);
    EXPECT_EQ(cell.values.sum_ns(), 3400U);
    EXPECT_EQ(cell.values.nested_ns(), 20U);
    EXPECT_EQ(cell.values.min_ns(), 200U);
    EXPECT_EQ(cell.values.max_ns(), 3000U);
    EXPECT_EQ(cell.dropped, 7U);
}

TEST(add_difference, of_the_same_reading_twice_is_nothing) {
    wire_histogram one = made(1, 100, 100);
    add(one, 100, 9);
    one.dropped = 3;
    const auto cell = difference(one, one, 1);
    EXPECT_TRUE(cell.values.empty());
    EXPECT_EQ(cell.dropped, 0U);
    EXPECT_EQ(cell, stream::table::cell{});
}

TEST(add_difference, bucket_that_wrapped_is_unwrapped) {
    wire_histogram before = made(1, 1000, 1000);
    before.buckets[histogram::bucket_of(1000)] = 0xfffffff0;
    before.count = 0xfffffff0;
    before.sum_ns = 0xfffffff0ULL * 1000;
    wire_histogram now = before;
    add(now, 1000, 0x30); // the bucket reads 0x20 now
    ASSERT_EQ(now.buckets[histogram::bucket_of(1000)], 0x20U);
    const auto cell = difference(before, now, 1);
    EXPECT_EQ(cell.values.samples(), 0x30U);
    EXPECT_EQ(cell.values.sum_ns(), 0x30U * 1000);
}

TEST(add_difference, adds_to_what_the_cell_holds) {
    stream::table::cell cell;
    wire_histogram last{};
    for (std::uint32_t epoch = 1; epoch <= 3; epoch++) {
        wire_histogram now = last;
        add(now, 1000 * epoch, 0xc0000000); // three quarters of a wrap each
        now.epoch = epoch;
        now.min_ns = now.max_ns = 1000 * epoch;
        add_difference(cell, last, now, epoch);
        last = now;
    }
    EXPECT_EQ(cell.values.samples(), 3 * 0xc0000000ULL);
    EXPECT_EQ(cell.values.sum_ns(), 6000 * 0xc0000000ULL);
    EXPECT_EQ(cell.values.min_ns(), 1000U);
    EXPECT_EQ(cell.values.max_ns(), 3000U);
}

TEST(add_difference, sample_of_the_next_epoch_that_is_counted_already_brings_both_extremes) {
    wire_histogram now = made(6, 700, 700);
    now.previous_epoch = 5;
    now.previous_min_ns = 90;
    now.previous_max_ns = 8000;
    add(now, 90);
    add(now, 8000);
    add(now, 700);
    const auto cell = difference({}, now, 5);
    EXPECT_EQ(cell.values.min_ns(), 90U);
    EXPECT_EQ(cell.values.max_ns(), 8000U);
}

TEST(add_difference, extremes_of_an_epoch_long_past_are_not_taken) {
    // nothing in epoch 5; the one sample is of epoch 6, and the extremes before it of epoch 2
    wire_histogram before = made(2, 1, 1'000'000);
    add(before, 1);
    add(before, 1'000'000);
    wire_histogram now = before;
    now.epoch = 6;
    now.min_ns = now.max_ns = 700;
    now.previous_epoch = 2;
    now.previous_min_ns = 1;
    now.previous_max_ns = 1'000'000;
    add(now, 700);
    const auto cell = difference(before, now, 5);
    EXPECT_EQ(cell.values.min_ns(), 700U);
    EXPECT_EQ(cell.values.max_ns(), 700U);
}

TEST(add_difference, extremes_that_an_earlier_reading_counted_stay_within_the_buckets) {
    // The sample of 9 ms came between the epoch's end and the last reading: it was counted there, and its epoch is ours.
    wire_histogram before = made(2, 9'000'000, 9'000'000);
    add(before, 9'000'000);
    wire_histogram now = before;
    now.min_ns = 1000;
    add(now, 1000);
    add(now, 2000);
    const auto cell = difference(before, now, 2);
    EXPECT_EQ(cell.values.min_ns(), 1000U);
    const auto range = histogram::range_of(histogram::bucket_of(2000));
    EXPECT_EQ(cell.values.max_ns(), range.lt_ns - 1);
}

TEST(add_difference, count_that_was_read_before_its_extremes_gets_them_from_its_bucket) {
    // the kernel was in the middle of histogram_count(): epoch begun, extremes not yet written
    wire_histogram now = made(1, ~0ULL, 0);
    add(now, 1000);
    const auto cell = difference({}, now, 1);
    const auto range = histogram::range_of(histogram::bucket_of(1000));
    EXPECT_GE(cell.values.min_ns(), range.ge_ns);
    EXPECT_LT(cell.values.min_ns(), range.lt_ns);
    EXPECT_GE(cell.values.max_ns(), range.ge_ns);
    EXPECT_LT(cell.values.max_ns(), range.lt_ns);
}

TEST(add_difference, dropped_alone_counts_without_samples) {
    wire_histogram now{};
    now.dropped = 12;
    const auto cell = difference({}, now, 1);
    EXPECT_EQ(cell.dropped, 12U);
    EXPECT_TRUE(cell.values.empty());
}

TEST(add_difference, every_bucket_is_read) {
    wire_histogram now = made(1, 0, UINT64_MAX);
    for (__u32& bucket : now.buckets) bucket = 1;
    now.count = WIRE_BUCKETS;
    const auto cell = difference({}, now, 1);
    EXPECT_EQ(cell.values.samples(), std::uint64_t{WIRE_BUCKETS});
    EXPECT_EQ(cell.values.bucket(histogram::overflow_bucket), 1U);
    EXPECT_EQ(cell.values.min_ns(), 0U);
}

} // namespace irqscope::probe

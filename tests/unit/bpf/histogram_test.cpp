// SPDX-License-Identifier: BSD-2-Clause
// bpf/histogram.bpf.h: the scale, which user/model/histogram.cpp must share to the last nanosecond, and the extremes.
#include "bpf/fake_kernel.hpp"
#include "model/histogram.hpp"
#include "probe/kernel_counts.hpp"

#include <random>

namespace irqscope::fake {

class bpf_histogram : public bpf_test {};

TEST_F(bpf_histogram, scale_is_the_loaders_at_all_powers_of_two_and_their_neighbours) {
    for (unsigned power = 0; power < 64; power++)
        for (int off = -2; off <= 2; off++) {
            const std::uint64_t ns = (std::uint64_t{1} << power) + static_cast<std::uint64_t>(off);
            ASSERT_EQ(fake_bucket_of(ns), model::histogram::bucket_of(ns)) << ns;
        }
}

TEST_F(bpf_histogram, scale_is_the_loaders_at_the_ends_of_every_bucket) {
    for (std::size_t i = 0; i < model::histogram::bucket_count; i++) {
        const auto [ge_ns, lt_ns] = model::histogram::range_of(i);
        ASSERT_EQ(fake_bucket_of(ge_ns), i);
        ASSERT_EQ(fake_bucket_of(lt_ns - 1), i);
    }
}

TEST_F(bpf_histogram, scale_is_the_loaders_at_random_values) {
    std::mt19937_64 random(20250508); // NOLINT(cert-msc51-cpp): the same values each time
    for (int i = 0; i < 200'000; i++) {
        const std::uint64_t ns = random() >> (random() % 64); // all magnitudes alike
        ASSERT_EQ(fake_bucket_of(ns), model::histogram::bucket_of(ns)) << ns;
    }
}

TEST_F(bpf_histogram, counts_what_the_loaders_own_histogram_counts) {
    std::mt19937_64 random(7); // NOLINT(cert-msc51-cpp)
    wire_histogram kernel_side{};
    model::histogram loader_side;
    epoch = 1;
    for (int i = 0; i < 10'000; i++) {
        const std::uint64_t ns = random() >> (20 + random() % 44);
        fake_histogram_count(&kernel_side, ns, ns / 3);
        loader_side.count(ns, ns / 3);
    }
    stream::table::cell cell;
    probe::add_difference(cell, wire_histogram{}, kernel_side, 1);
    EXPECT_EQ(cell.values, loader_side);
}

TEST_F(bpf_histogram, extremes_begin_anew_with_each_epoch_and_the_last_ones_stay_readable) {
    wire_histogram histogram{};
    epoch = 1;
    fake_histogram_count(&histogram, 100, 0);
    fake_histogram_count(&histogram, 5000, 0);
    epoch = 2;
    fake_histogram_count(&histogram, 700, 0);
    EXPECT_EQ(histogram.min_ns, 700U);
    EXPECT_EQ(histogram.max_ns, 700U);
    EXPECT_EQ(histogram.previous_epoch, 1U);
    EXPECT_EQ(histogram.previous_min_ns, 100U);
    EXPECT_EQ(histogram.previous_max_ns, 5000U);
    EXPECT_EQ(histogram.count, 3U);
    EXPECT_EQ(histogram.sum_ns, 5800U);
}

TEST_F(bpf_histogram, fresh_map_entry_does_not_lend_its_zero_as_a_minimum) {
    wire_histogram histogram{};
    epoch = 1; // the loader's first: 0 is what an entry shows that never counted
    fake_histogram_count(&histogram, 100, 0);
    EXPECT_EQ(histogram.min_ns, 100U);
    EXPECT_EQ(histogram.max_ns, 100U);
}

} // namespace irqscope::fake

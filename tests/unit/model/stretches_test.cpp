// SPDX-License-Identifier: BSD-2-Clause
#include "model/stretches.hpp"

#include <algorithm>
#include <bitset>
#include <gtest/gtest.h>
#include <random>

namespace irqscope::model {

TEST(stretches, fresh_ones_are_nothing) {
    const stretches none(10);
    EXPECT_EQ(none.count(), 0U);
    EXPECT_EQ(none.total_ns(), 0U);
    EXPECT_EQ(none.longest_ns(), 0U);
}

TEST(stretches, apart_they_are_two) {
    stretches some(10);
    EXPECT_EQ(some.add(10, 20, 1), 1U);
    EXPECT_EQ(some.add(21, 25, 2), 2U);
    EXPECT_EQ(some.count(), 2U);
    EXPECT_EQ(some.total_ns(), 14U);
    EXPECT_EQ(some.longest_ns(), 10U);
}

TEST(stretches, touching_they_are_one_from_either_side) {
    stretches some(10);
    EXPECT_EQ(some.add(10, 20, 1), 1U);
    EXPECT_EQ(some.add(20, 25, 2), 1U);
    EXPECT_EQ(some.add(5, 10, 2), 1U);
    EXPECT_EQ(some.count(), 1U);
    EXPECT_EQ(some.total_ns(), 20U);
}

TEST(stretches, what_lies_inside_adds_nothing) {
    stretches some(10);
    some.add(10, 20, 1);
    EXPECT_EQ(some.add(12, 15, 2), 1U);
    EXPECT_EQ(some.total_ns(), 10U);
}

TEST(stretches, what_covers_several_makes_them_one_with_the_lowest_number) {
    stretches some(10);
    some.add(10, 20, 3); // told after the next: its end came late
    some.add(30, 40, 2);
    some.add(50, 60, 4);
    some.add(90, 91, 5);
    EXPECT_EQ(some.add(15, 70, 6), 2U);
    EXPECT_EQ(some.count(), 2U);
    EXPECT_EQ(some.total_ns(), 61U);
    EXPECT_EQ(some.add(70, 70, 7), 2U);
}

TEST(stretches, end_before_the_start_is_a_moment) {
    stretches some(10);
    EXPECT_EQ(some.add(10, 5, 1), 1U);
    EXPECT_EQ(some.count(), 1U);
    EXPECT_EQ(some.total_ns(), 0U);
    EXPECT_EQ(some.add(6, 9, 2), 2U);
}

TEST(stretches, folded_ones_stay_in_the_totals) {
    stretches some(10);
    some.add(10, 50, 1);
    some.add(60, 70, 2);
    some.fold(60);
    EXPECT_EQ(some.known(), 1U);
    EXPECT_EQ(some.count(), 2U);
    EXPECT_EQ(some.total_ns(), 50U);
    EXPECT_EQ(some.longest_ns(), 40U);
    EXPECT_EQ(some.add(40, 55, 3), 3U); // no longer known: begins another
    EXPECT_EQ(some.count(), 3U);
}

TEST(stretches, one_that_reaches_into_the_present_is_not_folded) {
    stretches some(10);
    some.add(10, 60, 1);
    some.fold(60);
    EXPECT_EQ(some.known(), 1U);
}

TEST(stretches, beyond_the_limit_the_oldest_is_folded) {
    stretches some(3);
    for (std::uint64_t i = 0; i < 1000; i++) some.add(10 * i, 10 * i + 5, i + 1);
    EXPECT_EQ(some.known(), 3U);
    EXPECT_EQ(some.count(), 1000U);
    EXPECT_EQ(some.total_ns(), 5000U);
    EXPECT_EQ(some.add(9992, 9993, 2000), 1000U);
}

TEST(stretches, any_order_makes_the_same_union) {
    std::mt19937_64 random(42); // NOLINT(cert-msc51-cpp): the same intervals each time
    for (int round = 0; round < 200; round++) {
        stretches some(1000);
        std::bitset<1000> covered; // bit n: [n, n + 1]
        for (std::uint64_t i = 0; i < 40; i++) {
            const std::uint64_t start = random() % 900;
            const std::uint64_t length = 1 + random() % 30;
            some.add(start, start + length, i + 1);
            for (std::uint64_t n = start; n < start + length; n++) covered.set(n);
        }
        std::uint64_t runs = 0;
        std::uint64_t longest = 0;
        std::uint64_t run = 0;
        for (std::size_t n = 0; n < covered.size(); n++) {
            run = covered.test(n) ? run + 1 : 0;
            if (run == 1) runs++;
            longest = std::max(longest, run);
        }
        ASSERT_EQ(some.total_ns(), covered.count()) << round;
        ASSERT_EQ(some.count(), runs) << round;
        ASSERT_EQ(some.longest_ns(), longest) << round;
    }
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "recording/switch_rule.hpp"

#include <gtest/gtest.h>

namespace irqscope::recording {

namespace {

using step = switch_rule::step;

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t large = 100'000'000;

model::stall stall_of(std::uint64_t start_ns, std::uint64_t end_ns, bool open = false) {
    model::stall one;
    one.state = open ? model::stall_state::open : model::stall_state::ended;
    one.start_ns = start_ns;
    one.end_ns = end_ns;
    return one;
}

} // namespace

TEST(switch_rule, leaves_a_file_alone_that_may_be_of_any_size) {
    switch_rule rule({});
    EXPECT_FALSE(rule.wants_end(UINT64_MAX));
    EXPECT_EQ(rule.told(stall_of(1, 2)), step::none);
    EXPECT_EQ(rule.interval(second, UINT64_MAX), step::none);
}

TEST(switch_rule, begins_another_before_the_size_is_reached) {
    switch_rule rule({large, false});
    EXPECT_FALSE(rule.wants_end(large / 2));
    EXPECT_EQ(rule.interval(second, large / 2), step::none);
    EXPECT_TRUE(rule.wants_end(large - large / 8));
    EXPECT_EQ(rule.interval(2 * second, large - large / 8), step::next);
    EXPECT_EQ(rule.interval(3 * second, 1), step::none);
}

TEST(switch_rule, begins_another_once_for_each_time_it_is_asked) {
    switch_rule rule({});
    rule.ask();
    EXPECT_TRUE(rule.wants_end(0));
    EXPECT_EQ(rule.interval(second, 0), step::next);
    EXPECT_FALSE(rule.wants_end(0));
    EXPECT_EQ(rule.interval(2 * second, 0), step::none);
}

TEST(switch_rule, has_a_file_from_a_stall_until_it_is_quiet) {
    switch_rule rule({0, true});
    EXPECT_EQ(rule.interval(second, 0), step::none);
    EXPECT_EQ(rule.told(stall_of(second, 2 * second)), step::next);
    EXPECT_EQ(rule.told(stall_of(second, 2 * second + 5)), step::none) << "there is one already";
    EXPECT_EQ(rule.interval(3 * second, 0), step::none);
    EXPECT_EQ(rule.interval(3 * second + 5, 0), step::rest);
    EXPECT_EQ(rule.interval(9 * second, 0), step::none) << "it has ended";
    EXPECT_EQ(rule.told(stall_of(9 * second, 10 * second)), step::next);
}

TEST(switch_rule, is_not_quiet_while_a_stall_is_open) {
    switch_rule rule({0, true});
    EXPECT_EQ(rule.told(stall_of(second, 2 * second, true)), step::next);
    EXPECT_EQ(rule.interval(100 * second, 0), step::none);
    rule.over(stall_of(second, 101 * second));
    EXPECT_EQ(rule.interval(101 * second, 0), step::none);
    EXPECT_EQ(rule.interval(102 * second, 0), step::rest);
    // one whose end is told as well
    EXPECT_EQ(rule.told(stall_of(200 * second, 201 * second, true)), step::next);
    EXPECT_EQ(rule.told(stall_of(200 * second, 202 * second)), step::none);
    EXPECT_EQ(rule.interval(203 * second, 0), step::rest);
}

TEST(switch_rule, writes_what_is_kept_when_asked) {
    switch_rule rule({0, true});
    rule.ask();
    EXPECT_EQ(rule.interval(second, 0), step::next);
    EXPECT_EQ(rule.interval(second + second / 2, 0), step::none);
    EXPECT_EQ(rule.interval(2 * second, 0), step::rest);
}

TEST(switch_rule, goes_on_in_another_file_when_an_incident_is_large) {
    switch_rule rule({large, true});
    EXPECT_FALSE(rule.wants_end(2 * large)) << "there is no file";
    EXPECT_EQ(rule.told(stall_of(second, 2 * second, true)), step::next);
    EXPECT_EQ(rule.interval(3 * second, large), step::next);
    EXPECT_EQ(rule.interval(4 * second, 0), step::none);
}

} // namespace irqscope::recording

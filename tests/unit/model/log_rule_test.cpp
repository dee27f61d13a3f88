// SPDX-License-Identifier: BSD-2-Clause
#include "model/log_rule.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {
namespace {

constexpr std::uint64_t s = 1'000'000'000;
constexpr std::uint64_t ms = 1'000'000;

stall ended(std::uint64_t incident, std::uint64_t ns = 5 * ms) {
    stall one;
    one.incident = incident;
    one.at_least_ns = ns;
    return one;
}
stall open(std::uint64_t incident, std::uint64_t start_ns) {
    stall one = ended(incident);
    one.state = stall_state::open;
    one.start_ns = start_ns;
    one.end_ns = start_ns + one.at_least_ns;
    return one;
}
stall step(unsigned percent) {
    stall one = open(1, 0);
    one.kind = stall_kind::lockup;
    one.lockup = lockup_count{percent, 0, 0, true, {}, 0};
    return one;
}

TEST(log_rule, has_one_line_for_each_incident) {
    log_rule rule;
    rule.told(ended(1));
    rule.told(ended(1, 9 * ms));
    rule.told(ended(2));
    const auto lines = rule.take(0);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].of.incident, 1U);
    EXPECT_EQ(lines[0].of.at_least_ns, 5 * ms);
    EXPECT_EQ(lines[1].of.incident, 2U);
    rule.told(ended(1));
    EXPECT_TRUE(rule.take(10 * s).empty());
}

TEST(log_rule, one_that_goes_on_waits_a_second_for_its_length) {
    log_rule rule;
    rule.told(open(1, 100 * s));
    EXPECT_TRUE(rule.take(100 * s + 900 * ms).empty());
    rule.told(ended(1, 950 * ms));
    const auto lines = rule.take(101 * s);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].of.state, stall_state::ended);
    EXPECT_EQ(lines[0].of.at_least_ns, 950 * ms);
    EXPECT_TRUE(rule.take(200 * s).empty());
}

TEST(log_rule, one_that_goes_on_for_longer_is_told_as_it_is_and_its_end_no_more) {
    log_rule rule;
    rule.told(open(1, 100 * s));
    rule.told(open(1, 100 * s + ms)); // another kind, of the same incident
    const auto lines = rule.take(101 * s);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].of.state, stall_state::open);
    EXPECT_EQ(lines[0].of.at_least_ns, 1 * s);
    rule.told(ended(1, 7 * s));
    EXPECT_TRUE(rule.take(107 * s).empty());
}

TEST(log_rule, steps_and_the_end_of_a_countdown_have_a_line_each_at_once) {
    log_rule rule;
    rule.told(open(1, 0));
    rule.told(step(25));
    rule.told(step(50));
    EXPECT_EQ(rule.take(100 * ms).size(), 2U);
    stall end = step(50);
    end.state = stall_state::ended;
    rule.told(end);
    EXPECT_EQ(rule.take(200 * ms).size(), 1U);
}

TEST(log_rule, keeps_below_the_kernel_s_own_limit_with_room_for_countdowns) {
    log_rule rule;
    for (std::uint64_t incident = 1; incident <= 40; incident++) rule.told(ended(incident));
    EXPECT_EQ(rule.take(1 * s).size(), log_rule::most_incidents);
    for (int i = 0; i < 20; i++) rule.told(step(25));
    const auto steps = rule.take(2 * s);
    ASSERT_EQ(steps.size(), log_rule::most_lines - log_rule::most_incidents);
    EXPECT_EQ(steps[0].left_out, 35U);
    EXPECT_EQ(steps[1].left_out, 0U) << "said once";
    EXPECT_EQ(rule.left_out(), 35U + 16U);
    rule.told(ended(41));
    const auto later = rule.take(6 * s); // those of 1 s are out of the window
    ASSERT_EQ(later.size(), 1U);
    EXPECT_EQ(later[0].left_out, 16U);
}

TEST(log_rule, what_waits_at_the_end_is_told) {
    log_rule rule;
    rule.told(open(1, 10 * s));
    rule.told(ended(2));
    EXPECT_EQ(rule.take_rest(10 * s + 300 * ms).size(), 2U);
}

} // namespace
} // namespace irqscope::model

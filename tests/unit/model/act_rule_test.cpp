// SPDX-License-Identifier: BSD-2-Clause
#include "model/act_rule.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {
namespace {

constexpr std::uint64_t s = 1'000'000'000;

stall of(std::uint64_t incident, stall_kind kind = stall_kind::irq_off, stall_state state = stall_state::ended) {
    stall one;
    one.kind = kind;
    one.state = state;
    one.incident = incident;
    return one;
}

class act_rule_test : public testing::Test {
protected:
    act_rule rule_{{{stall_kind::irq_off, stall_kind::softirq_off, stall_kind::lockup}, 10 * s}};
};

TEST_F(act_rule_test, runs_for_the_first_stall_of_an_incident) {
    EXPECT_EQ(rule_.told(of(1), 0), act_verdict::run);
    EXPECT_TRUE(rule_.is_running());
    rule_.over(0);
    EXPECT_EQ(rule_.told(of(1), 20 * s), act_verdict::none) << "it had its turn";
    EXPECT_EQ(rule_.told(of(2), 20 * s), act_verdict::run);
}

TEST_F(act_rule_test, kind_that_is_not_wanted_is_no_turn) {
    EXPECT_EQ(rule_.told(of(1, stall_kind::hardirq_run), 0), act_verdict::none);
    EXPECT_EQ(rule_.told(of(1, stall_kind::softirq_off), 0), act_verdict::run) << "the first that is wanted";
}

TEST_F(act_rule_test, skips_and_counts_what_comes_while_it_runs_or_too_soon) {
    EXPECT_EQ(rule_.told(of(1), 5 * s), act_verdict::run);
    for (std::uint64_t incident = 2; incident < 102; incident++)
        EXPECT_EQ(rule_.told(of(incident), 5 * s + incident), act_verdict::running);
    rule_.over(0);
    EXPECT_EQ(rule_.told(of(102), 15 * s - 1), act_verdict::too_soon);
    EXPECT_EQ(rule_.told(of(102), 15 * s), act_verdict::none) << "its turn is over";
    EXPECT_EQ(rule_.told(of(103), 15 * s), act_verdict::run);
    EXPECT_EQ(rule_.skipped(act_verdict::running), 100U);
    EXPECT_EQ(rule_.skipped(act_verdict::too_soon), 1U);
}

TEST_F(act_rule_test, each_step_of_a_countdown_is_a_turn_and_does_not_wait_for_the_interval) {
    const stall step = of(1, stall_kind::lockup, stall_state::open);
    EXPECT_EQ(rule_.told(of(1), 0), act_verdict::run);
    rule_.over(0);
    for (std::uint64_t at = 1; at <= 3; at++) {
        EXPECT_EQ(rule_.told(step, at * s), act_verdict::run);
        EXPECT_FALSE(rule_.over(at * s));
    }
    EXPECT_EQ(rule_.told(of(1, stall_kind::lockup), 5 * s), act_verdict::none) << "its end is none";
}

TEST_F(act_rule_test, step_of_a_countdown_waits_for_what_runs_and_the_next_takes_its_place) {
    EXPECT_EQ(rule_.told(of(1), 0), act_verdict::run);
    stall step = of(1, stall_kind::lockup, stall_state::open);
    for (const unsigned percent : {25U, 50U}) {
        step.lockup = lockup_count{percent, 0, 0, true, {}, 0};
        EXPECT_EQ(rule_.told(step, 1 * s), act_verdict::waits);
    }
    EXPECT_EQ(rule_.skipped(act_verdict::running), 1U);
    const auto next = rule_.over(2 * s);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->lockup->percent, 50U);
    EXPECT_TRUE(rule_.is_running());
    EXPECT_EQ(rule_.told(of(2), 11 * s), act_verdict::running);
    EXPECT_EQ(rule_.told(step, 11 * s), act_verdict::waits);
    rule_.end();
    EXPECT_EQ(rule_.skipped(act_verdict::running), 3U);
    EXPECT_FALSE(rule_.over(12 * s));
}

TEST_F(act_rule_test, one_that_never_began_leaves_room_for_the_next) {
    EXPECT_EQ(rule_.told(of(1), 0), act_verdict::run);
    rule_.over(0);
    EXPECT_FALSE(rule_.is_running());
}

} // namespace
} // namespace irqscope::model

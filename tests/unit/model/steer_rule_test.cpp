// SPDX-License-Identifier: BSD-2-Clause
#include "model/steer_rule.hpp"

#include "sink/made_stalls.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {

TEST(steer_rule, is_off_until_there_is_a_stall_and_again_when_its_window_is_over) {
    steer_rule rule(100);
    EXPECT_FALSE(rule.is_on(5));
    rule.told(sink::made_irq_off(), 1000);
    EXPECT_TRUE(rule.is_on(1000));
    EXPECT_TRUE(rule.is_on(1099));
    EXPECT_FALSE(rule.is_on(1100));
    rule.told(sink::made_irq_off(), 1150);
    rule.told(sink::made_irq_off(), 1200);
    EXPECT_TRUE(rule.is_on(1299));
    EXPECT_FALSE(rule.is_on(1300));
}

TEST(steer_rule, stays_on_while_a_stall_is_open) {
    steer_rule rule(100);
    stall open = sink::made_irq_off();
    open.state = stall_state::open;
    rule.told(open, 1000);
    rule.told(open, 1010); // a lockup's next step
    EXPECT_TRUE(rule.is_on(1'000'000));
    rule.told(sink::made_irq_off(), 1'000'000); // its end
    EXPECT_TRUE(rule.is_on(1'000'099));
    EXPECT_FALSE(rule.is_on(1'000'100));
    rule.told(open, 2'000'000);
    rule.over(open, 3'000'000); // its end went unseen
    EXPECT_FALSE(rule.is_on(3'000'100));
}

// A turn's time is taken before what is told in it.
TEST(steer_rule, is_on_at_a_time_before_the_last_that_was_told) {
    steer_rule rule(100);
    rule.told(sink::made_irq_off(), 1000);
    EXPECT_TRUE(rule.is_on(999));
}

TEST(steer_rule, stall_whose_end_was_lost_is_over_with_the_next_of_its_series) {
    steer_rule rule(100);
    stall open = sink::made_irq_off();
    open.state = stall_state::open;
    rule.told(open, 1000);
    stall other = open;
    other.cpu = 3;
    other.state = stall_state::ended;
    rule.told(other, 1010);
    EXPECT_TRUE(rule.is_on(5000)) << "another CPU's";
    other.cpu = open.cpu;
    other.start_ns = open.start_ns + 1;
    rule.told(other, 6000);
    EXPECT_FALSE(rule.is_on(6100));
}

} // namespace irqscope::model

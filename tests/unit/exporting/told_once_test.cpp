// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/told_once.hpp"

#include "sink/made_stalls.hpp"

#include <gtest/gtest.h>

namespace irqscope::exporting {

namespace {

model::stall open(model::stall one) {
    one.state = model::stall_state::open;
    one.at_least_ns /= 2;
    return one;
}

class told_once_of : public testing::Test {
protected:
    void tell(const std::vector<model::stall>& all) {
        for (const model::stall& one : all) once_.told(one);
    }
    std::vector<model::stall> told_;
    told_once once_{[this](const model::stall& one) { told_.push_back(one); }};
};

} // namespace

TEST_F(told_once_of, ended_stall_is_told_at_once) {
    tell({sink::made_irq_off(), sink::made_irq_off()});
    EXPECT_EQ(told_.size(), 2U);
}

TEST_F(told_once_of, open_stall_is_told_at_its_end_with_its_length) {
    const model::stall whole = sink::made_irq_off();
    tell({open(whole)});
    EXPECT_TRUE(told_.empty());
    tell({whole});
    once_.rest();
    ASSERT_EQ(told_.size(), 1U);
    EXPECT_EQ(told_[0].at_least_ns, whole.at_least_ns);
}

TEST_F(told_once_of, open_stall_whose_end_never_comes_is_told_in_the_end_as_it_was_last) {
    model::stall first = open(sink::made_irq_off());
    model::stall next = first;
    next.at_least_ns += 5;
    model::stall other = first;
    other.cpu = 3;
    tell({first, other, next});
    EXPECT_TRUE(told_.empty());
    once_.rest();
    ASSERT_EQ(told_.size(), 2U);
    EXPECT_EQ(told_[0].at_least_ns, next.at_least_ns);
    EXPECT_EQ(told_[1].cpu, 3);
}

TEST_F(told_once_of, number_of_those_that_wait_is_bounded_and_none_is_lost) {
    model::stall one = open(sink::made_irq_off());
    for (std::size_t i = 0; i <= told_once::most_open; i++) {
        one.start_ns++;
        once_.told(one);
    }
    EXPECT_EQ(told_.size(), 1U);
    once_.rest();
    EXPECT_EQ(told_.size(), told_once::most_open + 1);
}

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
#include "model/snapshot.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {

TEST(coverage, all_beats_are_the_sum_of_each_cpus) {
    coverage made;
    EXPECT_EQ(made.all_beats().due, 0U);
    EXPECT_FALSE(made.all_beats().soft) << "there are none";
    made.heartbeats[0] = {100, 90, 3, 4, 5, 1, true};
    made.heartbeats[3] = {200, 150, 2, 1, 7, 0, true};
    beats all = made.all_beats();
    EXPECT_EQ(all.due, 300U);
    EXPECT_EQ(all.seen, 240U);
    EXPECT_EQ(all.late, 5U);
    EXPECT_EQ(all.skipped, 5U);
    EXPECT_EQ(all.unseen, 12U);
    EXPECT_EQ(all.restarts, 1U);
    EXPECT_TRUE(all.soft);
    EXPECT_EQ(all.served(), 252U) << "skipped ones were no interrupts";
    made.heartbeats[3].soft = false;
    EXPECT_FALSE(made.all_beats().soft);
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "model/lost.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {

TEST(lost, fresh_one_is_nothing) { EXPECT_TRUE(lost{}.nothing()); }

TEST(lost, kinds_that_count_zero_are_nothing) {
    lost zeros;
    zeros.counts["softirq_raise"] = 0;
    zeros.recursion_misses["softirq_entry"] = 0;
    EXPECT_TRUE(zeros.nothing());
}

TEST(lost, each_kind_of_loss_alone_is_something) {
    lost one;
    one.counts["softirq_raise"] = 1;
    EXPECT_FALSE(one.nothing());
    lost misses;
    misses.recursion_misses["softirq_entry"] = 1;
    EXPECT_FALSE(misses.nothing());
    lost gone;
    gone.cpus_gone = {3};
    EXPECT_FALSE(gone.nothing());
    lost come;
    come.cpus_come = {3};
    EXPECT_FALSE(come.nothing());
}

TEST(lost, merge_adds_by_kind_and_by_program) {
    lost all;
    all.counts["hardirq_exit"] = 2;
    all.recursion_misses["softirq_entry"] = 10;
    all.cpus_gone = {1};
    lost more;
    more.counts["hardirq_exit"] = 3;
    more.counts["context"] = 1;
    more.recursion_misses["softirq_exit"] = 4;
    more.cpus_gone = {2};
    more.cpus_come = {5};
    all.merge(more);
    EXPECT_EQ(all.counts, (std::map<std::string, std::uint64_t>{{"hardirq_exit", 5}, {"context", 1}}));
    EXPECT_EQ(all.recursion_misses, (std::map<std::string, std::uint64_t>{{"softirq_entry", 10}, {"softirq_exit", 4}}));
    EXPECT_EQ(all.cpus_gone, (std::vector<int>{1, 2}));
    EXPECT_EQ(all.cpus_come, std::vector<int>{5});
}

} // namespace irqscope::model

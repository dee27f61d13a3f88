// SPDX-License-Identifier: BSD-2-Clause
#include "host/affinity.hpp"

#include <gmock/gmock.h>
#include <sched.h>

namespace irqscope::host {

TEST(affinity, is_what_the_kernel_was_told) {
    const auto before = own_cpus();
    ASSERT_FALSE(before.empty());
    ASSERT_TRUE(run_on(0, {before.back()}));
    EXPECT_THAT(own_cpus(), testing::ElementsAre(before.back()));
    EXPECT_EQ(sched_getcpu(), before.back());
    EXPECT_TRUE(run_on(0, before));
    EXPECT_EQ(own_cpus(), before);
}

TEST(affinity, stays_where_no_cpu_is_left) {
    const auto before = own_cpus();
    EXPECT_FALSE(run_on(0, {}));
    EXPECT_FALSE(run_on(0, {8191}));
    EXPECT_FALSE(run_on(0, {1'000'000})); // beyond what a mask can hold
    EXPECT_EQ(own_cpus(), before);
}

} // namespace irqscope::host

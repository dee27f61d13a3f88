// SPDX-License-Identifier: BSD-2-Clause
#include "model/stalls_report.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace irqscope::model {

TEST(stalls_report, asides_have_the_names_of_the_documents) {
    std::vector<std::string> names;
    for (const aside why : all_asides) names.emplace_back(name_of(why));
    EXPECT_EQ(names, (std::vector<std::string>{"idle_exit", "steal", "suspend", "away", "hang", "unwatched"}));
}

TEST(stalls_report, set_aside_counts_adds_and_keeps_the_largest) {
    set_aside some;
    some.add(5);
    some.add(9);
    some.add(7);
    EXPECT_EQ(some.count, 3U);
    EXPECT_EQ(some.total_ns, 21U);
    EXPECT_EQ(some.max_ns, 9U);
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/places.hpp"

#include <gmock/gmock.h>
#include <numeric>

namespace irqscope::cli {

namespace {

using parts = std::vector<std::vector<int>>;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::size_t> ranks(const std::vector<place>& all) {
    std::vector<std::size_t> found;
    for (const place& one : all) found.push_back(one.rank);
    return found;
}

parts cpus(const std::vector<place>& all) {
    parts found;
    for (const place& one : all) found.push_back(one.cpus);
    return found;
}

} // namespace

TEST(deal, one_cpu_is_one_part) { EXPECT_EQ(deal({3}, 4), (parts{{3}})); }

TEST(deal, fewer_cpus_than_parts) { EXPECT_EQ(deal({0, 5}, 4), (parts{{0}, {5}})); }

TEST(deal, neighbours_stay_together) {
    EXPECT_EQ(deal({0, 1, 2, 3, 8, 9, 10, 11}, 4), (parts{{0, 1}, {2, 3}, {8, 9}, {10, 11}}));
}

TEST(deal, nobody_gets_nothing_and_no_cpu_is_left_over) {
    for (std::size_t count = 1; count <= 130; count++) {
        std::vector<int> all(count);
        std::iota(all.begin(), all.end(), 0);
        std::vector<int> dealt;
        for (const auto& part : deal(all, 4)) {
            EXPECT_FALSE(part.empty()) << count;
            EXPECT_LE(part.size(), count / 4 + 1) << count;
            dealt.insert(dealt.end(), part.begin(), part.end());
        }
        EXPECT_EQ(dealt, all);
    }
}

TEST(deal, nothing_known_is_no_part) { EXPECT_THAT(deal({}, 4), IsEmpty()); }

TEST(places, each_in_its_part_in_order) {
    const auto found = places({{0, 1}, {2, 3}}, {});
    EXPECT_EQ(cpus(found), (parts{{0, 1}, {2, 3}}));
    EXPECT_THAT(ranks(found), ElementsAre(0, 1));
}

TEST(places, not_on_a_stalled_cpu_while_there_is_another) {
    const auto found = places({{0, 1}, {2, 3}}, {1, 2});
    EXPECT_EQ(cpus(found), (parts{{0}, {3}}));
    EXPECT_THAT(ranks(found), ElementsAre(0, 1));
}

TEST(places, whose_cpus_are_all_stalled_comes_last_and_stays) {
    const auto found = places({{0}, {1}, {2}}, {0});
    EXPECT_EQ(cpus(found), (parts{{0}, {1}, {2}}));
    EXPECT_THAT(ranks(found), ElementsAre(2, 0, 1));
}

TEST(places, all_cpus_stalled_is_as_before) {
    const auto found = places({{0}, {1}}, {0, 1});
    EXPECT_EQ(cpus(found), (parts{{0}, {1}}));
    EXPECT_THAT(ranks(found), ElementsAre(0, 1));
}

TEST(places, stalled_cpus_of_nobody_do_not_matter) { EXPECT_EQ(cpus(places({{4, 5}}, {0, 1, 2})), (parts{{4, 5}})); }

TEST(places, unknown_cpus_are_one_place) {
    const auto found = places({{}}, {0});
    EXPECT_EQ(cpus(found), (parts{{}}));
    EXPECT_THAT(ranks(found), ElementsAre(0));
}

} // namespace irqscope::cli

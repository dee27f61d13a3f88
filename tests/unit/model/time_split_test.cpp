// SPDX-License-Identifier: BSD-2-Clause
#include "model/time_split.hpp"

#include <gtest/gtest.h>
#include <numeric>

namespace irqscope::model {

namespace {

constexpr std::uint64_t first_ns = 1'000;

std::uint64_t sum(const breakdown& of) { return std::accumulate(of.ns.begin(), of.ns.end(), std::uint64_t{0}); }

// By the parts that are named; at_ns as it has to be.
part_totals made(const std::map<part, std::uint64_t>& parts) {
    part_totals totals;
    totals.at_ns = first_ns;
    for (const auto& [which, ns] : parts) {
        totals.ns.at(static_cast<std::size_t>(which)) = ns;
        totals.at_ns += ns;
    }
    return totals;
}

} // namespace

TEST(time_split, is_what_the_totals_have_grown) {
    const auto from = made({{part::task, 500}, {part::hardirq, 10}});
    const auto to = made({{part::task, 700}, {part::hardirq, 15}, {part::idle, 1000}});
    const auto split = split_of(3, from, to, {});
    ASSERT_TRUE(split);
    EXPECT_EQ(split->cpu, 3);
    EXPECT_EQ(split->where.start_ns, first_ns + 510);
    EXPECT_EQ(split->where.end_ns, first_ns + 1715);
    EXPECT_EQ(split->where.at(part::task), 200U);
    EXPECT_EQ(split->where.at(part::hardirq), 5U);
    EXPECT_EQ(split->where.at(part::idle), 1000U);
    EXPECT_EQ(sum(split->where), split->where.length_ns());
    EXPECT_EQ(split->steal, steal_source::unknown);
    EXPECT_FALSE(split->user_ns);
    EXPECT_FALSE(split->system_ns());
}

TEST(time_split, cpu_without_an_edge_before_begins_with_its_first) {
    const auto split = split_of(0, {}, made({{part::idle, 70}}), {});
    ASSERT_TRUE(split);
    EXPECT_EQ(split->where.start_ns, first_ns);
    EXPECT_EQ(split->where.length_ns(), 70U);
}

TEST(time_split, cpu_without_an_edge_or_without_time_has_none) {
    EXPECT_FALSE(split_of(0, {}, {}, {}));
    const auto once = made({{part::task, 5}});
    EXPECT_FALSE(split_of(0, once, once, {}));
    EXPECT_FALSE(split_of(0, {}, made({}), {})) << "one edge";
    EXPECT_FALSE(split_of(0, made({{part::task, 6}}), once, {})) << "the clock does not go back";
}

TEST(time_split, what_ran_at_the_last_edge_has_gone_on) {
    auto totals = made({{part::task, 100}});
    totals.current = part::idle;
    totals.extend(first_ns + 50); // before the last edge
    EXPECT_EQ(totals.at_ns, first_ns + 100);
    totals.extend(first_ns + 1100);
    EXPECT_EQ(totals.ns.at(static_cast<std::size_t>(part::idle)), 1000U);
    EXPECT_EQ(totals.at_ns, first_ns + 1100);
    EXPECT_EQ(totals.first_ns(), first_ns);
    part_totals unseen;
    unseen.extend(5'000);
    EXPECT_FALSE(unseen.seen());
}

TEST(time_split, time_in_no_total_is_unexplained) {
    auto to = made({{part::task, 900}});
    to.at_ns += 40;
    const auto where = between(made({}), to);
    ASSERT_TRUE(where);
    EXPECT_EQ(where->at(part::task), 900U);
    EXPECT_EQ(where->at(part::unexplained), 40U);
}

TEST(time_split, nothing_is_negative_and_the_sum_stays_whole) {
    // the first reading took 30 ns for the task's that were an interrupt's
    const auto from = made({{part::task, 130}});
    const auto to = made({{part::task, 100}, {part::sysvec, 80}, {part::idle, 20}});
    const auto where = between(from, to);
    ASSERT_TRUE(where);
    EXPECT_EQ(where->length_ns(), 70U);
    EXPECT_EQ(where->at(part::task), 0U);
    EXPECT_EQ(where->at(part::sysvec), 50U);
    EXPECT_EQ(where->at(part::idle), 20U);
}

TEST(time_split, what_was_charged_twice_is_taken_from_the_largest_parts) {
    auto to = made({{part::task, 40}, {part::idle, 30}, {part::softirq, 10}});
    to.at_ns -= 75;
    const auto where = between(made({}), to);
    ASSERT_TRUE(where);
    EXPECT_EQ(where->length_ns(), 5U);
    EXPECT_EQ(sum(*where), 5U);
}

TEST(time_split, steal_is_the_growth_since_the_first_beat) {
    auto from = made({{part::task, 100}});
    auto to = made({{part::task, 1100}, {part::idle, 10}});
    to.steal_ns = 60;
    auto split = split_of(0, from, to, tick_growth{0, 0, 9'999});
    EXPECT_EQ(split->where.at(part::steal), 60U) << "no beat had come: it counts from the first one";
    EXPECT_EQ(split->where.at(part::task), 940U);
    EXPECT_EQ(split->steal, steal_source::runqueue);
    from.steal_ns = 45;
    split = split_of(0, from, to, {});
    EXPECT_EQ(split->where.at(part::steal), 15U);
    from.steal_ns = 70; // it does not go back
    EXPECT_EQ(split_of(0, from, to, {})->where.at(part::steal), 0U);
}

TEST(time_split, steal_without_beats_is_proc_stats) {
    const auto split = split_of(0, made({}), made({{part::task, 1000}}), tick_growth{0, 0, 5'000});
    EXPECT_EQ(split->steal, steal_source::proc_stat);
    EXPECT_EQ(split->where.at(part::steal), 1000U) << "no more than there is";
    EXPECT_EQ(split->where.at(part::task), 0U);
}

TEST(time_split, what_was_seen_as_away_is_steal_and_in_the_count_of_it) {
    auto to = made({{part::task, 1000}, {part::steal, 40}});
    const auto uncounted = split_of(0, made({}), to, {}).value();
    EXPECT_EQ(uncounted.where.at(part::steal), 40U);
    EXPECT_EQ(uncounted.steal, steal_source::away);
    to.steal_ns = 60;
    const auto counted = split_of(0, made({}), to, {}).value();
    EXPECT_EQ(counted.where.at(part::steal), 60U);
    EXPECT_EQ(counted.where.at(part::task), 980U);
    EXPECT_EQ(counted.steal, steal_source::runqueue);
    to.steal_ns = 30; // a hypervisor below the one that counts
    EXPECT_EQ(split_of(0, made({}), to, {})->where.at(part::steal), 40U);
    EXPECT_EQ(split_of(0, made({}), to, {})->where.at(part::task), 1000U);
    const auto nothing = split_of(1, made({}), made({{part::task, 10}}), {}).value();
    EXPECT_EQ(nothing.steal, steal_source::unknown);
    EXPECT_EQ(sum_of({uncounted, nothing}).steal, steal_source::away);
    EXPECT_EQ(sum_of({uncounted, nothing}).where.at(part::steal), 40U);
}

TEST(time_split, task_is_split_in_the_ratio_of_the_ticks) {
    const auto split = split_of(0, made({}), made({{part::task, 1000}, {part::idle, 500}}), tick_growth{3, 1, 0});
    EXPECT_EQ(split->ticks, 4U);
    EXPECT_EQ(split->user_ns, 750U);
    EXPECT_EQ(split->system_ns(), 250U);
    EXPECT_FALSE(split_of(0, made({}), made({{part::task, 5}}), tick_growth{0, 0, 0})->user_ns) << "no tick";
    const auto all = split_of(0, made({}), made({{part::task, UINT64_MAX / 4}}), tick_growth{UINT64_MAX / 4, 0, 0});
    EXPECT_EQ(all->system_ns(), 0U);
}

TEST(time_split, sum_of_cpus) {
    auto one = split_of(0, made({}), made({{part::task, 1000}, {part::idle, 500}}), tick_growth{3, 1, 0}).value();
    auto other = split_of(1, made({}), made({{part::task, 20}, {part::idle, 980}}), tick_growth{0, 0, 0}).value();
    const auto all = sum_of({one, other});
    EXPECT_EQ(all.where.length_ns(), 2500U);
    EXPECT_EQ(sum(all.where), 2500U);
    EXPECT_EQ(all.where.at(part::task), 1020U);
    EXPECT_EQ(all.user_ns, 765U) << "the CPU without a tick as the others";
    EXPECT_EQ(all.ticks, 4U);
    EXPECT_EQ(all.steal, steal_source::proc_stat);
    other.steal = steal_source::runqueue;
    EXPECT_EQ(sum_of({one, other}).steal, steal_source::proc_stat);
    other.steal = steal_source::unknown;
    EXPECT_EQ(sum_of({one, other}).steal, steal_source::unknown);
    EXPECT_EQ(sum_of({}).where.length_ns(), 0U);
}

TEST(settled_totals, reading_with_the_known_first_edge_fits_at_once) {
    const auto before = made({{part::task, 10}});
    settled_totals settled(totals_by_cpu{{0, before}});
    EXPECT_TRUE(settled.take({{0, made({{part::task, 30}, {part::idle, 5}})}}));
    EXPECT_EQ(settled.totals().at(0).at_ns, first_ns + 35);
}

TEST(settled_totals, reading_between_two_writes_is_done_again) {
    settled_totals settled(totals_by_cpu{{0, made({{part::task, 10}})}, {1, made({{part::idle, 10}})}});
    auto torn = made({{part::task, 30}});
    torn.at_ns -= 20; // charged, and the time not yet written
    EXPECT_FALSE(settled.take({{0, torn}, {1, made({{part::idle, 40}})}}));
    EXPECT_TRUE(settled.take({{0, made({{part::task, 31}})}, {1, made({{part::idle, 90}})}}));
    EXPECT_EQ(settled.totals().at(0).at_ns, first_ns + 31);
    EXPECT_EQ(settled.totals().at(1).at_ns, first_ns + 40) << "that one had settled";
}

TEST(settled_totals, new_cpu_needs_two_that_agree) {
    settled_totals settled(totals_by_cpu{{0, {}}});
    auto torn = made({{part::task, 30}});
    torn.at_ns -= 3;
    EXPECT_FALSE(settled.take({{0, torn}}));
    EXPECT_FALSE(settled.take({{0, made({{part::task, 31}})}}));
    EXPECT_TRUE(settled.take({{0, made({{part::task, 39}})}}));
}

TEST(settled_totals, cpu_without_an_edge_needs_no_second_reading) {
    settled_totals settled{totals_by_cpu{}};
    EXPECT_TRUE(settled.take({{0, {}}, {1, {}}}));
    EXPECT_EQ(settled.totals().size(), 2U);
}

TEST(settled_totals, cpu_that_never_fits_has_its_last_reading) {
    settled_totals settled(totals_by_cpu{{0, made({})}});
    for (std::uint64_t i = 1; i < 5; i++) {
        auto torn = made({{part::task, 10 * i}});
        torn.at_ns += i;
        EXPECT_FALSE(settled.take({{0, torn}}));
    }
    EXPECT_EQ(settled.totals().at(0).at_ns, first_ns + 44);
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/table.hpp"

#include <gtest/gtest.h>

namespace irqscope::stream {

namespace {

wire_irq_slot slot(std::uint32_t irq, char name) {
    wire_irq_slot made{};
    made.irq = irq;
    made.claimed = 1;
    made.name[0] = name;
    return made;
}

} // namespace

TEST(table, cell_is_made_on_first_use_and_found_again) {
    table counts;
    EXPECT_EQ(counts.find(5, 7), nullptr);
    counts.at(5, 7).values.count(10);
    counts.at(5, 7).values.count(20);
    ASSERT_NE(counts.find(5, 7), nullptr);
    EXPECT_EQ(counts.find(5, 7)->values.samples(), 2U);
    EXPECT_EQ(counts.find(5, 8), nullptr);
    EXPECT_EQ(counts.find(4, 7), nullptr);
    EXPECT_EQ(counts.find(6, 7), nullptr);
}

TEST(table, cell_stays_where_it_is_when_others_are_made) {
    table counts;
    table::cell& first = counts.at(0, 0);
    for (int cpu = 1; cpu < 300; cpu++) counts.at(cpu, 3);
    first.values.count(1);
    EXPECT_EQ(counts.find(0, 0)->values.samples(), 1U);
}

TEST(table, index_that_cannot_be_is_not_written_to) {
    table counts;
    EXPECT_THROW(counts.at(0, WIRE_HISTS), std::out_of_range);
    EXPECT_EQ(counts.find(0, WIRE_HISTS), nullptr);
    EXPECT_EQ(counts.find(-1, 0), nullptr);
}

TEST(table, merge_adds_cell_by_cell) {
    table to;
    table from;
    to.at(0, 1).values.count(10);
    from.at(0, 1).values.count(30);
    from.at(0, 1).dropped = 2;
    from.at(9, 4).values.count(5);
    to.merge(from);
    EXPECT_EQ(to.find(0, 1)->values.sum_ns(), 40U);
    EXPECT_EQ(to.find(0, 1)->dropped, 2U);
    EXPECT_EQ(to.find(9, 4)->values.samples(), 1U);
    EXPECT_EQ(from.find(0, 1)->values.samples(), 1U);
}

TEST(table, names_what_counted_or_was_dropped_and_nothing_else) {
    table counts;
    counts.at(1, WIRE_HIST_SOFTIRQ_LATENCY + 3).values.count(10);
    counts.at(2, WIRE_HIST_SYSVEC_RUN).dropped = 4;
    counts.at(2, WIRE_HIST_SYSVEC_RUN + 1); // touched, never counted
    const auto all = counts.named(catalog{});
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id.key, "NET_RX");
    EXPECT_EQ(all[0].cpu, 1);
    EXPECT_EQ(all[1].id.key, "local_timer");
    EXPECT_EQ(all[1].dropped, 4U);
    EXPECT_TRUE(all[1].values.empty());
}

TEST(table, two_slots_of_one_name_and_irq_become_one_series) {
    // a driver that was loaded anew has another irqaction at the same IRQ
    catalog names;
    names.set_slots(0, {slot(24, 'n'), slot(25, 'n'), slot(24, 'n')});
    table counts;
    for (std::uint32_t number = 0; number < 3; number++) {
        counts.at(0, WIRE_HIST_HARDIRQ_RUN + number).values.count(100);
        counts.at(0, WIRE_HIST_HARDIRQ_RUN + number).dropped = 1;
    }
    const auto all = counts.named(names);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id.irq, 24U);
    EXPECT_EQ(all[0].values.samples(), 2U);
    EXPECT_EQ(all[0].dropped, 2U);
    EXPECT_EQ(all[1].id.irq, 25U);
    EXPECT_EQ(all[1].values.samples(), 1U);
}

TEST(table, same_slot_number_on_two_cpus_may_be_two_things) {
    catalog names;
    names.set_slots(0, {slot(24, 'a')});
    names.set_slots(1, {slot(30, 'b')});
    table counts;
    counts.at(0, WIRE_HIST_HARDIRQ_RUN).values.count(1);
    counts.at(1, WIRE_HIST_HARDIRQ_RUN).values.count(1);
    const auto all = counts.named(names);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id.key, "a");
    EXPECT_EQ(all[1].id.key, "b");
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "model/stall_totals.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {

namespace {

stall stall_of(stall_kind kind, std::uint64_t hardirq_ns, std::uint64_t task_ns) {
    stall one;
    one.kind = kind;
    one.at_least_ns = hardirq_ns + task_ns;
    one.where.emplace();
    one.where->end_ns = one.at_least_ns;
    one.where->at(part::hardirq) = hardirq_ns;
    one.where->at(part::task) = task_ns;
    return one;
}

} // namespace

TEST(stall_totals, add_the_parts_of_each_kind) {
    stall_totals sum;
    sum.add(stall_of(stall_kind::irq_off, 10, 90));
    sum.add(stall_of(stall_kind::irq_off, 5, 15));
    sum.add(stall_of(stall_kind::softirq_off, 1, 2));
    stall unknown = stall_of(stall_kind::irq_off, 0, 0);
    unknown.where.reset();
    sum.add(unknown);
    const kind_total& irq_off = sum.kinds.at(stall_kind::irq_off);
    EXPECT_EQ(irq_off.stalls, 3U);
    EXPECT_EQ(irq_off.broken_down, 2U);
    EXPECT_EQ(irq_off.at(part::hardirq), 15U);
    EXPECT_EQ(irq_off.at(part::task), 105U);
    EXPECT_EQ(irq_off.all_ns(), 120U);
    EXPECT_EQ(sum.kinds.at(stall_kind::softirq_off).all_ns(), 3U);
    EXPECT_TRUE(sum.causes.empty());
}

TEST(stall_totals, count_a_stall_when_it_has_ended) {
    stall_totals sum;
    stall one = stall_of(stall_kind::irq_off, 1, 1);
    one.state = stall_state::open;
    sum.add(one);
    EXPECT_TRUE(sum.kinds.empty());
    one.state = stall_state::ended;
    sum.add(one);
    EXPECT_EQ(sum.kinds.at(stall_kind::irq_off).stalls, 1U);
}

TEST(stall_totals, say_why_ksoftirqd_took_so_long) {
    stall_totals sum;
    for (const auto& [hardirq_ns, task_ns] : {std::pair(80, 20), std::pair(70, 10), std::pair(10, 50)}) {
        stall one = stall_of(stall_kind::ksoftirqd, static_cast<std::uint64_t>(hardirq_ns),
                             static_cast<std::uint64_t>(task_ns));
        one.activation.emplace();
        sum.add(one);
    }
    ASSERT_EQ(sum.causes.size(), 2U);
    EXPECT_EQ(sum.causes.at(cause::hardirq_bound).activations, 2U);
    EXPECT_EQ(sum.causes.at(cause::hardirq_bound).total_ns, 180U);
    EXPECT_EQ(sum.causes.at(cause::hardirq_bound).longest_ns, 100U);
    EXPECT_EQ(sum.causes.at(cause::starved).activations, 1U);
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/split_reader.hpp"

#include <gtest/gtest.h>

namespace irqscope::probe {

using model::part;

namespace {

std::uint64_t at(const model::part_totals& from, part which) { return from.ns.at(static_cast<std::size_t>(which)); }

} // namespace

TEST(split_reader, classes_are_parts_and_what_runs_goes_on) {
    wire_cpu_state state{};
    for (std::uint32_t i = 0; i < WIRE_CLASSES; i++) state.totals.ns[i] = 10 + i; // NOLINT(*-constant-array-index)
    state.totals.at_ns = 1'000;
    state.task_class = WIRE_CLASS_SOFTIRQ;
    const auto totals = totals_of(state, 1'500);
    EXPECT_EQ(at(totals, part::unexplained), 10U);
    EXPECT_EQ(at(totals, part::hardirq), 11U);
    EXPECT_EQ(at(totals, part::sysvec), 12U);
    EXPECT_EQ(at(totals, part::softirq), 13U + 500U);
    EXPECT_EQ(at(totals, part::ksoftirqd), 14U);
    EXPECT_EQ(at(totals, part::task), 15U);
    EXPECT_EQ(at(totals, part::idle), 16U);
    EXPECT_EQ(at(totals, part::steal), 17U);
    EXPECT_EQ(totals.at_ns, 1'500U);
    EXPECT_FALSE(totals.steal_ns);
}

TEST(split_reader, edge_after_the_clock_was_read_stays) {
    wire_cpu_state state{};
    state.totals.at_ns = 2'000;
    state.task_class = WIRE_CLASS_IDLE;
    EXPECT_EQ(totals_of(state, 1'500).at_ns, 2'000U);
}

TEST(split_reader, cpu_without_an_edge_has_no_time) { EXPECT_FALSE(totals_of(wire_cpu_state{}, 1'500).seen()); }

TEST(split_reader, steal_counts_from_the_first_beat) {
    wire_cpu_state state{};
    state.steal_known = 1;
    state.first_steal_ns = 700;
    state.steal_ns = 750;
    EXPECT_EQ(totals_of(state, 0).steal_ns, 50U);
}

TEST(split_reader, class_that_there_is_not_is_no_overrun) {
    wire_cpu_state state{};
    state.task_class = ~0U; // between two writes
    state.totals.at_ns = 1;
    EXPECT_EQ(totals_of(state, 5).at_ns, 5U);
}

} // namespace irqscope::probe

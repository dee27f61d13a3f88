// SPDX-License-Identifier: BSD-2-Clause
#include "probe/stuck.hpp"

#include "probe/beat_cost.hpp"

#include <gtest/gtest.h>

namespace irqscope::probe {

namespace {

constexpr std::uint64_t due_ns = 5'000'000'000;
constexpr std::uint64_t late_ns = due_ns + stuck_after_ns;

wire_cpu_state beaten() {
    wire_cpu_state state{};
    state.beats.generation = 1;
    state.due_ns = due_ns;
    return state;
}

} // namespace

TEST(stuck, cpu_whose_beats_have_stopped_is_open) {
    const by_cpu<wire_cpu_state> states{{0, beaten()}, {1, beaten()}};
    EXPECT_TRUE(find_stuck(states, {0, 1}, {}, late_ns - 1).empty());
    const auto found = find_stuck(states, {1}, {}, late_ns);
    ASSERT_EQ(found.size(), 1U) << "CPU 0 should not beat";
    EXPECT_EQ(found[0].cpu, 1);
    EXPECT_EQ(found[0].kind, model::stall_kind::irq_off);
    EXPECT_EQ(found[0].state, model::stall_state::open);
    EXPECT_EQ(found[0].start_ns, due_ns);
    EXPECT_EQ(found[0].at_least_ns, stuck_after_ns);
    EXPECT_FALSE(found[0].culprit);
}

TEST(stuck, what_has_begun_there_is_the_culprit) {
    wire_cpu_state state = beaten();
    state.softirq.start_ns = due_ns - 100;
    state.softirq.vector = 3;
    by_cpu<wire_cpu_state> states{{0, state}};
    auto found = find_stuck(states, {0}, {}, late_ns);
    ASSERT_TRUE(found.at(0).culprit);
    EXPECT_EQ(found[0].culprit->key, "NET_RX");
    EXPECT_EQ(found[0].culprit_ns, stuck_after_ns) << "what it took of the stall";
    state.depth = 1;
    state.interrupts[0].key = WIRE_SYSVEC_CALL_FUNCTION;
    state.interrupts[0].start_ns = due_ns + 1000;
    states[0] = state;
    found = find_stuck(states, {0}, {}, late_ns);
    EXPECT_EQ(found.at(0).culprit->key, "call_function") << "the interrupt is on top of it";
    EXPECT_EQ(found[0].culprit_ns, stuck_after_ns - 1000);
}

TEST(stuck, cpu_that_never_beat_says_nothing) {
    EXPECT_TRUE(find_stuck({{0, wire_cpu_state{}}}, {0, 7}, {}, late_ns).empty());
}

TEST(beat_cost, suggests_the_shortest_period_that_takes_a_hundredth) {
    EXPECT_EQ(suggest_beat_ns(0), 1'000'000U);
    EXPECT_EQ(suggest_beat_ns(10'000), 1'000'000U);
    EXPECT_EQ(suggest_beat_ns(10'001), 2'000'000U);
    EXPECT_EQ(suggest_beat_ns(40'000), 4'000'000U);
    EXPECT_EQ(suggest_beat_ns(10'000'000), 100'000'000U);
}

} // namespace irqscope::probe

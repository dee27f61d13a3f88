// SPDX-License-Identifier: BSD-2-Clause
// bpf/pause.bpf.h: a softirq of PREEMPT_RT, whose task loses its CPU in the middle of it.
#include "bpf/beating.hpp"

#include <numeric>

namespace irqscope::fake {

namespace {

constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t timer_vector = 1;
constexpr std::uint32_t run_of_net_rx = std::uint32_t{WIRE_HIST_SOFTIRQ_RUN} + net_rx * WIRE_CONTEXTS;

} // namespace

class pauses : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        config.pauses = 1;
        config.totals = 1;
        config.serving = 0; // as there
        want({WIRE_STALL_SOFTIRQ_RUN});
        on().switch_to(server);
        first_ns = on().now_ns;
    }
    void TearDown() override {
        const wire_totals& totals = state().totals;
        EXPECT_EQ(std::accumulate(std::begin(totals.ns), std::end(totals.ns), std::uint64_t{0}),
                  totals.at_ns - first_ns);
        beating::TearDown();
    }
    [[nodiscard]] static std::uint64_t total(wire_class which) { return state().totals.ns[which]; }
    // The server is preempted, another runs, and it comes back.
    void lose_cpu_for(std::uint64_t ns) const {
        on().switch_to(other, true);
        on().pass(ns);
        on().switch_to(server);
    }

    void* nic = fake_action("nic");
    void* server = fake_task(0, 700);
    void* other = fake_task(1, 701);
    std::uint64_t first_ns = 0;
};

TEST_F(pauses, run_is_what_it_had_of_the_cpu) {
    on().pass(5 * us);
    on().enter(net_rx);
    on().pass(100 * us);
    handle(nic, 10 * us);
    on().switch_to(other, true);
    on().pass(400 * us);
    handle(nic, 30 * us); // the other's
    on().switch_to(server);
    on().pass(50 * us);
    lose_cpu_for(7 * us);
    on().pass(20 * us);
    on().leave(net_rx);
    on().pass(3 * us);
    on().switch_to(other);
    const wire_histogram& run = on().histogram(run_of_net_rx);
    EXPECT_EQ(run.count, 1U);
    EXPECT_EQ(run.sum_ns, 180 * us);
    EXPECT_EQ(run.nested_ns, 10 * us);
    EXPECT_EQ(total(WIRE_CLASS_SOFTIRQ), 170 * us);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 40 * us);
    EXPECT_EQ(total(WIRE_CLASS_TASK), 5 * us + 400 * us + 7 * us + 3 * us);
    EXPECT_EQ(total(WIRE_CLASS_UNEXPLAINED), 0U);
    EXPECT_EQ(state().lost[WIRE_LOST_SOFTIRQ_ENTRY], 0U);
    EXPECT_EQ(state().lost[WIRE_LOST_SOFTIRQ_EXIT], 0U);
}

TEST_F(pauses, next_one_begins_anew) {
    on().enter(net_rx);
    on().pass(100 * us);
    lose_cpu_for(1 * ms);
    on().leave(net_rx);
    on().enter(net_rx);
    on().pass(30 * us);
    on().leave(net_rx);
    on().switch_to(other);
    const wire_histogram& run = on().histogram(run_of_net_rx);
    EXPECT_EQ(run.count, 2U);
    EXPECT_EQ(run.sum_ns, 130 * us);
}

TEST_F(pauses, stall_is_as_long_as_it_ran_and_open_and_ended_are_one) {
    const std::uint64_t begin_ns = on().now_ns;
    on().enter(net_rx);
    on().pass(400 * us);
    on().switch_to(other, true);
    beat_unseen(5);
    on().pass(600 * us);
    on().switch_to(server);
    beat();
    EXPECT_TRUE(stalls(WIRE_STALL_SOFTIRQ_RUN).empty()) << "so long it did not run";
    beat();
    const auto open = stalls(WIRE_STALL_SOFTIRQ_RUN);
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(open[0].state, WIRE_STALL_OPEN);
    EXPECT_EQ(open[0].start_ns, begin_ns);
    lose_cpu_for(1 * ms);
    on().leave(net_rx);
    on().switch_to(other);
    const auto all = stalls(WIRE_STALL_SOFTIRQ_RUN);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].state, WIRE_STALL_ENDED);
    EXPECT_EQ(all[1].start_ns, begin_ns);
    for (const wire_stall& one : all) {
        EXPECT_EQ(std::accumulate(std::begin(one.breakdown_ns), std::end(one.breakdown_ns), std::uint64_t{0}),
                  one.breakdown_end_ns - one.breakdown_start_ns);
        EXPECT_EQ(one.breakdown_ns[WIRE_CLASS_TASK], 0U);
        EXPECT_EQ(one.breakdown_end_ns - one.breakdown_start_ns, one.duration_ns);
    }
    EXPECT_EQ(all[1].duration_ns, on().histogram(run_of_net_rx).max_ns);
}

TEST_F(pauses, second_one_meanwhile_is_served_and_the_first_is_lost) {
    on().enter(net_rx);
    on().pass(100 * us);
    on().switch_to(other, true);
    on().enter(timer_vector);
    on().pass(20 * us);
    on().switch_to(server, true); // in the middle of that too
    on().pass(1 * us);
    on().switch_to(other);
    on().leave(timer_vector);
    EXPECT_EQ(on().histogram(std::uint32_t{WIRE_HIST_SOFTIRQ_RUN} + timer_vector * WIRE_CONTEXTS).count, 1U);
    EXPECT_EQ(on().histogram(run_of_net_rx).count, 0U);
    EXPECT_EQ(state().lost[WIRE_LOST_SOFTIRQ_EXIT], 1U);
}

} // namespace irqscope::fake

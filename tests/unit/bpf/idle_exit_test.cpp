// SPDX-License-Identifier: BSD-2-Clause
// bpf/heartbeat.bpf.c: lateness that is no stall, because nothing but idle ran or the kernel held the timer back, and what
// only looks like that.
#include "bpf/beating.hpp"

namespace irqscope::fake {

namespace {

constexpr std::uint32_t first_slot = WIRE_HIST_HARDIRQ_RUN;
constexpr std::uint32_t net_rx = 3;

} // namespace

class no_irq_off_stall : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        want({WIRE_STALL_IRQ_OFF});
    }
    void* nic = fake_action("nic");
};

TEST_F(no_irq_off_stall, lateness_in_a_c_state_is_idle_exit) {
    be_idle();
    beat();
    on().enter_idle(2);
    beat_late(5 * ms); // hlt: the interrupt comes before the idle loop goes on
    EXPECT_EQ(idle_exit().count, 1U);
    EXPECT_EQ(idle_exit().max_ns, 5 * ms);
    EXPECT_EQ(irq_off().count, 1U);
    on().leave_idle();
    on().pass(10 * us);
    on().enter_idle();
    on().now_ns = expires + 3 * ms;
    on().leave_idle(); // mwait: the idle loop goes on, and then lets interrupts in
    on().pass(2 * us);
    interrupt();
    EXPECT_EQ(idle_exit().count, 2U);
    const wire_aside& aside = state().asides[WIRE_ASIDE_IDLE_EXIT];
    EXPECT_EQ(aside.count, 2U);
    EXPECT_EQ(aside.total_ns, 8 * ms + 2 * us);
    EXPECT_EQ(aside.max_ns, 5 * ms);
    EXPECT_TRUE(stalls().empty());
    on().enter_idle();
    beat_late(ms - 1);
    EXPECT_EQ(idle_exit().count, 3U);
    EXPECT_EQ(aside.count, 2U) << "below the threshold";
}

TEST_F(no_irq_off_stall, task_after_a_c_state_is_no_idle_exit) {
    be_idle();
    beat();
    on().enter_idle();
    on().now_ns = expires;
    on().leave_idle();
    on().pid_tgid = 42;
    on().pass(3 * ms);
    interrupt();
    expect_no_culprit();
    EXPECT_EQ(idle_exit().count, 0U);
}

TEST_F(no_irq_off_stall, task_after_a_c_state_whose_end_went_unseen_is_no_idle_exit) {
    be_idle();
    beat();
    on().enter_idle();
    on().pid_tgid = 42;
    beat_late(3 * ms);
    expect_no_culprit();
    EXPECT_EQ(idle_exit().count, 0U);
}

TEST_F(no_irq_off_stall, idle_loop_outside_its_c_state_is_no_idle_exit) {
    be_idle();
    beat();
    on().enter_idle();
    pass_to(10 * us);
    on().leave_idle();
    beat_late(3 * ms); // in the idle loop, which masks interrupts
    expect_no_culprit();
    EXPECT_EQ(idle_exit().count, 0U);
    on().enter_idle();
    on().now_ns = expires + ms;
    on().leave_idle();
    on().pass(ms + 1); // most of it outside
    interrupt();
    EXPECT_EQ(stalls().size(), 2U);
}

TEST_F(no_irq_off_stall, idle_that_was_entered_after_the_beat_was_due_is_no_idle_exit) {
    be_idle();
    beat();
    on().now_ns = expires + 1;
    on().enter_idle(); // somebody held interrupts off until here
    on().pass(3 * ms);
    interrupt();
    EXPECT_EQ(only().duration_ns, 3 * ms + 1);
    EXPECT_EQ(idle_exit().count, 0U);
}

TEST_F(no_irq_off_stall, idle_that_was_never_seen_to_begin_is_no_idle_exit) {
    be_idle();
    beat();
    beat_late(3 * ms);
    EXPECT_EQ(stalls().size(), 1U);
    EXPECT_EQ(idle_exit().count, 0U);
}

TEST_F(no_irq_off_stall, handler_on_an_idle_cpu_is_no_idle_exit) {
    be_idle();
    beat();
    on().enter_idle();
    pass_to(10 * us);
    handle(nic, 5 * ms);
    interrupt();
    expect_culprit(first_slot, 4 * ms);
    EXPECT_EQ(idle_exit().count, 0U);
    EXPECT_EQ(state().asides[WIRE_ASIDE_IDLE_EXIT].count, 0U);
}

TEST_F(no_irq_off_stall, softirq_on_an_idle_cpu_is_no_idle_exit) {
    be_idle();
    beat();
    on().enter_idle();
    on().raise(net_rx);
    kernel::begin_pass();
    on().enter(net_rx);
    beat_late(5 * ms);
    EXPECT_EQ(only().culprit, WIRE_HIST_SOFTIRQ_RUN + net_rx * WIRE_CONTEXTS);
    EXPECT_EQ(idle_exit().count, 0U);
}

// Nor is what happens between the end of an interrupt and its first softirq.
TEST_F(no_irq_off_stall, softirq_loop_on_an_idle_cpu_is_no_idle_exit) {
    be_idle();
    beat();
    on().enter_idle();
    on().raise(net_rx);
    kernel::begin_pass();
    beat_late(5 * ms);
    EXPECT_EQ(only().duration_ns, 5 * ms);
    EXPECT_EQ(idle_exit().count, 0U);
    kernel::end_pass();
    beat_late(5 * ms);
    EXPECT_EQ(idle_exit().count, 1U);
}

TEST_F(no_irq_off_stall, timer_interrupt_in_a_handler_is_no_idle_exit) {
    be_idle();
    beat();
    on().enter_idle();
    pass_to(0);
    on().pass(3 * ms);
    on().begin_handler(24, nic); // one that lets interrupts in
    interrupt();
    on().end_handler(24, nic);
    EXPECT_EQ(stalls().size(), 1U);
    EXPECT_EQ(idle_exit().count, 0U);
}

TEST_F(no_irq_off_stall, kernels_own_back_off_is_set_aside) {
    beat(2);
    fake_set_nr_hangs(1);
    beat_late(50 * ms);
    EXPECT_TRUE(stalls().empty());
    EXPECT_EQ(state().asides[WIRE_ASIDE_HANG].count, 1U);
    EXPECT_EQ(state().asides[WIRE_ASIDE_HANG].max_ns, 50 * ms);
    EXPECT_EQ(irq_off().max_ns, 50 * ms);
    beat_late(50 * ms); // it grew once
    EXPECT_EQ(stalls().size(), 1U);
    EXPECT_EQ(state().asides[WIRE_ASIDE_HANG].count, 1U);
}

TEST_F(no_irq_off_stall, back_off_after_an_interrupt_that_was_the_culprit_is_told) {
    beat(2);
    fake_set_nr_hangs(1);
    pass_to(0);
    on().begin(local_timer_entry);
    const std::uint64_t batch = on().now_ns;
    run_timer(a_timer, 30 * ms);
    fire(batch);
    on().end(local_timer_exit);
    expect_culprit(local_timer, 30 * ms);
    EXPECT_EQ(state().asides[WIRE_ASIDE_HANG].count, 0U);
}

TEST_F(no_irq_off_stall, hangs_before_the_first_beat_are_no_back_off) {
    fake_set_nr_hangs(7);
    beat_late(5 * ms);
    EXPECT_EQ(stalls().size(), 1U);
    EXPECT_EQ(state().asides[WIRE_ASIDE_HANG].count, 0U);
}

} // namespace irqscope::fake

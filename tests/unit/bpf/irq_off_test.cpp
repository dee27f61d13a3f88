// SPDX-License-Identifier: BSD-2-Clause
// bpf/heartbeat.bpf.c: a beat that was late: how long interrupts were off, who held them off, and when it is no stall.
#include "bpf/beating.hpp"

namespace irqscope::fake {

namespace {

constexpr std::uint32_t first_slot = WIRE_HIST_HARDIRQ_RUN;
constexpr std::uint32_t net_rx = 3;

} // namespace

class irq_off_stall : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        want({WIRE_STALL_IRQ_OFF});
    }
    void* nic = fake_action("nic");
};

TEST_F(irq_off_stall, steal_is_kept_from_the_first_beat_too) {
    fake_set_steal(77);
    beat();
    fake_set_steal(99);
    beat(2);
    EXPECT_EQ(state().first_steal_ns, 77U);
    EXPECT_EQ(state().steal_ns, 99U);
}

TEST_F(irq_off_stall, of_a_task_is_told_with_its_stack_and_its_bounds) {
    beat(3);
    const std::uint64_t accepted_ns = on().now_ns;
    fake_set_steal(77);
    beat();
    fake_set_steal(5'000'077);
    beat_late(5 * ms);
    const wire_stall stall = only();
    EXPECT_EQ(stall.what, WIRE_STALL_IRQ_OFF);
    EXPECT_EQ(stall.state, WIRE_STALL_ENDED);
    EXPECT_EQ(stall.histogram, WIRE_HIST_IRQ_OFF);
    EXPECT_EQ(stall.cpu, 0U);
    EXPECT_EQ(stall.start_ns, accepted_ns - 2 * us + 2 * ms) << "since it was due";
    EXPECT_EQ(stall.duration_ns, 5 * ms);
    EXPECT_EQ(stall.less_than_ns, 6 * ms - 2 * us) << "since the interrupt of the beat before";
    EXPECT_EQ(stall.steal_ns, 77U) << "at the beat before";
    EXPECT_EQ(stall.pid, 701U);
    EXPECT_STREQ(static_cast<const char*>(stall.comm), "dd");
    ASSERT_EQ(stall.depth, 2U);
    EXPECT_EQ(stall.frames[0], 0xffffffff81000010);
    EXPECT_EQ(stall.frames[1], 0xffffffff81000020);
    expect_no_culprit();
}

TEST_F(irq_off_stall, below_the_threshold_is_none) {
    beat();
    beat_late(ms - 1);
    EXPECT_TRUE(stalls().empty());
    EXPECT_EQ(on().unwindings, 0U);
    beat_late(ms);
    EXPECT_EQ(only().duration_ns, ms);
}

TEST_F(irq_off_stall, is_shorter_than_the_time_since_the_last_interrupt) {
    beat();
    pass_to(200 * us);
    handle(nic, 5 * us);
    beat_late(5 * ms);
    EXPECT_EQ(only().less_than_ns, 5 * ms + 200 * us);
    expect_no_culprit();
}

TEST_F(irq_off_stall, is_shorter_than_the_time_since_the_last_interrupt_also_if_another_is_served_before_the_beat) {
    beat();
    pass_to(200 * us);
    handle(nic, 5 * us);
    on().now_ns = expires + 5 * ms;
    handle(nic, 20 * us); // its vector is served first
    interrupt();
    EXPECT_EQ(only().duration_ns, 5 * ms + 20 * us);
    EXPECT_EQ(only().less_than_ns, 5 * ms + 20 * us + 200 * us);
    expect_no_culprit();
}

TEST_F(irq_off_stall, is_bounded_by_a_period_when_no_interrupt_tells_more) {
    beat();
    beat_unseen(5);
    beat_late(5 * ms);
    EXPECT_EQ(only().less_than_ns, 6 * ms);
}

TEST_F(irq_off_stall, bounds_hold_without_traced_timer_interrupts) {
    pass_to(0);
    untraced_interrupt();
    pass_to(100 * us);
    handle(nic, 5 * us);
    pass_to(0);
    on().pass(5 * ms);
    untraced_interrupt();
    EXPECT_EQ(only().duration_ns, 5 * ms);
    EXPECT_EQ(only().less_than_ns, 5 * ms + 100 * us);
    expect_no_culprit();
}

TEST_F(irq_off_stall, two_in_a_row_are_two) {
    beat();
    beat_late(3 * ms + 500 * us);
    beat_late(2 * ms);
    ASSERT_EQ(stalls().size(), 2U);
    EXPECT_EQ(stalls()[0].duration_ns, 3 * ms + 500 * us);
    EXPECT_EQ(stalls()[1].duration_ns, 2 * ms);
    EXPECT_GE(stalls()[1].start_ns, stalls()[0].start_ns + stalls()[0].duration_ns);
    EXPECT_EQ(stalls()[1].less_than_ns, 2 * ms + 500 * us) << "the first one's interrupt was accepted";
}

// Culprits.

TEST_F(irq_off_stall, in_another_timers_callback_of_the_same_interrupt_is_the_timer_interrupts) {
    beat();
    pass_to(10 * us);
    on().begin(local_timer_entry);
    const std::uint64_t batch = on().now_ns + 10 * us; // ours expires in the same batch: its `now` shows no lateness
    run_timer(a_timer, 5 * ms + 10 * us);
    fire(batch);
    on().end(local_timer_exit);
    expect_culprit(local_timer, 5 * ms);
    EXPECT_EQ(only().duration_ns, 5 * ms);
    EXPECT_EQ(only().less_than_ns, 5 * ms + 10 * us) << "since that interrupt began";
    EXPECT_EQ(only().timer_function, a_timer);
    EXPECT_EQ(irq_off().max_ns, 5 * ms);
}

TEST_F(irq_off_stall, in_another_timers_callback_is_told_from_the_batch_where_the_interrupt_is_not_traced) {
    pass_to(0);
    untraced_interrupt();
    pass_to(0);
    const std::uint64_t batch = on().now_ns; // one batch, one `now`
    for (const auto& [function, ns] : {std::pair{tick_sched_timer, 3 * us}, std::pair{a_timer, 5 * ms}}) {
        void* other = fake_event(1, function, 0);
        on().expire(other, batch, batch);
        on().pass(ns);
        on().expired(other);
    }
    fire(batch);
    expect_culprit(local_timer, 5 * ms);
    EXPECT_EQ(only().timer_function, a_timer);
}

TEST_F(irq_off_stall, in_a_timer_interrupt_that_is_a_devices_is_that_ones) {
    // arm64: arch_timer; and where a CPU's own timer stops in idle, the one that stands in for it
    void* arch_timer = fake_action("arch_timer");
    std::vector<std::uint32_t> culprits;
    for (int i = 0; i < 2; i++) {
        pass_to(10 * us);
        on().begin_handler(11, arch_timer);
        const std::uint64_t batch = on().now_ns + 10 * us;
        run_timer(a_timer, 5 * ms + 10 * us);
        fire(batch);
        on().end_handler(11, arch_timer);
    }
    for (const wire_stall& one : stalls(WIRE_STALL_IRQ_OFF)) {
        culprits.push_back(one.culprit);
        EXPECT_EQ(one.timer_function, a_timer);
    }
    // its first run has no slot yet
    EXPECT_EQ(culprits, (std::vector<std::uint32_t>{WIRE_HIST_HARDIRQ_OTHER, WIRE_HIST_HARDIRQ_RUN}));
}

TEST_F(irq_off_stall, timer_of_another_interrupt_is_not_named) {
    beat();
    pass_to(500 * us);
    on().begin(local_timer_entry);
    run_timer(tick_sched_timer, 3 * us);
    on().end(local_timer_exit);
    pass_to(0);
    on().begin(local_timer_entry);
    const std::uint64_t batch = on().now_ns;
    on().pass(5 * ms); // in the interrupt's own entry
    fire(batch);
    on().end(local_timer_exit);
    expect_culprit(local_timer, 5 * ms);
    EXPECT_EQ(only().timer_function, 0U);
}

TEST_F(irq_off_stall, in_a_device_handler_is_the_handlers) {
    handle(fake_action("disk"), us, 25); // the first slot
    beat();
    pass_to(100 * us);
    handle(nic, 5 * ms);
    on().begin(local_timer_entry);
    run_timer(tick_sched_timer, 3 * us);
    fire(on().now_ns);
    on().end(local_timer_exit);
    expect_culprit(first_slot + 1, 5 * ms - 100 * us);
    EXPECT_EQ(only().duration_ns, 5 * ms - 100 * us) << "until the timer interrupt was accepted";
    EXPECT_EQ(only().less_than_ns, 5 * ms + 3 * us) << "since the handler began";
    EXPECT_EQ(only().timer_function, 0U) << "the tick has nothing to do with it";
}

TEST_F(irq_off_stall, in_a_device_handler_is_the_handlers_also_if_short_ones_follow_it) {
    beat();
    pass_to(0);
    handle(nic, 5 * ms);
    handle(fake_action("disk"), 20 * us, 25);
    interrupt();
    expect_culprit(first_slot, 5 * ms);
}

TEST_F(irq_off_stall, has_no_culprit_from_the_one_before) {
    beat();
    pass_to(0);
    handle(nic, 5 * ms);
    interrupt();
    pass_to(0);
    handle(fake_action("disk"), 3 * ms, 25);
    interrupt();
    ASSERT_EQ(stalls().size(), 2U);
    EXPECT_EQ(stalls()[1].culprit, first_slot + 1);
    EXPECT_EQ(stalls()[1].culprit_ns, 3 * ms);
    beat_late(2 * ms);
    EXPECT_EQ(stalls()[2].culprit, WIRE_NO_CULPRIT);
}

TEST_F(irq_off_stall, in_another_sysvec_is_its) {
    beat();
    pass_to(100 * us);
    on().begin(call_function_entry);
    on().pass(3 * ms);
    on().end(call_function_exit);
    interrupt();
    expect_culprit(std::uint32_t{WIRE_HIST_SYSVEC_RUN} + WIRE_SYSVEC_CALL_FUNCTION, 2 * ms);
}

TEST_F(irq_off_stall, handler_that_was_over_before_the_beat_was_due_does_not_hide_the_culprit) {
    config.beat_ns = 10 * ms;
    open_event(2);
    beat();
    on().pass(ms);
    handle(nic, 4 * ms); // the longest of this period
    pass_to(10 * us);
    handle(fake_action("disk"), 3 * ms, 25);
    interrupt();
    expect_culprit(first_slot + 1, 3 * ms - 10 * us);
}

TEST_F(irq_off_stall, handler_that_ran_into_the_stall_by_little_does_not_hide_the_culprit) {
    beat();
    pass_to(4 * ms / 5);
    handle(nic, 4 * ms / 5 + us);
    handle(fake_action("disk"), 3 * ms / 4, 25);
    on().pass(ms / 2);
    interrupt();
    expect_culprit(first_slot + 1, 3 * ms / 4);
}

TEST_F(irq_off_stall, many_short_interrupts_are_no_culprit) {
    beat();
    pass_to(10 * us);
    on().pass(3 * ms); // a task masks interrupts
    for (int i = 0; i < 10; i++) handle(nic, 200 * us);
    interrupt();
    EXPECT_GE(only().duration_ns, 4 * ms);
    expect_no_culprit();
}

TEST_F(irq_off_stall, handler_that_took_less_than_half_is_no_culprit) {
    beat();
    pass_to(0);
    on().pass(2 * ms + 10);
    handle(nic, 2 * ms);
    interrupt();
    expect_no_culprit();
}

TEST_F(irq_off_stall, in_a_softirq_is_the_softirqs_and_the_stack_tells_where) {
    beat();
    on().raise(net_rx);
    kernel::begin_pass();
    on().enter(net_rx);
    beat_late(5 * ms);
    const wire_stall stall = only();
    EXPECT_EQ(stall.culprit, WIRE_HIST_SOFTIRQ_RUN + net_rx * WIRE_CONTEXTS);
    EXPECT_EQ(stall.culprit_ns, 5 * ms);
    EXPECT_EQ(stall.stack, WIRE_STACK_POST_HOC);
}

TEST_F(irq_off_stall, handlers_exit_that_was_lost_is_no_culprit_for_ever) {
    on().begin_handler(24, nic); // its exit is lost: the frame stays open
    on().pass(10 * us);
    beat(3);
    beat_late(5 * ms);
    expect_no_culprit();
    be_idle();
    on().enter_idle();
    beat_late(5 * ms);
    EXPECT_EQ(stalls().size(), 1U);
    EXPECT_EQ(state().asides[WIRE_ASIDE_IDLE_EXIT].count, 1U);
}

// Restarts.

TEST_F(irq_off_stall, of_a_beat_that_was_overdue_when_it_was_restarted_is_told_by_the_first_interrupt) {
    beat(2);
    const std::uint64_t accepted_ns = on().now_ns;
    const std::uint64_t due_ns = expires;
    on().now_ns = expires + 5 * ms;
    on().begin(call_function_entry);
    restart(); // 10 us from now
    on().end(call_function_exit);
    EXPECT_EQ(expires, due_ns + 5 * ms + 10 * us);
    beat();
    EXPECT_EQ(only().start_ns, due_ns);
    EXPECT_EQ(only().duration_ns, 5 * ms);
    EXPECT_EQ(only().less_than_ns, due_ns + 5 * ms - accepted_ns);
    expect_no_culprit();
    EXPECT_EQ(state().beats.restarts, 1U);
    EXPECT_EQ(state().beats.skipped, 5U);
    EXPECT_EQ(state().beats.late, 1U);
    EXPECT_EQ(irq_off().max_ns, 5 * ms);
    beat(2);
    EXPECT_EQ(stalls().size(), 1U);
}

TEST_F(irq_off_stall, of_a_restarted_beat_is_not_blamed_on_what_ran_after_it) {
    beat(2);
    on().now_ns = expires + 2 * ms;
    on().begin(call_function_entry);
    on().raise(net_rx);
    restart();
    on().end(call_function_exit);
    kernel::begin_pass();
    on().enter(net_rx); // at the end of that interrupt
    beat();
    EXPECT_EQ(only().duration_ns, 2 * ms);
    expect_no_culprit();
}

TEST_F(irq_off_stall, of_a_restarted_beat_is_not_blamed_on_a_handler_after_it) {
    beat(2);
    on().now_ns = expires + 2 * ms;
    on().begin(call_function_entry);
    restart();
    on().end(call_function_exit);
    handle(nic, 500 * us); // and the restarted beat is late for this
    handle(fake_action("disk"), 1500 * us, 25);
    interrupt();
    EXPECT_EQ(stalls().front().duration_ns, 2 * ms);
    EXPECT_EQ(stalls().front().culprit, WIRE_NO_CULPRIT);
}

} // namespace irqscope::fake

// SPDX-License-Identifier: BSD-2-Clause
#include "bpf/activating.hpp"

namespace irqscope::fake {
namespace {

constexpr std::uint64_t at = 100 * ms; // a lockup
constexpr std::uint64_t sample = at / 5;
constexpr std::uint64_t second = std::uint64_t{1} << 30; // the watchdog's

class lockup : public activating {
protected:
    void SetUp() override {
        activating::SetUp();
        config.stall_ns[WIRE_STALL_KSOFTIRQD] = never;
        want({WIRE_STALL_LOCKUP}, at);
        state().watchdog = 1;
        fake_set_stopper(stopper);
        fake_set_task_state(stopper, interruptible);
        on().now_ns += 10 * ms; // the last switch is long ago
        expires = on().now_ns + config.beat_ns;
        beat();
    }

    // Just before the next beat.
    void wake_stopper() {
        on().now_ns = expires - 1 * us;
        woken_ns = on().now_ns;
        fake_set_task_state(stopper, 0);
    }
    void beat_until(std::uint64_t since_woken_ns) {
        while (expires <= woken_ns + since_woken_ns) beat();
    }
    void run_stopper() { on().switch_to(stopper); }

    static void expect_steps(std::initializer_list<unsigned> steps) {
        std::vector<unsigned> told;
        for (const wire_stall& one : stalls()) told.push_back(one.lockup_step);
        EXPECT_EQ(told, std::vector<unsigned>(steps));
    }

    void* stopper = fake_task(8, 18);
    std::uint64_t woken_ns = 0;
};

TEST_F(lockup, is_counted_down_in_time_and_each_step_once) {
    wake_stopper();
    beat_until(at);
    expect_steps({1, 2, 3});
    for (const wire_stall& one : stalls()) {
        EXPECT_EQ(one.what, WIRE_STALL_LOCKUP);
        EXPECT_EQ(one.state, WIRE_STALL_OPEN);
        EXPECT_EQ(one.stack, WIRE_STACK_ONGOING);
        EXPECT_EQ(one.depth, on().unwound.size());
        EXPECT_EQ(one.watchdog, 1);
        EXPECT_EQ(one.lockup_ns, at);
        EXPECT_EQ(one.start_ns, woken_ns + 3 * us) << "when a beat saw it";
        const std::uint64_t due = woken_ns + at * one.lockup_step / 4 - sample;
        const std::uint64_t told = one.start_ns + one.duration_ns;
        EXPECT_LE(told, due + config.beat_ns);
        EXPECT_GE(told + config.beat_ns, due);
        EXPECT_EQ(one.lockup_count_ns, one.duration_ns + config.beat_ns + sample);
        EXPECT_EQ(one.breakdown_start_ns, one.start_ns);
        EXPECT_EQ(sum(one.breakdown_ns), one.duration_ns);
    }
}

TEST_F(lockup, ends_when_the_stopper_runs_and_says_how_long_it_was) {
    wake_stopper();
    beat_until(50 * ms);
    on().pass(200 * us);
    run_stopper();
    ASSERT_EQ(stalls().size(), 3U);
    const wire_stall end = stalls().back();
    EXPECT_EQ(end.state, WIRE_STALL_ENDED);
    EXPECT_EQ(end.start_ns, stalls().front().start_ns);
    EXPECT_EQ(end.start_ns + end.duration_ns, on().now_ns);
    EXPECT_GT(end.less_than_ns, on().now_ns - woken_ns);
    EXPECT_EQ(end.lockup_step, 2);
    EXPECT_EQ(end.depth, 0U);
    beat(200);
    EXPECT_EQ(stalls().size(), 3U);
}

TEST_F(lockup, that_has_not_come_to_its_first_step_is_not_told) {
    for (int i = 0; i < 20; i++) {
        wake_stopper();
        beat_until(at / 4 - sample - 1 * ms);
        run_stopper();
        on().switch_to(task, false, interruptible);
        fake_set_task_state(stopper, interruptible);
    }
    expect_steps({});
}

TEST_F(lockup, is_none_while_the_stopper_sleeps_or_runs) {
    beat(300);
    fake_set_task_state(stopper, 0);
    run_stopper();
    beat(300);
    expect_steps({});
}

TEST_F(lockup, begins_anew_behind_each_switch) {
    wake_stopper();
    beat_until(15 * ms);
    run_stopper();
    on().switch_to(task, false, interruptible);
    wake_stopper();
    beat_until(15 * ms);
    expect_steps({1, 1, 1});
    EXPECT_EQ(stalls()[1].state, WIRE_STALL_ENDED);
    EXPECT_GT(stalls()[2].start_ns, stalls()[1].start_ns);
}

TEST_F(lockup, that_one_beat_finds_far_gone_is_told_as_far_gone) {
    wake_stopper();
    beat();
    beat_late(70 * ms);
    expect_steps({3});
}

TEST_F(lockup, is_told_whatever_else_is) {
    config.stall_rate = 1;
    want({WIRE_STALL_IRQ_OFF}, 1 * us);
    wake_stopper();
    beat_until(at);
    EXPECT_EQ(stalls(WIRE_STALL_LOCKUP).size(), 3U);
    EXPECT_GT(state().suppressed[WIRE_STALL_IRQ_OFF], 0U);
    EXPECT_EQ(state().suppressed[WIRE_STALL_LOCKUP], 0U);
}

TEST_F(lockup, names_the_softirq_in_which_the_cpu_is) {
    wake_stopper();
    beat();
    kernel::begin_pass();
    on().enter(net_rx);
    beat_until(40 * ms);
    ASSERT_EQ(stalls().size(), 2U);
    const wire_stall one = stalls().front();
    EXPECT_EQ(one.culprit, one.softirq);
    EXPECT_EQ(one.culprit / WIRE_CONTEXTS, net_rx);
    EXPECT_GT(one.culprit_ns, one.duration_ns / 2);
    EXPECT_LE(one.culprit_ns, one.duration_ns);
    EXPECT_EQ(one.softirq_since_ns, state().softirq.start_ns);
    on().leave(net_rx);
    kernel::end_pass();
}

TEST_F(lockup, is_gone_when_the_switch_went_unseen) {
    wake_stopper();
    beat_until(15 * ms);
    fake_set_task_state(stopper, interruptible);
    beat();
    ASSERT_EQ(stalls().size(), 2U);
    EXPECT_EQ(stalls().back().state, WIRE_STALL_GONE);
}

TEST_F(lockup, counts_no_more_than_the_watchdog_does) {
    config.touched = 1;
    config.touched_from_rq = fake_touched_from_rq();
    fake_set_touched(7);
    fake_set_clock(7 * second + 10 * ms); // it was touched when it had counted for long
    wake_stopper();
    beat_until(90 * ms);
    expect_steps({});
    fake_set_clock(7 * second + 30 * ms);
    beat();
    expect_steps({1});
    EXPECT_EQ(stalls().front().lockup_count_ns, 30 * ms);
    fake_set_touched(~std::uint64_t{0}); // until the next sample
    fake_set_clock(8 * second);
    beat(3);
    expect_steps({1});
    fake_set_touched(7);
    beat();
    EXPECT_EQ(stalls().size(), 2U) << "as far as our own count goes";
    run_stopper();
    EXPECT_EQ(stalls().back().lockup_count_ns - stalls()[1].lockup_count_ns,
              on().now_ns - (stalls()[1].start_ns + stalls()[1].duration_ns));
}

class lockup_without_watchdog : public lockup {
protected:
    void SetUp() override {
        lockup::SetUp();
        state().watchdog = 0;
        fake_set_task_state(stopper, 0); // of no interest
    }
    void want_switch(bool wanted) {
        *fake_preempt_count() = wanted ? 0 : 0x80000000;
        woken_ns = on().now_ns;
    }
};

TEST_F(lockup_without_watchdog, is_one_only_while_another_task_waits) {
    fake_set_running(1);
    want_switch(true);
    beat(300);
    expect_steps({});
    fake_set_running(2);
    woken_ns = on().now_ns;
    beat_until(at);
    expect_steps({1, 2, 3});
    EXPECT_EQ(stalls().front().watchdog, 0);
    EXPECT_EQ(stalls().front().lockup_count_ns, stalls().front().duration_ns + config.beat_ns) << "no sample period";
    fake_set_running(1); // it has gone to another CPU
    beat();
    EXPECT_EQ(stalls().back().state, WIRE_STALL_ENDED);
}

TEST_F(lockup_without_watchdog, is_none_while_the_scheduler_lets_the_task_run) {
    fake_set_running(2);
    want_switch(false);
    beat(300);
    expect_steps({});
}

TEST_F(lockup_without_watchdog, is_one_too_where_the_idle_task_is_held) {
    be_idle();
    fake_set_running(1);
    want_switch(true);
    beat_until(at);
    expect_steps({1, 2, 3});
}

TEST_F(lockup_without_watchdog, goes_by_the_tasks_alone_where_the_wish_to_switch_cannot_be_read) {
    config.serving = 0;
    fake_set_running(2);
    want_switch(false);
    beat_until(at);
    expect_steps({1, 2, 3});
}

} // namespace
} // namespace irqscope::fake

// SPDX-License-Identifier: BSD-2-Clause
// bpf/ksoftirqd.bpf.c, bpf/activation.bpf.h: sleeps, wakings and switches that no program of ours saw.
#include "bpf/activating.hpp"

namespace irqscope::fake {

class activations_unseen_test : public activating {};

TEST_F(activations_unseen_test, sleep_that_went_unseen_is_found_at_the_next_waking) {
    wake();
    on().pass(1 * ms);
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 1U);
    EXPECT_EQ(known().woken_ns, woken_ns);
    EXPECT_TRUE(activations().empty());
    on().pass(threshold);
    run();
    sleep(idle);
    EXPECT_EQ(only_activation().stall.start_ns, woken_ns);
}

TEST_F(activations_unseen_test, one_that_was_told_and_whose_sleep_went_unseen_is_told_to_be_gone) {
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    on().pass(threshold);
    look();
    on().pass(3 * ms);
    wake();
    ASSERT_EQ(activations().size(), 2U);
    const wire_activation_record gone = activations().back();
    EXPECT_EQ(gone.stall.state, WIRE_STALL_GONE);
    EXPECT_EQ(gone.stall.start_ns, woken_ns);
    EXPECT_EQ(gone.stall.depth, 0U);
    EXPECT_EQ(state().told[WIRE_TOLD_KSOFTIRQD], 0U);
    run();
    sleep(idle);
    EXPECT_EQ(activations().size(), 2U);
}

TEST_F(activations_unseen_test, beat_finds_that_it_sleeps_and_does_not_tell_it_as_open) {
    wake();
    run();
    on().pass(1 * ms);
    fake_set_task_state(ksoftirqd, interruptible);
    on().switch_unseen(idle);
    on().pass(threshold);
    look();
    look();
    EXPECT_TRUE(activations().empty());
    EXPECT_EQ(known().woken_ns, 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 1U);
    activate(1 * ms);
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_WAKING), 0U);
}

TEST_F(activations_unseen_test, beat_finds_that_one_it_has_told_of_sleeps) {
    wake();
    run();
    on().pass(threshold);
    look();
    fake_set_task_state(ksoftirqd, interruptible);
    on().switch_unseen(idle);
    on().pass(1 * ms);
    look();
    ASSERT_EQ(activations().size(), 2U);
    EXPECT_EQ(activations()[1].stall.state, WIRE_STALL_GONE);
    EXPECT_EQ(activations()[1].stall.start_ns, activations()[0].stall.start_ns);
    on().pass(1 * ms);
    look();
    EXPECT_EQ(activations().size(), 2U);
    EXPECT_EQ(state().told[WIRE_TOLD_KSOFTIRQD], 0U);
}

TEST_F(activations_unseen_test, beat_does_not_take_for_asleep_what_is_about_to) {
    wake();
    run();
    on().pass(threshold);
    fake_set_task_state(ksoftirqd, interruptible); // it is current, and may be woken still
    look();
    EXPECT_EQ(activations().size(), 1U);
    doze(task);
    on().pass(1 * ms);
    look();
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 0U);
    run();
    sleep(idle);
    EXPECT_EQ(activations().size(), 2U);
}

TEST_F(activations_unseen_test, one_that_was_suppressed_is_gone_without_a_word) {
    config.stall_rate = 1;
    activate(threshold);
    wake();
    on().pass(threshold);
    look();
    ASSERT_EQ(state().told[WIRE_TOLD_KSOFTIRQD], WIRE_TOLD_SUPPRESSED);
    wake();
    EXPECT_EQ(activations().size(), 1U);
    EXPECT_EQ(state().told[WIRE_TOLD_KSOFTIRQD], 0U);
}

TEST_F(activations_unseen_test, switch_from_ksoftirqd_that_went_unseen_is_no_run_without_end) {
    wake();
    run();
    on().pass(1 * ms);
    on().switch_unseen(idle); // it sleeps
    on().pass(500 * ms);
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    EXPECT_EQ(known().woken_ns, woken_ns) << "idle runs, so this is not on its way to sleep";
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 1U);
    run();
    on().pass(1 * ms);
    sleep(idle);
    EXPECT_TRUE(activations().empty());
    EXPECT_EQ(runs().count, 1U) << "how long the first one was nobody knows";
    EXPECT_EQ(on().lost(WIRE_LOST_SWITCH), 1U);
}

TEST_F(activations_unseen_test, run_of_one_that_left_unseen_is_not_counted_when_others_have_run_since) {
    wake();
    run();
    on().pass(1 * ms);
    on().switch_unseen(other); // it is preempted
    on().pass(500 * ms);
    on().switch_to(task);
    EXPECT_EQ(known().on_ns, 0U);
    on().pass(1 * ms);
    run();
    on().pass(2 * ms);
    sleep(idle);
    EXPECT_EQ(runs().count, 1U);
    EXPECT_EQ(runs().sum_ns, 2 * ms);
    EXPECT_EQ(only_activation().run_ns, 2 * ms);
}

TEST_F(activations_unseen_test, run_without_a_waking_counts_as_lost_once_it_was_seen_to_sleep) {
    run(); // it was awake when we came
    on().pass(1 * ms);
    preempt(task);
    run();
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_WAKING), 0U);
    sleep(task);
    run();
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_WAKING), 1U);
    on().pass(threshold);
    sleep(idle);
    EXPECT_TRUE(activations().empty()) << "since when it is active nobody knows";
    EXPECT_EQ(runs().count, 3U);
    EXPECT_EQ(latency().count, 0U);
}

TEST_F(activations_unseen_test, first_run_that_went_unseen_has_no_latency) {
    wake();
    on().pass(threshold);
    on().switch_unseen(ksoftirqd);
    on().pass(1 * ms);
    sleep(idle);
    EXPECT_EQ(only_activation().first_run_ns, 0U);
    EXPECT_EQ(latency().count, 0U);
    EXPECT_EQ(runs().count, 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_SWITCH), 1U);
}

} // namespace irqscope::fake

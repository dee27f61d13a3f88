// SPDX-License-Identifier: BSD-2-Clause
// bpf/ksoftirqd.bpf.c, bpf/activation.bpf.h: from woken to asleep, and what is told of it.
#include "bpf/activating.hpp"

namespace irqscope::fake {

class activations_test : public activating {};

TEST_F(activations_test, goes_from_woken_over_runs_and_preemptions_to_asleep) {
    on().pass(5 * ms);
    on().raise(net_rx);
    const std::uint64_t raised_ns = on().now_ns;
    on().pass(20 * us);
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    on().pass(3 * ms);
    run();
    on().pass(4 * ms);
    handle(nic, 1 * ms);
    preempt(task);
    on().pass(2 * ms);
    run();
    on().pass(5 * ms);
    EXPECT_TRUE(activations().empty());
    sleep(idle);
    const wire_activation_record one = only_activation();
    EXPECT_EQ(one.stall.kind, WIRE_RECORD_ACTIVATION);
    EXPECT_EQ(one.stall.state, WIRE_STALL_ENDED);
    EXPECT_EQ(one.stall.histogram, WIRE_HIST_KSOFTIRQD_RUN);
    EXPECT_EQ(one.stall.start_ns, woken_ns);
    EXPECT_EQ(one.stall.duration_ns, 15 * ms);
    EXPECT_EQ(one.stall.less_than_ns, 0U) << "it is exact";
    EXPECT_EQ(one.stall.depth, 0U);
    EXPECT_EQ(one.raised_ns, raised_ns);
    EXPECT_EQ(one.raised_vector, net_rx);
    EXPECT_EQ(one.first_run_ns, woken_ns + 3 * ms);
    EXPECT_EQ(one.run_ns, 10 * ms);
    EXPECT_EQ(one.preemptions, 1U);
    expect_parts(one, {{WIRE_CLASS_TASK, 5 * ms}, {WIRE_CLASS_KSOFTIRQD, 9 * ms}, {WIRE_CLASS_HARDIRQ, 1 * ms}});
    EXPECT_EQ(known().woken_ns, 0U);
}

TEST_F(activations_test, latency_and_runs_are_counted_once) {
    wake();
    on().pass(300);
    run();
    on().pass(1000);
    handle(nic, 500);
    preempt(task);
    on().pass(70);
    run();
    on().pass(2000);
    sleep(idle);
    EXPECT_EQ(latency().count, 1U);
    EXPECT_EQ(latency().sum_ns, 300U);
    EXPECT_EQ(latency().nested_ns, 0U);
    EXPECT_EQ(runs().count, 2U);
    EXPECT_EQ(runs().sum_ns, 3500U) << "gross";
    EXPECT_EQ(runs().nested_ns, 500U);
    EXPECT_EQ(latency(WIRE_THREAD_KTIMERS).count + runs(WIRE_THREAD_KTIMERS).count, 0U);
}

TEST_F(activations_test, latency_and_runs_are_streamed_as_they_are_counted) {
    config.stream = 1;
    config.histograms = 0;
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    on().pass(300);
    run();
    on().pass(1000);
    handle(nic, 500);
    sleep(idle);
    const auto spans = on().records<wire_span>(WIRE_RECORD_WAIT);
    ASSERT_EQ(spans.size(), 2U);
    EXPECT_EQ(spans[0].histogram, WIRE_HIST_KSOFTIRQD_LATENCY);
    EXPECT_EQ(spans[0].start_ns, woken_ns);
    EXPECT_EQ(spans[0].duration_ns, 300U);
    EXPECT_EQ(spans[1].histogram, WIRE_HIST_KSOFTIRQD_RUN);
    EXPECT_EQ(spans[1].start_ns, woken_ns + 300);
    EXPECT_EQ(spans[1].duration_ns, 1500U);
    EXPECT_EQ(spans[1].nested_ns, 500U);
    EXPECT_EQ(runs().count, 0U);
}

TEST_F(activations_test, metrics_that_nobody_wants_are_not_counted) {
    config.ksoftirqd_latency = 0;
    activate(1 * ms);
    EXPECT_EQ(latency().count, 0U);
    EXPECT_EQ(runs().count, 1U);
    config.ksoftirqd_latency = 1;
    config.ksoftirqd_run = 0;
    activate(1 * ms);
    EXPECT_EQ(latency().count, 1U);
    EXPECT_EQ(runs().count, 1U);
}

TEST_F(activations_test, oldest_raise_that_waits_is_what_it_was_woken_for) {
    on().raise(net_rx);
    serve(net_rx);
    on().raise(8);
    const std::uint64_t first_ns = on().now_ns;
    on().pass(10);
    on().raise(net_rx);
    activate(threshold);
    EXPECT_EQ(only_activation().raised_vector, 8U);
    EXPECT_EQ(only_activation().raised_ns, first_ns);
}

TEST_F(activations_test, without_a_raise_it_was_woken_for_nothing_that_is_known) {
    activate(threshold);
    EXPECT_EQ(only_activation().raised_ns, 0U);
}

TEST_F(activations_test, threshold_itself_is_told_and_what_is_below_is_not) {
    activate(threshold - 1);
    EXPECT_TRUE(activations().empty());
    activate(threshold);
    EXPECT_EQ(only_activation().stall.duration_ns, threshold);
}

TEST_F(activations_test, beat_below_the_threshold_tells_nothing) {
    wake();
    on().pass(threshold - 1);
    look();
    EXPECT_TRUE(activations().empty());
    run();
    sleep(idle);
}

TEST_F(activations_test, open_one_is_told_once_with_the_stack_of_who_runs_and_again_when_it_is_over) {
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    on().pass(threshold);
    look();
    const wire_activation_record open = only_activation();
    const std::uint64_t seen_ns = state().beats.last_ns;
    EXPECT_EQ(open.stall.state, WIRE_STALL_OPEN);
    EXPECT_EQ(open.stall.stack, WIRE_STACK_ONGOING);
    EXPECT_EQ(open.stall.depth, 2U);
    EXPECT_EQ(open.stall.frames[0], 0xffffffff81000010U);
    EXPECT_EQ(open.stall.pid, 700U);
    EXPECT_EQ(open.stall.duration_ns, seen_ns - woken_ns);
    EXPECT_EQ(open.first_run_ns, 0U);
    EXPECT_EQ(open.run_ns, 0U);
    expect_parts(open, {{WIRE_CLASS_TASK, seen_ns - woken_ns}});
    EXPECT_EQ(open.evidence.tasks[0].times, 0U) << "it has not left yet";
    on().pass(2 * ms);
    look();
    look();
    EXPECT_EQ(activations().size(), 1U);
    run();
    on().pass(1 * ms);
    sleep(idle);
    ASSERT_EQ(activations().size(), 2U);
    const wire_activation_record ended = activations().back();
    EXPECT_EQ(ended.stall.state, WIRE_STALL_ENDED);
    EXPECT_EQ(ended.stall.start_ns, open.stall.start_ns);
    EXPECT_EQ(ended.stall.depth, 0U);
    EXPECT_EQ(ended.evidence.tasks[0].times, 1U);
    EXPECT_EQ(state().told[WIRE_TOLD_KSOFTIRQD], 0U);
    EXPECT_EQ(on().unwindings, 1U);
}

TEST_F(activations_test, run_that_goes_on_is_part_of_an_open_one) {
    wake();
    on().pass(1 * ms);
    run();
    on().pass(threshold);
    look();
    const wire_activation_record open = only_activation();
    EXPECT_EQ(open.run_ns, state().beats.last_ns - open.first_run_ns);
    EXPECT_EQ(open.stall.pid, 14U);
    sleep(idle);
}

TEST_F(activations_test, each_has_its_own_evidence) {
    wake();
    on().pass(threshold);
    run();
    preempt(other);
    run();
    sleep(other);
    on().pass(50 * ms);
    wake();
    on().pass(threshold);
    run();
    sleep(idle);
    ASSERT_EQ(activations().size(), 2U);
    EXPECT_EQ(activations()[1].preemptions, 0U);
    EXPECT_EQ(activations()[1].run_ns, 0U);
    EXPECT_EQ(tasks_of(activations()[1]), (std::map<std::uint32_t, std::uint64_t>{{800, threshold}}));
    EXPECT_EQ(latency().count, 2U);
}

// The rate limit.

TEST_F(activations_test, beyond_the_rate_they_are_counted_once_and_not_told) {
    config.stall_rate = 1;
    activate(threshold);
    EXPECT_EQ(activations().size(), 1U);
    wake();
    on().pass(threshold);
    look();
    look();
    run();
    sleep(idle);
    EXPECT_EQ(activations().size(), 1U);
    EXPECT_EQ(state().suppressed[WIRE_STALL_KSOFTIRQD], 1U) << "open and over are one";
    activate(threshold);
    EXPECT_EQ(state().suppressed[WIRE_STALL_KSOFTIRQD], 2U);
}

TEST_F(activations_test, stalls_of_other_kinds_do_not_use_up_their_rate) {
    config.stall_rate = 1;
    state().rate_ns = on().now_ns;
    state().rate_used = 1;
    activate(threshold);
    EXPECT_EQ(activations().size(), 1U);
}

TEST_F(activations_test, end_of_one_that_was_told_is_told_beyond_the_rate) {
    config.stall_rate = 1;
    wake();
    on().pass(threshold);
    look();
    run();
    sleep(idle);
    EXPECT_EQ(activations().size(), 2U);
    EXPECT_EQ(state().suppressed[WIRE_STALL_KSOFTIRQD], 0U);
}

TEST_F(activations_test, one_that_finds_the_ring_full_is_lost_and_counted) {
    on().ring_full = true;
    activate(threshold);
    EXPECT_EQ(on().lost(WIRE_LOST_STALL), 1U);
    EXPECT_TRUE(activations().empty());
}

// On its way to sleep.

TEST_F(activations_test, waking_of_one_that_runs_does_not_begin_another) {
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    on().pass(1 * ms);
    run();
    on().pass(1 * ms);
    wake(); // between its setting of its state and schedule()
    EXPECT_EQ(known().woken_ns, woken_ns);
    on().pass(threshold);
    sleep(idle);
    EXPECT_EQ(only_activation().stall.duration_ns, threshold + 2 * ms);
    EXPECT_EQ(latency().count, 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 0U);
}

TEST_F(activations_test, waking_of_one_that_was_preempted_on_its_way_to_sleep_does_not_begin_another) {
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    run();
    on().pass(1 * ms);
    doze(task);
    EXPECT_EQ(known().woken_ns, woken_ns);
    on().pass(threshold);
    wake();
    EXPECT_EQ(known().woken_ns, woken_ns);
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 0U);
    run();
    sleep(idle);
    EXPECT_EQ(only_activation().stall.duration_ns, threshold + 1 * ms);
    EXPECT_EQ(only_activation().preemptions, 1U);
}

TEST_F(activations_test, dozing_is_over_when_it_runs_again) {
    wake();
    run();
    doze(task);
    run();
    preempt(task);
    wake(); // of one that is runnable: it has slept
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 1U);
}

TEST_F(activations_test, thread_that_is_parked_sleeps) {
    wake();
    run();
    on().switch_to(idle, false, parked);
    EXPECT_EQ(known().woken_ns, 0U);
}

TEST_F(activations_test, thread_that_waits_for_a_lock_does_not_sleep) {
    wake();
    run();
    on().switch_to(task, false, uninterruptible); // an rt_mutex of PREEMPT_RT's
    EXPECT_NE(known().woken_ns, 0U);
    EXPECT_EQ(known().preemptions, 1U);
    const std::uint64_t woken_ns = known().woken_ns;
    on().pass(1 * ms);
    wake(); // by the lock's owner
    EXPECT_EQ(known().woken_ns, woken_ns);
    EXPECT_EQ(on().lost(WIRE_LOST_KSOFTIRQD_SLEEP), 0U);
}

} // namespace irqscope::fake

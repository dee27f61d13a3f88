// SPDX-License-Identifier: BSD-2-Clause
// bpf/activation.bpf.h, bpf/threads.bpf.h: who had the CPU while ksoftirqd was active, and which thread it was.
#include "bpf/activating.hpp"

namespace irqscope::fake {

namespace {

using by_pid = std::map<std::uint32_t, std::uint64_t>;

constexpr std::uint32_t call_function = WIRE_SYSVEC_CALL_FUNCTION; // of wire_sums.interrupts
constexpr std::uint32_t first_slot = WIRE_HIST_HARDIRQ_RUN - WIRE_HIST_SYSVEC_RUN;

} // namespace

class evidence_test : public activating {};

// Tasks.

TEST_F(evidence_test, tasks_that_ran_instead_have_their_shares) {
    fake_name_task(task, "fio");
    fake_set_task_class(task, 1, 49); // SCHED_FIFO 50
    wake();
    on().pass(4 * ms);
    on().switch_to(other, true);
    on().pass(7 * ms);
    on().switch_to(task, true);
    on().pass(1 * ms);
    run();
    on().pass(1 * ms);
    sleep(idle);
    const wire_evidence evidence = only_activation().evidence;
    EXPECT_EQ(evidence.tasks[0].pid, 700U);
    EXPECT_STREQ(static_cast<const char*>(evidence.tasks[0].comm), "fio");
    EXPECT_EQ(evidence.tasks[0].policy, 1U);
    EXPECT_EQ(evidence.tasks[0].prio, 49);
    EXPECT_EQ(evidence.tasks[0].ns, 5 * ms);
    EXPECT_EQ(evidence.tasks[0].times, 2U);
    EXPECT_EQ(evidence.tasks[1].pid, 800U);
    EXPECT_EQ(evidence.tasks[1].ns, 7 * ms);
    EXPECT_EQ(evidence.tasks[1].times, 1U);
    EXPECT_EQ(evidence.tasks[2].pid, 0U);
}

TEST_F(evidence_test, priority_is_as_it_was_last_seen) {
    wake();
    on().pass(5 * ms);
    on().switch_to(other, true);
    fake_set_task_class(task, 0, 100); // setpriority(-20)
    on().switch_to(task);
    on().pass(5 * ms);
    run();
    sleep(idle);
    EXPECT_EQ(only_activation().evidence.tasks[0].prio, 100);
}

TEST_F(evidence_test, task_that_was_there_at_the_waking_is_charged_from_then_on) {
    on().pass(700 * ms);
    wake();
    on().pass(threshold);
    run();
    sleep(idle);
    EXPECT_EQ(tasks_of(only_activation()), (by_pid{{700, threshold}}));
}

TEST_F(evidence_test, interrupts_and_softirqs_are_not_the_task_s_that_they_came_to) {
    wake();
    on().pass(2 * ms);
    handle(nic, 3 * ms);
    on().pass(1 * ms);
    serve(net_rx, 4 * ms);
    on().begin(call_function_entry);
    on().pass(500 * us);
    on().end(call_function_exit);
    on().pass(1 * ms);
    run();
    sleep(idle);
    EXPECT_EQ(tasks_of(only_activation()), (by_pid{{700, 4 * ms}}));
    expect_parts(only_activation(), {{WIRE_CLASS_TASK, 4 * ms},
                                     {WIRE_CLASS_HARDIRQ, 3 * ms},
                                     {WIRE_CLASS_SOFTIRQ, 4 * ms},
                                     {WIRE_CLASS_SYSVEC, 500 * us}});
}

TEST_F(evidence_test, idle_is_no_task) {
    on().switch_to(idle);
    wake();
    on().pass(threshold);
    on().switch_to(task);
    on().pass(1 * ms);
    run();
    sleep(idle);
    EXPECT_EQ(tasks_of(only_activation()), (by_pid{{700, 1 * ms}}));
}

TEST_F(evidence_test, tasks_beyond_eight_are_others) {
    wake();
    for (int i = 0; i < 10; i++) {
        on().switch_to(fake_task(static_cast<unsigned>(3 + i), 900 + i));
        on().pass(1 * ms + static_cast<std::uint64_t>(i));
    }
    on().switch_to(fake_task(3, 900));
    on().pass(2 * ms);
    run();
    sleep(idle);
    const wire_activation_record one = only_activation();
    const by_pid shares = tasks_of(one);
    EXPECT_EQ(shares.size(), std::size_t{WIRE_TASK_SHARES});
    EXPECT_EQ(shares.at(900), 3 * ms);
    EXPECT_EQ(one.evidence.other_tasks_ns, 2 * ms + 8 + 9);
}

TEST_F(evidence_test, task_that_had_no_time_has_no_place) {
    wake();
    on().switch_to(other);
    on().switch_to(task);
    on().pass(threshold);
    run();
    sleep(idle);
    EXPECT_EQ(tasks_of(only_activation()), (by_pid{{700, threshold}}));
}

TEST_F(evidence_test, ksoftirqd_of_another_cpu_is_a_task_like_others) {
    void* others = fake_task(5, 20);
    fake_name_task(others, "ksoftirqd/1");
    kernel::wake(others);
    EXPECT_EQ(known().woken_ns, 0U);
    wake();
    on().switch_to(others);
    on().pass(threshold);
    run();
    sleep(idle);
    EXPECT_EQ(tasks_of(only_activation()), (by_pid{{20, threshold}}));
    expect_parts(only_activation(), {{WIRE_CLASS_TASK, threshold}});
    EXPECT_EQ(runs().count, 1U);
}

TEST_F(evidence_test, waking_of_another_task_is_none_of_ours) {
    kernel::wake(other);
    kernel::wake(task);
    EXPECT_EQ(known().woken_ns + known(WIRE_THREAD_KTIMERS).woken_ns, 0U);
}

// A switch that went unseen.

TEST_F(evidence_test, time_of_who_came_unseen_is_unexplained) {
    wake();
    on().pass(2 * ms);
    handle(nic, 1 * ms);
    on().switch_unseen(other);
    on().pass(9 * ms);
    on().switch_to(task);
    on().pass(1 * ms);
    run();
    sleep(idle);
    const wire_activation_record one = only_activation();
    EXPECT_EQ(on().lost(WIRE_LOST_SWITCH), 1U);
    expect_parts(one, {{WIRE_CLASS_TASK, 1 * ms}, {WIRE_CLASS_HARDIRQ, 1 * ms}, {WIRE_CLASS_UNEXPLAINED, 11 * ms}});
    EXPECT_EQ(tasks_of(one), (by_pid{{700, 1 * ms}})) << "nothing is the one's that left";
    EXPECT_EQ(one.evidence.other_tasks_ns, 0U);
}

// Interrupts and vectors.

TEST_F(evidence_test, interrupts_are_summed_from_the_waking_on_and_each_nanosecond_once) {
    handle(nic, 5 * ms);
    on().begin(call_function_entry);
    on().pass(3 * ms);
    on().end(call_function_exit);
    wake();
    on().begin(call_function_entry);
    on().pass(1 * ms);
    handle(nic, 6 * ms); // in the middle of it
    on().pass(2 * ms);
    on().end(call_function_exit);
    handle(nic, 500 * us);
    on().pass(1 * ms);
    run();
    sleep(idle);
    const wire_activation_record one = only_activation();
    EXPECT_EQ(one.sums.interrupts[call_function].ns, 3 * ms);
    EXPECT_EQ(one.sums.interrupts[call_function].count, 1U);
    EXPECT_EQ(one.sums.interrupts[first_slot].ns, 6 * ms + 500 * us);
    EXPECT_EQ(one.sums.interrupts[first_slot].count, 2U);
    EXPECT_EQ(one.stall.breakdown_ns[WIRE_CLASS_HARDIRQ], one.sums.interrupts[first_slot].ns);
    EXPECT_EQ(one.stall.breakdown_ns[WIRE_CLASS_SYSVEC], one.sums.interrupts[call_function].ns);
    for (std::uint32_t i = 0; i < WIRE_INTERRUPT_SUMS; i++)
        if (i != call_function && i != first_slot) {
            EXPECT_EQ(one.sums.interrupts[i].count, 0U) << i; // NOLINT(*-constant-array-index)
        }
}

TEST_F(evidence_test, vectors_are_summed_from_the_waking_on_and_net_of_interrupts) {
    serve(net_rx, 7 * ms);
    wake();
    run();
    on().enter(net_rx);
    on().pass(5 * ms);
    handle(nic, 1 * ms);
    on().leave(net_rx);
    on().enter(timer_vector);
    on().pass(6 * ms);
    on().leave(timer_vector);
    serve(net_rx, 1 * ms);
    sleep(idle);
    const wire_activation_record one = only_activation();
    EXPECT_EQ(one.sums.softirqs[net_rx].ns, 6 * ms);
    EXPECT_EQ(one.sums.softirqs[net_rx].count, 2U);
    EXPECT_EQ(one.sums.softirqs[timer_vector].ns, 6 * ms);
    EXPECT_EQ(one.sums.softirqs[timer_vector].count, 1U);
    EXPECT_EQ(one.sums.softirqs[8].count, 0U);
}

// /proc/net/softnet_stat.

TEST_F(evidence_test, counters_of_the_network_are_what_they_have_grown_also_when_they_wrap) {
    fake_set_softnet(0xfffffff0, 0xffffffff, 0xfffffffe, 7);
    wake();
    run();
    fake_set_softnet(0x10, 2, 1, 9);
    on().pass(threshold);
    sleep(idle);
    const wire_softnet grown = only_activation().softnet;
    EXPECT_EQ(grown.known, 1U);
    EXPECT_EQ(grown.processed, 0x20U);
    EXPECT_EQ(grown.time_squeeze, 3U);
    EXPECT_EQ(grown.dropped, 5U) << "of both counters";
}

TEST_F(evidence_test, counters_of_the_network_that_cannot_be_found_are_unknown) {
    config.softnet = 0;
    activate(threshold);
    EXPECT_EQ(only_activation().softnet.known, 0U);
    EXPECT_EQ(only_activation().softnet.processed, 0U);
}

// Two threads, and waits that overlap.

TEST_F(evidence_test, ktimers_has_activations_of_its_own) {
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    on().pass(2 * ms);
    kernel::wake(ktimers);
    on().pass(3 * ms);
    on().switch_to(ktimers, true);
    on().pass(8 * ms);
    on().switch_to(other, false, interruptible);
    on().pass(1 * ms);
    run();
    on().pass(4 * ms);
    sleep(idle);
    const auto both = activations();
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].stall.histogram, std::uint32_t{WIRE_HIST_KSOFTIRQD_RUN} + WIRE_THREAD_KTIMERS);
    EXPECT_EQ(both[0].stall.start_ns, woken_ns + 2 * ms);
    EXPECT_EQ(both[0].stall.duration_ns, 11 * ms);
    EXPECT_EQ(both[0].run_ns, 8 * ms);
    EXPECT_EQ(tasks_of(both[0]), (by_pid{{700, 3 * ms}})) << "since its own waking";
    expect_parts(both[0], {{WIRE_CLASS_TASK, 3 * ms}, {WIRE_CLASS_KSOFTIRQD, 8 * ms}});
    EXPECT_EQ(both[1].stall.histogram, WIRE_HIST_KSOFTIRQD_RUN);
    EXPECT_EQ(both[1].stall.duration_ns, 18 * ms);
    EXPECT_EQ(tasks_of(both[1]), (by_pid{{700, 5 * ms}, {800, 1 * ms}}));
    expect_parts(both[1], {{WIRE_CLASS_TASK, 6 * ms}, {WIRE_CLASS_KSOFTIRQD, 12 * ms}});
    EXPECT_EQ(latency().sum_ns, 14 * ms);
    EXPECT_EQ(latency(WIRE_THREAD_KTIMERS).sum_ns, 3 * ms);
    EXPECT_EQ(runs().sum_ns, 4 * ms);
    EXPECT_EQ(runs(WIRE_THREAD_KTIMERS).sum_ns, 8 * ms);
}

TEST_F(evidence_test, open_ones_of_both_threads_are_each_told_once) {
    wake();
    on().pass(1 * ms);
    kernel::wake(ktimers);
    on().pass(threshold);
    look();
    look();
    EXPECT_EQ(activations().size(), 2U);
    EXPECT_EQ(state().told[WIRE_TOLD_KSOFTIRQD], WIRE_TOLD);
    EXPECT_EQ(state().told[WIRE_TOLD_KSOFTIRQD + WIRE_THREAD_KTIMERS], WIRE_TOLD);
    run();
    sleep(ktimers);
    sleep(idle);
    EXPECT_EQ(activations().size(), 4U);
}

TEST_F(evidence_test, task_is_no_ktimers_where_the_kernel_has_none) {
    boot();
    config.ktimers = 0;
    kernel::wake(ktimers);
    EXPECT_EQ(known(WIRE_THREAD_KTIMERS).woken_ns, 0U);
}

TEST_F(evidence_test, raise_activation_and_late_beat_each_have_their_own_window) {
    want({WIRE_STALL_IRQ_OFF, WIRE_STALL_SOFTIRQ_LATENCY}, 3 * ms);
    beat();
    const std::uint64_t beat_ns = state().beats.last_ns;
    on().pass(100 * us);
    on().raise(net_rx);
    const std::uint64_t raised_ns = on().now_ns;
    on().pass(200 * us);
    wake();
    const std::uint64_t woken_ns = on().now_ns;
    on().pass(4 * ms);
    handle(nic, 1 * ms);
    interrupt(); // late
    const std::uint64_t late_ns = state().beats.last_ns;
    on().pass(1 * ms);
    run();
    const std::uint64_t run_ns = on().now_ns;
    kernel::begin_pass();
    on().enter(net_rx);
    on().pass(6 * ms);
    on().leave(net_rx);
    kernel::end_pass();
    sleep(idle);
    const auto off = stalls(WIRE_STALL_IRQ_OFF);
    ASSERT_EQ(off.size(), 1U);
    EXPECT_EQ(off[0].breakdown_start_ns, beat_ns);
    EXPECT_EQ(off[0].breakdown_end_ns, late_ns);
    EXPECT_EQ(off[0].breakdown_ns[WIRE_CLASS_TASK], 4 * ms + 300 * us);
    EXPECT_EQ(off[0].breakdown_ns[WIRE_CLASS_HARDIRQ], 1 * ms);
    const auto waits = stalls(WIRE_STALL_SOFTIRQ_LATENCY);
    ASSERT_EQ(waits.size(), 2U) << "the late beat saw it open";
    EXPECT_EQ(waits[1].breakdown_start_ns, raised_ns);
    EXPECT_EQ(waits[1].breakdown_end_ns, run_ns);
    EXPECT_EQ(waits[1].breakdown_ns[WIRE_CLASS_TASK], 5 * ms + 200 * us);
    const wire_activation_record one = only_activation();
    EXPECT_EQ(one.stall.start_ns, woken_ns);
    expect_parts(one, {{WIRE_CLASS_TASK, 5 * ms}, {WIRE_CLASS_HARDIRQ, 1 * ms}, {WIRE_CLASS_SOFTIRQ, 6 * ms}});
}

// Those who do not want them.

TEST_F(evidence_test, without_activations_the_metrics_are_counted_and_no_more) {
    config.activations = 0;
    config.totals = 0;
    wake();
    on().pass(threshold);
    look();
    handle(nic, 1 * ms);
    serve(net_rx);
    run();
    on().pass(1 * ms);
    sleep(idle);
    EXPECT_TRUE(activations().empty());
    EXPECT_EQ(latency().count, 1U);
    EXPECT_EQ(runs().count, 1U);
    const wire_threads& all = on().threads();
    EXPECT_EQ(all.sums.softirqs[net_rx].count, 0U);
    EXPECT_EQ(all.sums.interrupts[first_slot].count, 0U);
    EXPECT_EQ(all.evidence[0].tasks[0].pid, 0U);
    EXPECT_EQ(all.task_mark_ns, 0U);
}

TEST_F(evidence_test, without_the_metrics_too_nothing_is_counted) {
    config.activations = 0;
    config.ksoftirqd_latency = 0;
    config.ksoftirqd_run = 0;
    wake();
    on().pass(threshold);
    look();
    run();
    void* napi = fake_napi(0, "eth0");
    on().enter(net_rx);
    kernel::poll(napi, 5);
    on().leave(net_rx);
    void* wheel = fake_timer(0, 0xffffffff81234560);
    kernel::begin_timer(wheel);
    kernel::end_timer(wheel);
    on().pass(threshold);
    sleep(idle);
    EXPECT_TRUE(activations().empty());
    EXPECT_EQ(latency().count + runs().count, 0U);
    const wire_threads& all = on().threads();
    EXPECT_EQ(all.source_start_ns, 0U);
    EXPECT_EQ(all.evidence[0].devices[0].address, 0U);
    EXPECT_EQ(all.evidence[0].timers[0].address, 0U);
}

TEST_F(evidence_test, cpu_that_does_not_count_yet_is_left_alone) {
    state().enabled = 0;
    wake();
    run();
    on().pass(threshold);
    sleep(idle);
    state().enabled = 1;
    EXPECT_EQ(known().woken_ns, 0U);
    EXPECT_TRUE(activations().empty());
    EXPECT_EQ(runs().count, 0U);
}

} // namespace irqscope::fake

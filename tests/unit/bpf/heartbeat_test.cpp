// SPDX-License-Identifier: BSD-2-Clause
// bpf/heartbeat.bpf.c: which timers are beats, how late they are, and that every beat that was due is accounted for.
// beating::TearDown() adds up after each of these tests.
#include "bpf/beating.hpp"

#include <random>

namespace irqscope::fake {

using heartbeat = beating;

TEST_F(heartbeat, on_time_counts_its_lateness_and_moves_due) {
    beat(1, 3 * us);
    EXPECT_EQ(irq_off().count, 1U);
    EXPECT_EQ(irq_off().sum_ns, 3 * us);
    EXPECT_EQ(state().beats.seen, 1U);
    EXPECT_EQ(state().due_ns, last_expiry + ms);
    beat(9, 5 * us);
    EXPECT_EQ(irq_off().count, 10U);
    EXPECT_EQ(irq_off().sum_ns, 3 * us + 9 * 5 * us);
    EXPECT_EQ(state().beats.seen, 10U);
    EXPECT_EQ(state().beats.first_ns, last_expiry - 9 * ms);
    EXPECT_EQ(state().beats.last_ns, last_expiry + 5 * us);
    EXPECT_EQ(state().beats.skipped + state().beats.unseen + state().beats.restarts + state().beats.late, 0U);
    EXPECT_EQ(idle_exit().count, 0U);
}

TEST_F(heartbeat, served_when_our_clock_is_not_there_yet_is_not_late) {
    on().now_ns = expires - 10; // ktime_get_mono_fast_ns() may be a little behind ktime_get()
    fire(on().now_ns, 10);
    EXPECT_EQ(state().due_ns, expires);
    EXPECT_EQ(irq_off().count, 1U);
    EXPECT_EQ(irq_off().max_ns, 0U);
}

TEST_F(heartbeat, is_none_of_other_peoples_timers) {
    beat();
    const std::uint64_t seen_ns = state().beats.last_ns;
    for (void* other : {fake_event(1, perf_swevent_hrtimer, 0), // a running perf record
                        fake_event(2, perf_swevent_hrtimer, our_mark + (WIRE_BEAT_GENERATIONS + 1)), // another irqscope
                        fake_event(3, tick_sched_timer, our_mark | 1)}) {
        on().pass(10 * us);
        on().expire(other, on().now_ns - 7 * us, on().now_ns);
    }
    EXPECT_EQ(state().beats.seen, 1U);
    EXPECT_EQ(state().beats.last_ns, seen_ns);
    EXPECT_EQ(state().due_ns, expires);
    EXPECT_EQ(irq_off().count, 1U);
    EXPECT_EQ(on().histogram(WIRE_HIST_IDLE_EXIT).count, 0U);
}

TEST_F(heartbeat, without_the_function_s_address_there_is_none) {
    config.beat_function = 0; // kallsyms hides it
    on().now_ns = expires;
    on().expire(timer, expires, expires);
    on().expire(fake_event(1, 0, 0), expires, expires);
    EXPECT_EQ(state().beats.seen, 0U);
    EXPECT_EQ(irq_off().count, 0U);
}

TEST_F(heartbeat, on_a_cpu_that_is_not_watched_is_not_touched) {
    on().cpu = 1;
    on().expire(timer, expires, expires);
    on().enter_idle();
    on().leave_idle();
    EXPECT_EQ(on().state(1).beats.seen, 0U);
    EXPECT_EQ(on().clock_reads, 0U);
}

TEST_F(heartbeat, so_late_that_others_were_due_skips_them) {
    beat(3);
    beat_late(5 * ms + 300 * us);
    EXPECT_EQ(state().beats.seen, 4U);
    EXPECT_EQ(state().beats.skipped, 5U);
    EXPECT_EQ(state().beats.late, 1U);
    EXPECT_EQ(irq_off().max_ns, 5 * ms + 300 * us);
    beat(); // on the grid that was, six periods on
    EXPECT_EQ(last_expiry, state().beats.first_ns + 9 * ms);
    EXPECT_EQ(irq_off().count, 5U);
    EXPECT_EQ(state().beats.skipped, 5U);
    EXPECT_EQ(state().beats.unseen + state().beats.restarts, 0U);
}

TEST_F(heartbeat, a_period_late_to_the_nanosecond_skips_one) {
    beat();
    beat_late(ms - 1);
    EXPECT_EQ(state().beats.skipped, 0U);
    EXPECT_EQ(state().beats.late, 0U);
    on().now_ns = expires + ms;
    interrupt();
    EXPECT_EQ(state().beats.skipped, 1U);
    EXPECT_EQ(state().beats.late, 1U);
    beat();
    EXPECT_EQ(state().beats.unseen, 0U);
}

TEST_F(heartbeat, that_the_kernel_skips_after_we_looked_at_the_clock_is_skipped_and_not_unseen) {
    // the stall is told (a stack is walked) between our look at the clock and hrtimer_forward_now()'s
    want({WIRE_STALL_IRQ_OFF});
    beat();
    on().now_ns = expires + 6 * ms - 4 * us;
    on().begin(local_timer_entry);
    fire(on().now_ns, 10 * us);
    on().end(local_timer_exit);
    EXPECT_EQ(state().beats.skipped, 5U);
    beat(2);
    EXPECT_EQ(state().beats.skipped, 6U);
    EXPECT_EQ(state().beats.unseen, 0U) << "softirq stalls of that time would be set aside";
    EXPECT_EQ(state().beats.hole_end_ns, 0U);
    // and no more than that one is forgiven
    on().now_ns = expires + ms - 4 * us;
    on().begin(local_timer_entry);
    fire(on().now_ns, 10 * us);
    on().end(local_timer_exit);
    beat_unseen(3);
    beat();
    EXPECT_EQ(state().beats.skipped, 7U);
    EXPECT_EQ(state().beats.unseen, 3U);
}

TEST_F(heartbeat, that_was_due_before_its_own_interrupts_end_is_skipped) {
    // the CPU is away between our look at the clock and hrtimer_forward_now()'s
    beat();
    on().now_ns = expires + 2 * us;
    on().begin(local_timer_entry);
    fire(on().now_ns, 5 * ms + 500 * us);
    on().pass(5 * ms + 500 * us);
    on().end(local_timer_exit);
    on().pass(100 * us);
    beat();
    EXPECT_EQ(state().beats.skipped, 5U);
    EXPECT_EQ(state().beats.unseen, 0U);
    EXPECT_EQ(state().beats.hole_end_ns, 0U);
    // another interrupt's end tells nothing: the first of them was served behind it
    on().pass(500 * us);
    handle(fake_action("nic"), 3 * ms);
    beat_unseen(4);
    beat();
    EXPECT_EQ(state().beats.skipped, 5U);
    EXPECT_EQ(state().beats.unseen, 4U);
    EXPECT_NE(state().beats.hole_end_ns, 0U);
    // and one that goes on into later ones leaves those in its own time only
    on().now_ns = expires + 2 * us;
    on().begin(local_timer_entry);
    fire(on().now_ns, 1 * ms + 500 * us);
    on().pass(1 * ms + 500 * us);
    on().end(local_timer_exit);
    beat_unseen(2);
    beat();
    EXPECT_EQ(state().beats.skipped, 6U);
    EXPECT_EQ(state().beats.unseen, 6U);
}

TEST_F(heartbeat, that_was_skipped_in_an_interrupt_that_was_seen_leaves_no_hole) {
    want({WIRE_STALL_IRQ_OFF});
    beat(2);
    on().now_ns = expires + 2 * us;
    on().begin(local_timer_entry);
    beat_unseen(1);
    on().end(local_timer_exit);
    beat();
    EXPECT_EQ(state().beats.unseen, 1U);
    EXPECT_EQ(state().beats.hole_end_ns, 0U);
    on().now_ns = expires + 2 * us;
    on().begin(local_timer_entry);
    beat_unseen(2); // of the second one nothing is known
    on().end(local_timer_exit);
    beat();
    EXPECT_EQ(state().beats.unseen, 3U);
    EXPECT_EQ(state().beats.hole_end_ns, expires - 2 * ms);
}

TEST_F(heartbeat, that_was_served_unseen_is_counted_and_leaves_a_hole) {
    want({WIRE_STALL_IRQ_OFF});
    beat(2);
    const std::uint64_t hole_start_ns = expires;
    beat_unseen(4);
    const std::uint64_t hole_end_ns = expires - ms;
    beat();
    EXPECT_EQ(state().beats.unseen, 4U);
    EXPECT_EQ(state().beats.hole_start_ns, hole_start_ns);
    EXPECT_EQ(state().beats.hole_end_ns, hole_end_ns);
    EXPECT_EQ(irq_off().max_ns, 2 * us);
    EXPECT_EQ(state().beats.restarts + state().beats.skipped, 0U);
    beat(3);
    EXPECT_EQ(state().beats.unseen, 4U);
    EXPECT_TRUE(stalls().empty());
}

TEST_F(heartbeat, restarted_with_the_time_it_had_left_is_a_restart) {
    want({WIRE_STALL_IRQ_OFF});
    beat(2);
    on().pass(300 * us);
    on().begin(call_function_entry); // ctx_resched(), because somebody opens an event
    on().pass(2 * us);
    restart(5 * us);
    on().end(call_function_exit);
    beat(3);
    EXPECT_EQ(state().beats.restarts, 1U);
    EXPECT_EQ(state().beats.seen, 5U);
    EXPECT_EQ(state().beats.skipped + state().beats.unseen, 0U);
    EXPECT_EQ(irq_off().max_ns, 2 * us);
    EXPECT_TRUE(stalls().empty());
}

TEST_F(heartbeat, that_was_stopped_for_long_was_not_late) {
    want({WIRE_STALL_IRQ_OFF});
    beat(2);
    on().pass(300 * us);
    restart(200 * ms + 123); // nothing that would tell came meanwhile
    beat(2);
    EXPECT_EQ(state().beats.restarts, 1U);
    EXPECT_EQ(state().beats.skipped, 200U);
    EXPECT_EQ(state().beats.seen, 4U);
    EXPECT_EQ(irq_off().max_ns, 2 * us);
    on().pass(300 * us);
    const std::uint64_t left = expires - on().now_ns;
    for (int i = 0; i < 100; i++) { // interrupts came all the time
        on().pass(ms - 123);
        handle(fake_action("nic"), 10 * us);
    }
    expires = on().now_ns + left;
    beat(2);
    EXPECT_EQ(state().beats.restarts, 2U);
    EXPECT_EQ(irq_off().max_ns, 2 * us);
    EXPECT_TRUE(stalls().empty());
}

TEST_F(heartbeat, of_a_new_generation_starts_anew) {
    want({WIRE_STALL_IRQ_OFF});
    beat(10);
    on().pass(3'000 * ms + 123); // the CPU was away
    handle(fake_action("nic"), 10 * us);
    open_event(2);
    beat(5);
    EXPECT_EQ(state().beats.generation, our_mark | 2);
    EXPECT_EQ(state().beats.past_due, 10U);
    EXPECT_EQ(state().beats.first_ns, last_expiry - 4 * ms);
    EXPECT_EQ(state().beats.seen, 15U);
    EXPECT_EQ(state().beats.skipped + state().beats.unseen + state().beats.restarts, 0U);
    EXPECT_EQ(irq_off().max_ns, 2 * us);
    EXPECT_TRUE(stalls().empty());
    beat_late(7 * ms); // and again, with beats that were skipped in both
    on().pass(1);
    open_event(3);
    beat();
    beat_late(2 * ms);
    EXPECT_EQ(state().beats.skipped, 7U + 2);
    EXPECT_EQ(state().beats.past_due, 10U + 5 + 1 + 7);
}

TEST_F(heartbeat, first_of_all_may_be_late) {
    want({WIRE_STALL_IRQ_OFF});
    beat_late(3 * ms + 1);
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_EQ(stalls()[0].duration_ns, 3 * ms + 1);
    EXPECT_EQ(stalls()[0].less_than_ns, 4 * ms + 1) << "no interrupt was accepted that would tell more";
    EXPECT_EQ(state().beats.skipped, 3U);
}

TEST_F(heartbeat, is_accounted_for_whatever_happens) {
    want({WIRE_STALL_IRQ_OFF, WIRE_STALL_SOFTIRQ_OFF, WIRE_STALL_SOFTIRQ_LATENCY});
    std::mt19937 random(1);
    const auto up_to = [&random](std::uint64_t most) { return random() % (most + 1); };
    std::uint64_t generation = 1;
    for (int i = 0; i < 5000; i++) {
        const std::uint64_t left = expires - on().now_ns;
        switch (up_to(7)) {
        case 0: beat_late(up_to(20 * ms)); break;
        case 1: beat_unseen(1 + static_cast<unsigned>(up_to(5))); break;
        case 2:
            on().pass(up_to(left - 1));
            restart(up_to(3 * ms));
            break;
        case 3: // overdue, and the interrupt that restarts it is the first that is served
            on().pass(left + up_to(8 * ms));
            on().begin(call_function_entry);
            restart();
            on().end(call_function_exit);
            break;
        case 4:
            on().pass(up_to(50 * ms));
            open_event(++generation);
            break;
        default: beat(1 + static_cast<unsigned>(up_to(3)), up_to(20 * us));
        }
    }
    beat();
    EXPECT_GT(state().beats.seen, 3000U);
    EXPECT_GT(state().beats.skipped, 3000U);
    EXPECT_GT(state().beats.unseen, 500U);
    EXPECT_GT(state().beats.restarts, 500U);
    EXPECT_GT(state().beats.past_due, 3000U);
}

TEST_F(heartbeat, reads_the_clock_once) {
    beat();
    on().now_ns = expires + us;
    const unsigned reads = on().clock_reads;
    on().expire(timer, expires, on().now_ns);
    EXPECT_EQ(on().clock_reads - reads, 1U);
    EXPECT_EQ(on().unwindings, 0U);
    expires = forward(expires, on().now_ns);
}

TEST_F(heartbeat, streamed_carries_the_same_lateness) {
    config.stream = 1;
    config.histograms = 0;
    on().now_ns = expires + 9 * us;
    untraced_interrupt();
    const auto spans = on().records<wire_span>(WIRE_RECORD_WAIT);
    ASSERT_EQ(spans.size(), 1U);
    EXPECT_EQ(spans[0].histogram, WIRE_HIST_IRQ_OFF);
    EXPECT_EQ(spans[0].start_ns, last_expiry);
    EXPECT_EQ(spans[0].duration_ns, 9 * us);
    EXPECT_EQ(spans[0].nested_ns, 0U);
    EXPECT_EQ(irq_off().count, 0U);
    on().ring_full = true;
    on().now_ns = expires + 9 * us;
    untraced_interrupt();
    EXPECT_EQ(irq_off().dropped, 1U);
}

TEST_F(heartbeat, makes_one_raise_each_if_the_kernel_can) {
    on().cpu_ids = 3;
    for (std::uint32_t cpu = 0; cpu < 3; cpu++) {
        wire_init_soft_beat which{cpu};
        EXPECT_EQ(init_soft_beat(&which), 0);
    }
    wire_init_soft_beat which{3};
    EXPECT_NE(init_soft_beat(&which), 0) << "no such CPU";
    which.cpu = 1;
    EXPECT_NE(init_soft_beat(&which), 0) << "it is there already";
    EXPECT_EQ(on().timers.size(), 3U);
    beat(2);
    EXPECT_TRUE(on().timer_starts.empty()) << "config.soft_beat is 0";
    config.soft_beat = 1;
    config.soft_beat_flags = 2; // BPF_F_TIMER_CPU_PIN
    beat(3);
    on().expire(fake_event(1, tick_sched_timer, 0), on().now_ns, on().now_ns);
    EXPECT_EQ(on().timer_starts.size(), 3U);
    beat_late(5 * ms);
    EXPECT_EQ(on().timer_starts.size(), 4U);
    on().cpu = 2;
    on().state(2).enabled = 1;
    on().expire(fake_event(2, perf_swevent_hrtimer, our_mark | 1), on().now_ns, on().now_ns);
    ASSERT_EQ(on().timer_starts.size(), 5U);
    for (std::size_t i = 0; i < 5; i++) {
        EXPECT_EQ(on().timer_starts[i].timer, on().soft_beat(i < 4 ? 0 : 2)) << "of another CPU";
        EXPECT_EQ(on().timer_starts[i].after_ns, 0U);
        EXPECT_EQ(on().timer_starts[i].flags, 2U);
    }
    on().cpu = 0;
}

} // namespace irqscope::fake

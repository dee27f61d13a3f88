// SPDX-License-Identifier: BSD-2-Clause
// bpf/stall.bpf.h, by way of the programs that tell stalls: open and ended, once each; what went away unseen; the rate;
// and what settles them.
#include "bpf/beating.hpp"

namespace irqscope::fake {

namespace {

constexpr std::uint32_t timer_vector = 1;
constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t run_of(std::uint32_t vector, std::uint32_t context = WIRE_CONTEXT_UNKNOWN) {
    return WIRE_HIST_SOFTIRQ_RUN + vector * WIRE_CONTEXTS + context;
}
constexpr std::uint32_t latency_of(std::uint32_t vector) { return WIRE_HIST_SOFTIRQ_LATENCY + vector; }

} // namespace

class stall : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        beat();
        on().pass(500 * us);
    }
    static void expect_states(wire_stall_kind kind, const std::vector<wire_stall_state>& states) {
        const auto told = stalls(kind);
        ASSERT_EQ(told.size(), states.size());
        for (std::size_t i = 0; i < states.size(); i++) EXPECT_EQ(told[i].state, states[i]) << i;
    }
    [[nodiscard]] static std::uint64_t suppressed(wire_stall_kind kind) {
        return state().suppressed[kind]; // NOLINT(*-constant-array-index)
    }
    void* nic = fake_action("nic");
};

// Open and ended.

TEST_F(stall, latency_is_told_once_while_it_is_open_and_once_when_it_has_ended) {
    want({WIRE_STALL_SOFTIRQ_LATENCY}, 2 * ms);
    serve(timer_vector);
    const std::uint64_t start = on().now_ns;
    on().raise(net_rx);
    beat(2);
    EXPECT_TRUE(stalls().empty()) << "it is younger than the threshold";
    on().unwound = {0xffffffff81777777};
    beat();
    ASSERT_EQ(stalls().size(), 1U);
    const wire_stall open = stalls()[0];
    EXPECT_EQ(open.what, WIRE_STALL_SOFTIRQ_LATENCY);
    EXPECT_EQ(open.state, WIRE_STALL_OPEN);
    EXPECT_EQ(open.stack, WIRE_STACK_ONGOING);
    EXPECT_EQ(open.histogram, latency_of(net_rx));
    EXPECT_EQ(open.start_ns, start);
    EXPECT_EQ(open.duration_ns, on().now_ns - start);
    EXPECT_EQ(open.less_than_ns, 0U);
    EXPECT_EQ(open.culprit, WIRE_NO_CULPRIT);
    EXPECT_EQ(open.pid, 701U);
    ASSERT_EQ(open.depth, 1U);
    EXPECT_EQ(open.frames[0], 0xffffffff81777777);
    beat(20);
    EXPECT_EQ(stalls().size(), 1U);
    on().comm = "ksoftirqd/0";
    const std::uint64_t end = on().now_ns;
    serve(net_rx);
    ASSERT_EQ(stalls().size(), 2U);
    const wire_stall ended = stalls()[1];
    EXPECT_EQ(ended.what, WIRE_STALL_SOFTIRQ_LATENCY);
    EXPECT_EQ(ended.state, WIRE_STALL_ENDED);
    EXPECT_EQ(ended.stack, WIRE_STACK_POST_HOC);
    EXPECT_EQ(ended.histogram, latency_of(net_rx));
    EXPECT_EQ(ended.start_ns, start);
    EXPECT_EQ(ended.duration_ns, end - start);
    EXPECT_EQ(ended.less_than_ns, 0U) << "it is exact";
    EXPECT_STREQ(static_cast<const char*>(ended.comm), "ksoftirqd/0");
    on().raise(net_rx); // and the next one is another
    beat(4);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_ENDED, WIRE_STALL_OPEN});
}

TEST_F(stall, latency_that_no_beat_has_seen_is_told_when_it_has_ended) {
    want({WIRE_STALL_SOFTIRQ_LATENCY});
    on().raise(net_rx);
    on().pass(ms);
    serve(net_rx);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_ENDED});
    on().raise(net_rx);
    on().pass(ms - 1);
    serve(net_rx);
    EXPECT_EQ(stalls().size(), 1U);
}

TEST_F(stall, softirq_off_is_told_once_while_it_is_open_and_once_when_it_has_ended) {
    want({WIRE_STALL_SOFTIRQ_OFF}, 2 * ms);
    on().raise(timer_vector);
    serve(timer_vector);
    const std::uint64_t served_ns = on().now_ns;
    on().pass(100 * us);
    const std::uint64_t start = on().now_ns;
    on().raise(net_rx);
    beat(10);
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_EQ(stalls()[0].what, WIRE_STALL_SOFTIRQ_OFF);
    EXPECT_EQ(stalls()[0].state, WIRE_STALL_OPEN);
    EXPECT_EQ(stalls()[0].stack, WIRE_STACK_ONGOING);
    EXPECT_EQ(stalls()[0].histogram, WIRE_HIST_SOFTIRQ_OFF);
    EXPECT_EQ(stalls()[0].start_ns, start);
    const std::uint64_t end = on().now_ns;
    serve(timer_vector);
    ASSERT_EQ(stalls().size(), 2U);
    EXPECT_EQ(stalls()[1].what, WIRE_STALL_SOFTIRQ_OFF);
    EXPECT_EQ(stalls()[1].state, WIRE_STALL_ENDED);
    EXPECT_EQ(stalls()[1].histogram, WIRE_HIST_SOFTIRQ_OFF);
    EXPECT_EQ(stalls()[1].duration_ns, end - start);
    EXPECT_EQ(stalls()[1].less_than_ns, end - served_ns) << "they were served then";
}

TEST_F(stall, softirq_off_before_any_softirq_was_seen_has_no_bound) {
    want({WIRE_STALL_SOFTIRQ_OFF});
    on().raise(net_rx);
    on().pass(ms);
    serve(net_rx);
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_EQ(stalls()[0].less_than_ns, 0U);
}

TEST_F(stall, softirq_off_is_none_while_softirqs_are_served) {
    want({WIRE_STALL_SOFTIRQ_OFF});
    on().raise(net_rx);
    kernel::begin_pass(); // its entry goes unseen
    kernel::set_pending(timer_vector);
    beat(5);
    EXPECT_TRUE(stalls().empty());
    EXPECT_NE(state().off_ns, 0U);
    kernel::end_pass();
    beat();
    EXPECT_EQ(stalls().size(), 1U);
}

TEST_F(stall, behind_a_long_softirq_is_latency_and_no_softirq_off) {
    want({WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_SOFTIRQ_OFF});
    on().raise(timer_vector);
    on().raise(net_rx);
    on().pass(us);
    kernel::begin_pass();
    on().enter(timer_vector);
    beat(5);
    on().leave(timer_vector);
    on().enter(net_rx);
    on().leave(net_rx);
    kernel::end_pass();
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
    EXPECT_EQ(stalls().front().histogram, latency_of(net_rx));
    EXPECT_TRUE(stalls(WIRE_STALL_SOFTIRQ_OFF).empty());
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 0U);
}

TEST_F(stall, softirq_run_is_told_once_while_it_is_open_and_once_when_it_has_ended) {
    want({WIRE_STALL_SOFTIRQ_RUN}, 3 * ms);
    on().raise(net_rx);
    kernel::begin_pass();
    const std::uint64_t start = on().now_ns;
    on().enter(net_rx);
    beat(10);
    expect_states(WIRE_STALL_SOFTIRQ_RUN, {WIRE_STALL_OPEN});
    EXPECT_EQ(stalls()[0].stack, WIRE_STACK_ONGOING);
    EXPECT_EQ(stalls()[0].histogram, run_of(net_rx));
    EXPECT_EQ(stalls()[0].start_ns, start);
    const std::uint64_t end = on().now_ns;
    on().leave(net_rx);
    kernel::end_pass();
    expect_states(WIRE_STALL_SOFTIRQ_RUN, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
    EXPECT_EQ(stalls()[1].stack, WIRE_STACK_POST_HOC);
    EXPECT_EQ(stalls()[1].histogram, run_of(net_rx));
    EXPECT_EQ(stalls()[1].duration_ns, end - start);
    EXPECT_EQ(stalls()[1].less_than_ns, 0U);
    serve(net_rx, 3 * ms - 1);
    EXPECT_EQ(stalls().size(), 2U);
    serve(net_rx, 3 * ms);
    EXPECT_EQ(stalls().size(), 3U);
}

TEST_F(stall, softirq_run_at_the_end_of_an_interrupt_has_the_stack_of_whom_it_interrupted) {
    want({WIRE_STALL_SOFTIRQ_RUN, WIRE_STALL_SOFTIRQ_LATENCY});
    config.callers[0] = {0xffffffff81001000, 0x100, WIRE_CONTEXT_IRQ_EXIT};
    on().unwound = {0xffffffff81900000, 0xffffffff81001010};
    serve(net_rx, ms);
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_EQ(stalls()[0].stack, WIRE_STACK_INTERRUPTED);
    EXPECT_EQ(stalls()[0].histogram, run_of(net_rx, WIRE_CONTEXT_IRQ_EXIT));
    on().raise(net_rx);
    on().pass(ms);
    serve(net_rx);
    EXPECT_EQ(stalls().back().what, WIRE_STALL_SOFTIRQ_LATENCY);
    EXPECT_EQ(stalls().back().stack, WIRE_STACK_POST_HOC) << "of the softirq's own entry";
}

TEST_F(stall, hardirq_run_is_told_when_it_has_ended) {
    want({WIRE_STALL_HARDIRQ_RUN}, 300 * us);
    handle(nic, 300 * us - 1);
    EXPECT_TRUE(stalls().empty());
    const std::uint64_t start = on().now_ns;
    handle(nic, 300 * us);
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_EQ(stalls()[0].what, WIRE_STALL_HARDIRQ_RUN);
    EXPECT_EQ(stalls()[0].state, WIRE_STALL_ENDED);
    EXPECT_EQ(stalls()[0].stack, WIRE_STACK_INTERRUPTED);
    EXPECT_EQ(stalls()[0].histogram, WIRE_HIST_HARDIRQ_RUN);
    EXPECT_EQ(stalls()[0].start_ns, start);
    EXPECT_EQ(stalls()[0].duration_ns, 300 * us);
    EXPECT_EQ(stalls()[0].less_than_ns, 0U);
    EXPECT_EQ(stalls()[0].culprit, WIRE_NO_CULPRIT);
    EXPECT_EQ(stalls()[0].timer_function, 0U);
}

TEST_F(stall, of_a_kind_that_is_not_wanted_is_not_told) {
    on().raise(net_rx);
    beat(5);
    kernel::begin_pass();
    on().enter(net_rx);
    handle(nic, 5 * ms);
    interrupt();
    on().leave(net_rx);
    EXPECT_TRUE(on().sent.empty());
    EXPECT_EQ(state().unsettled_ns, 0U);
}

TEST_F(stall, record_does_not_keep_what_the_one_before_it_said) {
    want({WIRE_STALL_IRQ_OFF, WIRE_STALL_HARDIRQ_RUN});
    on().now_ns = expires;
    on().begin(local_timer_entry);
    run_timer(tick_sched_timer, 5 * ms);
    fire(on().now_ns);
    on().end(local_timer_exit);
    ASSERT_NE(stalls().front().timer_function, 0U);
    on().unwound.clear(); // no stack this time
    handle(nic, 2 * ms);
    const wire_stall second = stalls().back();
    EXPECT_EQ(second.what, WIRE_STALL_HARDIRQ_RUN);
    EXPECT_EQ(second.timer_function, 0U);
    EXPECT_EQ(second.culprit, WIRE_NO_CULPRIT);
    EXPECT_EQ(second.culprit_ns, 0U);
    EXPECT_EQ(second.less_than_ns, 0U);
    EXPECT_EQ(second.depth, 0U);
    on().unwound = {1};
    EXPECT_EQ(second.stack, WIRE_STACK_INTERRUPTED);
    interrupt();
    beat_late(2 * ms); // by a task
    EXPECT_EQ(stalls().back().what, WIRE_STALL_IRQ_OFF);
    EXPECT_EQ(stalls().back().stack, WIRE_STACK_POST_HOC);
    want({WIRE_STALL_SOFTIRQ_LATENCY});
    on().raise(net_rx);
    beat(2);
    EXPECT_EQ(stalls().back().state, WIRE_STALL_OPEN);
    handle(nic, 2 * ms);
    EXPECT_EQ(stalls().back().state, WIRE_STALL_ENDED);
}

// The rate.

TEST_F(stall, beyond_the_rate_is_counted_by_its_kind_until_the_next_second) {
    want({WIRE_STALL_HARDIRQ_RUN, WIRE_STALL_SOFTIRQ_RUN});
    config.stall_rate = 3;
    for (int i = 0; i < 5; i++) handle(nic, ms);
    for (int i = 0; i < 2; i++) serve(net_rx, ms);
    EXPECT_EQ(stalls().size(), 3U);
    EXPECT_EQ(suppressed(WIRE_STALL_HARDIRQ_RUN), 2U);
    EXPECT_EQ(suppressed(WIRE_STALL_SOFTIRQ_RUN), 2U);
    EXPECT_EQ(suppressed(WIRE_STALL_IRQ_OFF), 0U);
    on().pass(990 * ms);
    handle(nic, ms);
    EXPECT_EQ(stalls().size(), 3U) << "the second is not over";
    on().pass(5 * ms);
    for (int i = 0; i < 4; i++) handle(nic, ms);
    EXPECT_EQ(stalls().size(), 6U);
    EXPECT_EQ(suppressed(WIRE_STALL_HARDIRQ_RUN), 4U);
}

TEST_F(stall, end_of_one_that_was_told_passes_whatever_the_rate) {
    want({WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_HARDIRQ_RUN});
    config.stall_rate = 1;
    on().raise(net_rx);
    beat(2);
    handle(nic, ms);
    EXPECT_EQ(suppressed(WIRE_STALL_HARDIRQ_RUN), 1U);
    serve(net_rx);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
    EXPECT_EQ(suppressed(WIRE_STALL_SOFTIRQ_LATENCY), 0U);
    on().raise(net_rx); // and no right comes of it for the next one
    on().pass(2 * ms);
    serve(net_rx);
    EXPECT_EQ(stalls().size(), 2U);
    EXPECT_EQ(suppressed(WIRE_STALL_SOFTIRQ_LATENCY), 1U);
}

TEST_F(stall, that_was_suppressed_while_it_was_open_is_one_and_its_end_has_no_right_to_pass) {
    want({WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_HARDIRQ_RUN});
    config.stall_rate = 1;
    handle(nic, ms);
    interrupt();
    on().raise(net_rx);
    beat(10);
    EXPECT_EQ(suppressed(WIRE_STALL_SOFTIRQ_LATENCY), 1U) << "once, and not by each beat";
    serve(net_rx);
    EXPECT_TRUE(stalls(WIRE_STALL_SOFTIRQ_LATENCY).empty());
    EXPECT_EQ(suppressed(WIRE_STALL_SOFTIRQ_LATENCY), 1U) << "it is the same stall";
    on().raise(net_rx);
    beat(3);
    EXPECT_EQ(suppressed(WIRE_STALL_SOFTIRQ_LATENCY), 2U);
    beat(1000);
    serve(net_rx); // the next second
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_ENDED});
}

TEST_F(stall, that_ended_before_the_one_told_last_does_not_begin_a_new_second) {
    want({WIRE_STALL_HARDIRQ_RUN, WIRE_STALL_SOFTIRQ_LATENCY});
    config.stall_rate = 2;
    on().raise(net_rx);
    on().pass(2 * ms);
    kernel::begin_pass();
    on().after_clock = [this] { handle(nic, us); };            // the entry reads the clock again,
    on().after_second_clock = [this] { handle(nic, 2 * ms); }; // and this is told before the latency, which ended first
    on().enter(net_rx);
    on().leave(net_rx);
    kernel::end_pass();
    ASSERT_EQ(stalls().size(), 2U);
    ASSERT_LT(stalls()[1].start_ns + stalls()[1].duration_ns, stalls()[0].start_ns + stalls()[0].duration_ns);
    for (int i = 0; i < 5; i++) handle(nic, 2 * ms);
    EXPECT_EQ(stalls().size(), 2U);
}

TEST_F(stall, that_finds_the_ring_full_is_lost_and_counted) {
    want({WIRE_STALL_HARDIRQ_RUN, WIRE_STALL_SOFTIRQ_LATENCY});
    on().ring_full = true;
    handle(nic, ms);
    EXPECT_EQ(on().lost(WIRE_LOST_STALL), 1U);
    EXPECT_EQ(suppressed(WIRE_STALL_HARDIRQ_RUN), 0U);
    interrupt();
    on().raise(net_rx);
    beat(5);
    EXPECT_EQ(on().lost(WIRE_LOST_STALL), 2U);
    on().ring_full = false;
    serve(net_rx);
    EXPECT_EQ(stalls().size(), 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_STALL), 2U);
}

// What settles them.

TEST_F(stall, is_settled_when_the_runqueue_s_clock_has_moved_since_the_beat_after_it) {
    want({WIRE_STALL_IRQ_OFF});
    fake_set_steal(1000);
    fake_set_clock(70);
    beat();
    beat_late(3 * ms + 500 * us); // its own beat remembers the clock: the next one is behind it
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_EQ(stalls()[0].steal_ns, 1000U);
    beat();
    const std::uint64_t until = on().now_ns;
    beat(2);
    EXPECT_TRUE(settled().empty()) << "steal is as old as that clock";
    const std::uint64_t hole_start = expires;
    beat_unseen(3);
    const std::uint64_t hole_end = expires - ms;
    fake_set_steal(3'001'000);
    fake_set_clock(71);
    beat();
    ASSERT_EQ(settled().size(), 1U);
    const wire_settled record = settled()[0];
    EXPECT_EQ(record.cpu, 0U);
    EXPECT_LE(record.until_ns, until);
    EXPECT_GE(record.until_ns, stalls()[0].start_ns + stalls()[0].duration_ns);
    EXPECT_EQ(record.steal_known, 1U);
    EXPECT_EQ(record.steal_ns, 3'001'000U);
    EXPECT_EQ(record.late_ns, stalls()[0].late_ns) << "no beat has been late since";
    EXPECT_EQ(record.hole_start_ns, hole_start);
    EXPECT_EQ(record.hole_end_ns, hole_end);
    for (std::uint64_t i = 0; i < 50; i++) {
        fake_set_clock(100 + i);
        beat();
    }
    EXPECT_EQ(settled().size(), 1U) << "once";
}

TEST_F(stall, is_settled_ten_milliseconds_later_where_the_clock_stands_still) {
    want({WIRE_STALL_HARDIRQ_RUN});
    handle(nic, ms);
    interrupt();
    const std::uint64_t end = on().now_ns;
    while (on().now_ns < end + 10 * ms) {
        EXPECT_TRUE(settled().empty());
        beat();
    }
    beat(2);
    EXPECT_EQ(settled().size(), 1U);
}

TEST_F(stall, tells_how_late_beats_were_with_its_own_and_until_it_is_settled) {
    want({WIRE_STALL_IRQ_OFF});
    beat_late(3 * ms);
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_GE(stalls()[0].late_ns, 3 * ms) << "its own is in it";
    beat();
    beat_late(700 * us); // below the threshold, and worth counting
    fake_set_clock(1000);
    beat();
    ASSERT_EQ(settled().size(), 1U);
    EXPECT_GE(settled()[0].late_ns, stalls()[0].late_ns + 700 * us);
}

TEST_F(stall, that_came_while_another_was_to_be_settled_is_settled_in_its_own_time) {
    want({WIRE_STALL_HARDIRQ_RUN});
    handle(nic, ms);
    interrupt();
    const std::uint64_t first = on().now_ns;
    beat(6);
    handle(nic, ms);
    interrupt();
    const std::uint64_t second = on().now_ns;
    beat(30);
    ASSERT_EQ(settled().size(), 2U);
    EXPECT_GE(settled()[0].until_ns, first);
    EXPECT_LT(settled()[0].until_ns, second) << "of the second nothing was known yet";
    EXPECT_GE(settled()[1].until_ns, second - us);
}

TEST_F(stall, before_the_first_beat_does_not_count_all_that_was_ever_stolen) {
    boot();
    want({WIRE_STALL_HARDIRQ_RUN});
    fake_set_steal(7'000 * ms); // since boot
    handle(nic, ms / 2 * 3);
    ASSERT_EQ(stalls().size(), 1U);
    EXPECT_EQ(stalls()[0].steal_ns, 7'000 * ms) << "the stall would be taken for the hypervisor's";
    interrupt();
    beat(15);
    ASSERT_EQ(settled().size(), 1U);
    EXPECT_EQ(settled()[0].steal_ns, 7'000 * ms);
}

TEST_F(stall, is_settled_also_where_steal_cannot_be_read) {
    boot();
    want({WIRE_STALL_HARDIRQ_RUN});
    fake_set_run_queue_cpu(7); // the task leads to no run queue of this CPU
    handle(nic, ms / 2);
    beat(3);
    handle(nic, ms);
    interrupt();
    beat(15);
    ASSERT_EQ(settled().size(), 1U);
    EXPECT_EQ(settled()[0].steal_known, 0U);
    EXPECT_EQ(settled()[0].steal_ns, 0U);
}

} // namespace irqscope::fake

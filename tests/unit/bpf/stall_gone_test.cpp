// SPDX-License-Identifier: BSD-2-Clause
// bpf/stall.bpf.h: stalls whose end the kernel has let nobody see (docs/LOST.md), and interrupts at awkward moments.
#include "bpf/beating.hpp"

namespace irqscope::fake {

namespace {

constexpr std::uint32_t timer_vector = 1;
constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t block = 4;
constexpr std::uint32_t run_of_net_rx = WIRE_HIST_SOFTIRQ_RUN + net_rx * WIRE_CONTEXTS;

} // namespace

class stall_end : public beating {
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
    // The next beat comes just after the program that runs now has read the clock, and is the first at which something
    // of `age_ns` is over its threshold.
    void beat_after_clock() {
        on().now_ns = expires - 10;
        on().after_clock = [this] {
            on().pass(20);
            untraced_interrupt(); // or the program would see that interrupt and read the clock again
        };
    }
    void* nic = fake_action("nic");
};

// What nobody saw.

TEST_F(stall_end, latency_of_a_raise_that_was_served_unseen_is_dropped_by_a_beat) {
    want({WIRE_STALL_SOFTIRQ_LATENCY}, 2 * ms);
    on().raise(net_rx);
    on().pass(100 * us);
    kernel::clear_pending();
    beat(2);
    EXPECT_NE(state().raised_ns[net_rx], 0U) << "it is young";
    beat();
    EXPECT_EQ(state().raised_ns[net_rx], 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 1U);
    on().raise(net_rx);
    on().pass(5 * us);
    serve(net_rx);
    EXPECT_EQ(on().histogram(WIRE_HIST_SOFTIRQ_LATENCY + net_rx).max_ns, 5 * us);
    EXPECT_TRUE(stalls().empty());
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 1U);
}

TEST_F(stall_end, latency_that_was_told_as_open_is_gone_when_a_beat_finds_nothing_pending) {
    want({WIRE_STALL_SOFTIRQ_LATENCY});
    const std::uint64_t start = on().now_ns;
    on().raise(net_rx);
    beat(3);
    kernel::clear_pending();
    kernel::set_pending(timer_vector);
    beat();
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    EXPECT_EQ(stalls()[1].start_ns, start);
    EXPECT_EQ(stalls()[1].duration_ns, on().now_ns - start);
    EXPECT_EQ(stalls()[1].histogram, WIRE_HIST_SOFTIRQ_LATENCY + net_rx);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 1U);
    beat(5);
    EXPECT_EQ(stalls().size(), 2U);
    on().raise(net_rx);
    beat(3);
    serve(net_rx);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_GONE, WIRE_STALL_OPEN, WIRE_STALL_ENDED});
}

TEST_F(stall_end, latency_that_was_told_as_open_is_gone_when_the_next_raise_finds_nothing_pending) {
    want({WIRE_STALL_SOFTIRQ_LATENCY});
    on().raise(net_rx);
    beat(2);
    kernel::clear_pending();
    on().pass(100 * us);
    on().raise(net_rx);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    on().pass(10 * us);
    serve(net_rx);
    EXPECT_EQ(stalls().size(), 2U);
    EXPECT_EQ(on().histogram(WIRE_HIST_SOFTIRQ_LATENCY + net_rx).max_ns, 10 * us);
}

TEST_F(stall_end, raise_that_is_dropped_takes_the_raise_after_it_along) {
    want({WIRE_STALL_SOFTIRQ_LATENCY}, 2 * ms);
    on().raise(net_rx);
    kernel::begin_pass();
    on().raise(net_rx); // the next pass's; and both passes go unseen
    kernel::end_pass();
    kernel::clear_pending();
    beat(3);
    EXPECT_EQ(state().raised_ns[net_rx], 0U);
    on().raise(net_rx);
    on().pass(5 * us);
    serve(net_rx);
    kernel::begin_pass();
    on().raise(net_rx);
    kernel::end_pass();
    on().pass(5 * us);
    serve(net_rx);
    EXPECT_EQ(on().histogram(WIRE_HIST_SOFTIRQ_LATENCY + net_rx).max_ns, 5 * us);
    EXPECT_TRUE(stalls().empty()) << "a raise from long ago came back";
}

TEST_F(stall_end, softirq_off_that_was_told_as_open_is_gone_when_a_beat_finds_nothing_pending) {
    want({WIRE_STALL_SOFTIRQ_OFF});
    on().raise(net_rx);
    beat(3);
    kernel::clear_pending();
    beat(3);
    expect_states(WIRE_STALL_SOFTIRQ_OFF, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    EXPECT_EQ(state().off_ns, 0U);
    on().raise(timer_vector);
    serve(timer_vector);
    EXPECT_EQ(stalls().size(), 2U);
}

TEST_F(stall_end, softirq_off_that_was_served_unseen_is_dropped_by_a_beat) {
    want({WIRE_STALL_SOFTIRQ_OFF});
    on().raise(net_rx);
    kernel::clear_pending();
    beat(3);
    EXPECT_EQ(state().off_ns, 0U);
    EXPECT_TRUE(stalls().empty());
}

TEST_F(stall_end, softirq_off_that_was_told_as_open_is_gone_when_the_next_raise_finds_it_served) {
    want({WIRE_STALL_SOFTIRQ_OFF});
    on().raise(net_rx);
    beat(2);
    kernel::clear_pending();
    on().raise(timer_vector);
    expect_states(WIRE_STALL_SOFTIRQ_OFF, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    on().pass(10 * us);
    serve(timer_vector);
    EXPECT_EQ(stalls().size(), 2U);
}

TEST_F(stall_end, softirq_run_that_was_told_as_open_is_gone_when_a_beat_finds_no_pass) {
    want({WIRE_STALL_SOFTIRQ_RUN});
    kernel::begin_pass();
    const std::uint64_t start = on().now_ns;
    on().enter(net_rx);
    beat(3);
    kernel::end_pass(); // its exit goes unseen
    beat(3);
    expect_states(WIRE_STALL_SOFTIRQ_RUN, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    EXPECT_EQ(stalls()[1].start_ns, start);
    EXPECT_EQ(stalls()[1].histogram, run_of_net_rx);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_ENTRY), 1U);
    EXPECT_EQ(state().softirq.start_ns, 0U);
    serve(net_rx);
    EXPECT_EQ(stalls().size(), 2U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_ENTRY), 1U);
}

TEST_F(stall_end, softirq_run_that_was_told_as_open_is_gone_when_another_begins) {
    want({WIRE_STALL_SOFTIRQ_RUN});
    kernel::begin_pass();
    on().enter(net_rx);
    beat(3);
    on().enter(block); // NET_RX's exit went unseen
    on().pass(us);
    on().leave(block);
    kernel::end_pass();
    expect_states(WIRE_STALL_SOFTIRQ_RUN, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    EXPECT_EQ(stalls()[1].histogram, run_of_net_rx);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_ENTRY), 1U);
}

TEST_F(stall_end, softirq_run_whose_exit_went_unseen_is_dropped_by_a_beat) {
    want({WIRE_STALL_SOFTIRQ_RUN});
    kernel::begin_pass();
    on().enter(net_rx);
    kernel::end_pass();
    beat(3);
    EXPECT_TRUE(stalls().empty());
    EXPECT_EQ(state().softirq.start_ns, 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_ENTRY), 1U);
}

TEST_F(stall_end, of_one_that_was_suppressed_is_not_told_when_it_is_gone) {
    want({WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_SOFTIRQ_OFF, WIRE_STALL_SOFTIRQ_RUN});
    config.stall_rate = 0;
    on().raise(net_rx);
    config.stall_rate = 1;
    state().rate_ns = on().now_ns;
    state().rate_used = 1;
    beat(3);
    kernel::clear_pending();
    beat(3);
    EXPECT_TRUE(stalls().empty());
    EXPECT_EQ(state().told[net_rx], 0U);
    EXPECT_EQ(state().told[WIRE_TOLD_OFF], 0U);
}

TEST_F(stall_end, that_is_gone_is_told_whatever_the_rate) {
    want({WIRE_STALL_SOFTIRQ_LATENCY});
    config.stall_rate = 1;
    on().raise(net_rx);
    beat(3);
    kernel::clear_pending();
    beat();
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    EXPECT_EQ(state().suppressed[WIRE_STALL_SOFTIRQ_LATENCY], 0U);
}

TEST_F(stall_end, is_not_made_up_where_the_pending_word_is_not_known) {
    want({WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_SOFTIRQ_OFF});
    config.pending = 0;
    on().raise(net_rx);
    beat(3);
    kernel::clear_pending();
    beat(3);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN});
    expect_states(WIRE_STALL_SOFTIRQ_OFF, {WIRE_STALL_OPEN});
    serve(net_rx);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
    expect_states(WIRE_STALL_SOFTIRQ_OFF, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
}

// Interrupts at awkward moments.

TEST_F(stall_end, of_a_latency_that_became_too_old_while_its_entry_ran_is_told) {
    want({WIRE_STALL_SOFTIRQ_LATENCY}, 400 * us);
    on().now_ns = expires - 400 * us;
    on().raise(net_rx);
    kernel::begin_pass();
    beat_after_clock();
    on().enter(net_rx);
    expect_states(WIRE_STALL_SOFTIRQ_LATENCY, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
    EXPECT_EQ(state().told[net_rx], 0U);
}

TEST_F(stall_end, of_softirq_off_that_became_too_old_while_the_entry_ran_is_told) {
    want({WIRE_STALL_SOFTIRQ_OFF}, 400 * us);
    config.serving = 0;
    on().now_ns = expires - 400 * us;
    on().raise(net_rx);
    kernel::begin_pass();
    kernel::set_pending(block);
    beat_after_clock();
    on().enter(net_rx);
    expect_states(WIRE_STALL_SOFTIRQ_OFF, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
    EXPECT_EQ(state().told[WIRE_TOLD_OFF], 0U);
}

TEST_F(stall_end, of_a_run_that_became_too_old_while_its_exit_ran_is_told) {
    want({WIRE_STALL_SOFTIRQ_RUN}, 400 * us);
    on().now_ns = expires - 400 * us;
    kernel::begin_pass();
    on().enter(net_rx);
    beat_after_clock();
    on().leave(net_rx);
    kernel::end_pass();
    expect_states(WIRE_STALL_SOFTIRQ_RUN, {WIRE_STALL_OPEN, WIRE_STALL_ENDED});
    EXPECT_EQ(state().told[WIRE_TOLD_RUN], 0U);
    beat(3);
    EXPECT_EQ(stalls().size(), 2U);
}

TEST_F(stall_end, of_a_softirq_is_not_mixed_with_a_stall_that_interrupts_its_making) {
    want({WIRE_STALL_SOFTIRQ_RUN, WIRE_STALL_HARDIRQ_RUN});
    kernel::begin_pass();
    on().enter(net_rx);
    on().pass(ms);
    on().during_unwinding = [this] { handle(nic, 2 * ms); };
    on().leave(net_rx);
    kernel::end_pass();
    ASSERT_EQ(stalls().size(), 2U);
    EXPECT_EQ(stalls()[0].what, WIRE_STALL_HARDIRQ_RUN);
    EXPECT_EQ(stalls()[0].duration_ns, 2 * ms);
    EXPECT_EQ(stalls()[1].what, WIRE_STALL_SOFTIRQ_RUN);
    EXPECT_EQ(stalls()[1].duration_ns, ms);
    EXPECT_EQ(stalls()[1].histogram, run_of_net_rx);
}

TEST_F(stall_end, that_went_unseen_is_not_mixed_with_a_stall_that_interrupts_its_making) {
    want({WIRE_STALL_SOFTIRQ_RUN, WIRE_STALL_HARDIRQ_RUN});
    kernel::begin_pass();
    const std::uint64_t start = on().now_ns;
    on().enter(net_rx);
    beat(3);
    on().during_unwinding = [this] { handle(nic, 2 * ms); };
    on().enter(block); // softirq_entry runs with interrupts on
    EXPECT_TRUE(!on().during_unwinding);
    expect_states(WIRE_STALL_SOFTIRQ_RUN, {WIRE_STALL_OPEN, WIRE_STALL_GONE});
    EXPECT_EQ(stalls().back().start_ns, start);
    EXPECT_EQ(stalls().back().histogram, run_of_net_rx);
    EXPECT_EQ(stalls(WIRE_STALL_HARDIRQ_RUN).size(), 1U);
    on().leave(block);
    kernel::end_pass();
}

TEST_F(stall_end, interrupts_between_any_two_looks_at_the_clock_do_no_harm) {
    want({WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_SOFTIRQ_OFF, WIRE_STALL_SOFTIRQ_RUN, WIRE_STALL_IRQ_OFF}, 2 * ms);
    const auto interrupted = [this] {
        on().now_ns = std::max(on().now_ns, expires);
        interrupt();
    };
    for (int i = 0; i < 300; i++) {
        on().raise(i % 2 == 0 ? net_rx : timer_vector);
        on().pass(static_cast<std::uint64_t>(i) * 10 * us);
        kernel::begin_pass();
        on().after_clock = interrupted;
        if (i % 3 == 0) on().after_second_clock = interrupted;
        on().enter(i % 2 == 0 ? net_rx : timer_vector);
        on().after_clock = nullptr;
        on().now_ns = std::max(on().now_ns + static_cast<std::uint64_t>(i) * 10 * us, expires);
        on().after_clock = interrupted;
        on().leave(i % 2 == 0 ? net_rx : timer_vector);
        on().after_clock = on().after_second_clock = nullptr;
        kernel::end_pass();
        for (const std::uint8_t told : state().told) EXPECT_EQ(told, 0U) << i;
    }
    for (const wire_stall_kind kind : {WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_SOFTIRQ_OFF, WIRE_STALL_SOFTIRQ_RUN}) {
        bool open = false;
        for (const wire_stall& one : stalls(kind)) {
            EXPECT_LT(one.duration_ns, 100 * ms);
            if (one.state == WIRE_STALL_OPEN) {
                EXPECT_FALSE(open) << "told twice";
            }
            open = one.state == WIRE_STALL_OPEN;
        }
        EXPECT_FALSE(open) << "has no end";
    }
    for (const wire_lost kind : {WIRE_LOST_SOFTIRQ_UNSERVED, WIRE_LOST_SOFTIRQ_ENTRY, WIRE_LOST_SOFTIRQ_EXIT,
                                 WIRE_LOST_SOFTIRQ_RAISE, WIRE_LOST_SYSVEC_ENTRY, WIRE_LOST_SYSVEC_EXIT})
        EXPECT_EQ(on().lost(kind), 0U) << kind;
}

} // namespace irqscope::fake

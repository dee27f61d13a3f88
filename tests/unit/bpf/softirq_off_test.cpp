// SPDX-License-Identifier: BSD-2-Clause
// bpf/softirq.bpf.c: how long softirqs were held off, from a raise outside softirq context to the first entry.
#include "bpf/beating.hpp"

namespace irqscope::fake {

namespace {

constexpr std::uint32_t timer_vector = 1;
constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t block = 4;

} // namespace

class softirq_off : public beating {
protected:
    static wire_histogram& off() { return on().histogram(WIRE_HIST_SOFTIRQ_OFF); }
};

TEST_F(softirq_off, is_from_the_first_raise_to_the_first_entry_of_any_vector) {
    on().raise(net_rx);
    on().pass(100 * us);
    on().raise(timer_vector);
    on().pass(30 * us);
    kernel::begin_pass();
    on().enter(timer_vector);
    EXPECT_EQ(off().count, 1U);
    EXPECT_EQ(off().sum_ns, 130 * us);
    on().pass(500 * us);
    on().leave(timer_vector);
    on().enter(net_rx);
    on().leave(net_rx);
    kernel::end_pass();
    EXPECT_EQ(off().count, 1U) << "NET_RX waited for its turn: softirqs were not off";
    on().pass(us);
    on().raise(block);
    on().pass(7 * us);
    serve(block);
    EXPECT_EQ(off().count, 2U);
    EXPECT_EQ(off().sum_ns, 137 * us);
    EXPECT_EQ(state().off_ns, 0U);
}

TEST_F(softirq_off, does_not_begin_with_a_raise_inside_a_softirq) {
    on().raise(net_rx);
    kernel::begin_pass();
    on().enter(net_rx);
    const std::uint64_t counted = off().count;
    on().raise(net_rx); // by its own handler
    on().begin_handler(24, fake_action("nic"));
    on().raise(timer_vector); // by an interrupt in it
    on().pass(us);
    on().leave(net_rx);
    kernel::end_pass();
    EXPECT_EQ(state().off_ns, 0U);
    on().pass(3 * ms); // until ksoftirqd runs
    serve(timer_vector);
    EXPECT_EQ(off().count, counted);
    EXPECT_EQ(off().max_ns, 0U);
}

TEST_F(softirq_off, streamed_goes_with_the_softirq_that_ended_it) {
    config.stream = 1;
    config.histograms = 0;
    const auto softirqs = [] { return on().records<wire_softirq_span>(WIRE_RECORD_SOFTIRQ); };
    on().raise(net_rx);
    on().raise(block);
    on().pass(30 * us);
    kernel::begin_pass();
    on().enter(net_rx);
    on().leave(net_rx);
    on().enter(block);
    on().leave(block);
    kernel::end_pass();
    ASSERT_EQ(softirqs().size(), 2U);
    EXPECT_EQ(softirqs()[0].off_ns, 30 * us);
    EXPECT_EQ(softirqs()[1].off_ns, WIRE_NO_LATENCY) << "they were no longer off";
    EXPECT_EQ(off().count, 0U);
}

TEST_F(softirq_off, that_was_to_go_with_a_softirq_whose_exit_goes_unseen_is_dropped) {
    config.stream = 1;
    on().raise(net_rx);
    on().pass(30 * us);
    kernel::begin_pass();
    on().enter(net_rx);
    EXPECT_EQ(off().dropped, 0U);
    on().enter(block); // and never leave(net_rx)
    EXPECT_EQ(off().dropped, 1U);
    EXPECT_EQ(on().histogram(WIRE_HIST_SOFTIRQ_LATENCY + net_rx).dropped, 1U);
    on().enter(block); // which ended no off-time
    EXPECT_EQ(off().dropped, 1U);
}

TEST_F(softirq_off, that_finds_the_ring_full_with_its_softirq_is_dropped) {
    config.stream = 1;
    on().ring_full = true;
    on().raise(net_rx);
    on().pass(30 * us);
    serve(net_rx);
    EXPECT_EQ(off().dropped, 1U);
    serve(net_rx);
    EXPECT_EQ(off().dropped, 1U);
}

TEST_F(softirq_off, is_not_asked_for) {
    config.off = 0;
    on().raise(net_rx);
    on().pass(ms);
    serve(net_rx);
    EXPECT_EQ(state().off_ns, 0U);
    EXPECT_EQ(off().count, 0U);
}

TEST_F(softirq_off, needs_no_latency_metric) {
    config.latency = 0;
    on().raise(net_rx);
    on().pass(us);
    serve(net_rx);
    on().raise(net_rx);
    on().pass(2 * us);
    serve(net_rx);
    EXPECT_EQ(off().count, 2U);
    EXPECT_EQ(off().sum_ns, 3 * us);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 0U);
    EXPECT_EQ(on().histogram(WIRE_HIST_SOFTIRQ_LATENCY + net_rx).count, 0U);
}

TEST_F(softirq_off, that_ended_unseen_does_not_grow) {
    on().raise(net_rx);
    on().pass(5 * ms);
    kernel::clear_pending(); // served, and we have seen nothing
    on().raise(timer_vector);
    on().pass(20 * us);
    serve(timer_vector);
    EXPECT_EQ(off().count, 1U);
    EXPECT_EQ(off().sum_ns, 20 * us);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 0U) << "it is NET_RX's, and counted at its next raise";
    on().raise(net_rx);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 1U);
}

TEST_F(softirq_off, and_latency_of_one_raise_that_was_served_unseen_are_one_loss) {
    on().raise(net_rx);
    on().pass(5 * ms);
    kernel::clear_pending();
    on().raise(net_rx);
    on().pass(20 * us);
    serve(net_rx);
    EXPECT_EQ(off().sum_ns, 20 * us);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 1U);
}

TEST_F(softirq_off, goes_on_while_what_began_it_is_pending_or_about_to_be_served) {
    on().raise(net_rx);
    on().pass(ms);
    on().raise(timer_vector); // NET_RX is pending
    EXPECT_EQ(state().off_ns, on().now_ns - ms);
    kernel::begin_pass(); // taken, and the first softirq has not begun
    on().pass(us);
    on().raise(block);
    on().enter(timer_vector);
    EXPECT_EQ(off().sum_ns, ms + us);
}

TEST_F(softirq_off, is_not_looked_after_while_it_is_short) {
    // the bit is set after the tracepoint: an interrupt (an NMI, say) that raises in between finds it clear
    on().raise(net_rx);
    on().pass(50 * us);
    kernel::clear_pending();
    on().raise(timer_vector);
    EXPECT_EQ(state().off_ns, on().now_ns - 50 * us);
}

TEST_F(softirq_off, is_never_shortened_where_the_pending_word_is_not_known) {
    config.pending = 0;
    on().raise(net_rx);
    on().pass(5 * ms);
    on().raise(timer_vector);
    on().pass(ms);
    serve(net_rx);
    EXPECT_EQ(off().sum_ns, 6 * ms);
}

TEST_F(softirq_off, raise_by_an_interrupt_after_the_entrys_clock_is_not_negative) {
    on().after_clock = [] {
        on().pass(40);
        on().raise(net_rx);
    };
    kernel::begin_pass();
    on().enter(net_rx); // start_ns is not set yet when the interrupt comes
    EXPECT_EQ(off().count, 1U);
    EXPECT_EQ(off().max_ns, 0U);
}

} // namespace irqscope::fake

// SPDX-License-Identifier: BSD-2-Clause
// bpf/softirq.bpf.c: which raise an entry serves, and what was lost.
#include "bpf/fake_kernel.hpp"

#include <cstring>

namespace irqscope::fake {

namespace {

constexpr std::uint32_t timer = 1;
constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t rcu = 9;

} // namespace

class softirq : public bpf_test {
protected:
    wire_histogram& latency(std::uint32_t vector) { return on().histogram(WIRE_HIST_SOFTIRQ_LATENCY + vector); }
    wire_histogram& run(std::uint32_t vector, std::uint32_t context = WIRE_CONTEXT_UNKNOWN) {
        return on().histogram(WIRE_HIST_SOFTIRQ_RUN + vector * WIRE_CONTEXTS + context);
    }
    // handle_softirqs() takes all that is pending into a pass, then serves it vector by vector.
    void serve(std::uint32_t vector, std::uint64_t ns = 10) {
        on().enter(vector);
        on().pass(ns);
        on().leave(vector);
    }
};

TEST_F(softirq, latency_is_from_raise_to_entry_and_run_from_entry_to_exit) {
    on().raise(net_rx);
    on().pass(300);
    kernel::clear_pending();
    serve(net_rx, 70);
    EXPECT_EQ(latency(net_rx).count, 1U);
    EXPECT_EQ(latency(net_rx).sum_ns, 300U);
    EXPECT_EQ(run(net_rx).count, 1U);
    EXPECT_EQ(run(net_rx).sum_ns, 70U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_RAISE), 0U);
}

TEST_F(softirq, repeated_raise_is_one_and_the_oldest_counts) {
    on().raise(net_rx);
    on().pass(100);
    on().raise(net_rx); // still pending: adds nothing
    on().pass(100);
    on().raise(net_rx);
    on().pass(100);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 1U);
    EXPECT_EQ(latency(net_rx).sum_ns, 300U);
    EXPECT_EQ(on().state().raised_ns[net_rx], 0U) << "a raise was made up";
    EXPECT_EQ(on().state().reraised_ns[net_rx], 0U);
    EXPECT_EQ(on().state().raises, 3U);
}

TEST_F(softirq, raise_while_it_waits_in_the_present_pass_is_the_next_passes) {
    on().raise(timer);
    on().raise(net_rx);
    on().pass(100);
    kernel::clear_pending(); // the pass holds both; TIMER comes first
    on().enter(timer);
    on().pass(50);
    on().raise(net_rx); // NET_RX still waits in this pass, but its bit is clear: this raise is another
    on().pass(5);
    on().raise(net_rx); // coalesces with the one before
    on().pass(45);
    on().leave(timer);
    serve(net_rx, 10);
    EXPECT_EQ(latency(net_rx).sum_ns, 200U) << "the oldest raise is what the present pass serves";
    on().pass(20);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 2U);
    EXPECT_EQ(latency(net_rx).sum_ns, 200U + 50 + 10 + 20) << "the second entry serves the first of the two re-raises";
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_RAISE), 0U);
    EXPECT_EQ(on().state().raised_ns[net_rx], 0U);
}

TEST_F(softirq, raise_while_it_runs_is_the_next_passes) {
    on().raise(net_rx);
    on().pass(100);
    kernel::clear_pending();
    on().enter(net_rx);
    on().pass(30);
    on().raise(net_rx); // by its own handler: budget used up
    on().pass(10);
    on().leave(net_rx);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 2U);
    EXPECT_EQ(latency(net_rx).sum_ns, 100U + 10);
}

TEST_F(softirq, reraise_is_not_told_without_the_pending_word_and_its_entry_is_counted_as_lost) {
    config.pending = 0;
    on().raise(net_rx);
    on().pass(100);
    kernel::clear_pending();
    on().raise(net_rx); // goes unseen: never made up
    on().pass(100);
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).sum_ns, 200U);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_RAISE), 1U);
    EXPECT_EQ(run(net_rx).count, 2U);
}

TEST_F(softirq, pending_word_is_not_looked_for_through_another_cpus_run_queue) {
    // a task that migrates (or one whose cfs_rq lags) leads to the wrong CPU's word
    fake_set_run_queue_cpu(7);
    on().raise(net_rx);
    kernel::clear_pending();
    on().raise(net_rx);
    EXPECT_EQ(on().state().rq_address, 0U);
    EXPECT_EQ(on().state().reraised_ns[net_rx], 0U);
    fake_set_run_queue_cpu(0);
    kernel::clear_pending();
    on().enter(timer);
    on().raise(net_rx);
    EXPECT_NE(on().state().reraised_ns[net_rx], 0U) << "it is looked for again";
}

TEST_F(softirq, pending_bit_of_another_vector_does_not_count) {
    on().raise(net_rx);
    kernel::clear_pending();
    kernel::set_pending(timer);
    kernel::set_pending(rcu);
    on().enter(timer);
    on().raise(net_rx);
    EXPECT_NE(on().state().reraised_ns[net_rx], 0U);
}

TEST_F(softirq, raise_that_was_served_unseen_does_not_grow_into_a_long_wait) {
    on().raise(net_rx);
    on().pass(5'000'000);
    kernel::clear_pending(); // served, and neither the entry nor the exit was seen; no softirq runs now
    on().raise(net_rx);
    on().pass(100);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 1U);
    EXPECT_EQ(latency(net_rx).sum_ns, 100U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 1U);
    EXPECT_EQ(on().state().raised_ns[net_rx], 0U);
    EXPECT_EQ(on().state().reraised_ns[net_rx], 0U);
}

TEST_F(softirq, raise_between_two_softirqs_of_a_pass_is_the_next_passes_by_the_preempt_count) {
    config.serving = 1;
    config.preempt_from_rq = fake_preempt_from_rq();
    on().raise(net_rx);
    on().pass(100);
    *fake_preempt_count() = 0x100; // SOFTIRQ_OFFSET: the pass has begun, and no softirq yet
    kernel::clear_pending();
    on().raise(net_rx);
    on().pass(10);
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).sum_ns, 110U) << "the oldest raise is what the present pass serves";
    on().pass(20);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 2U);
    EXPECT_EQ(latency(net_rx).sum_ns, 110U + 10 + 10 + 20);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_RAISE), 0U);
}

TEST_F(softirq, bottom_halves_off_are_no_pass) {
    config.serving = 1;
    config.preempt_from_rq = fake_preempt_from_rq();
    *fake_preempt_count() = 0x200; // SOFTIRQ_DISABLE_OFFSET
    on().raise(net_rx);
    on().pass(1000);
    kernel::clear_pending(); // served unseen
    on().raise(net_rx);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_UNSERVED), 1U);
    EXPECT_EQ(on().state().reraised_ns[net_rx], 0U);
}

TEST_F(softirq, highest_vectors_pending_bit_is_read) {
    on().raise(rcu);
    on().pass(5);
    on().raise(rcu); // pending: bit 9 lies in the second byte
    EXPECT_EQ(on().state().reraised_ns[rcu], 0U);
}

TEST_F(softirq, entry_without_a_raise_is_counted_and_has_no_latency) {
    serve(net_rx, 25);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_RAISE), 1U);
    EXPECT_EQ(latency(net_rx).count, 0U);
    EXPECT_EQ(run(net_rx).sum_ns, 25U);
}

TEST_F(softirq, raise_serves_one_entry_only) {
    on().raise(net_rx);
    kernel::clear_pending();
    serve(net_rx);
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_RAISE), 1U);
}

TEST_F(softirq, raise_by_an_interrupt_just_before_it_is_taken_has_no_negative_latency) {
    on().after_clock = [this] {
        on().pass(40);
        on().raise(net_rx);
    };
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 1U);
    EXPECT_EQ(latency(net_rx).max_ns, 0U);
}

TEST_F(softirq, vectors_do_not_mix) {
    on().raise(timer);
    on().pass(10);
    on().raise(net_rx);
    on().pass(10);
    kernel::clear_pending();
    serve(timer, 5);
    serve(net_rx, 5);
    EXPECT_EQ(latency(timer).sum_ns, 20U);
    EXPECT_EQ(latency(net_rx).sum_ns, 15U);
}

TEST_F(softirq, exit_without_an_entry_is_counted_and_makes_no_span) {
    on().leave(net_rx);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_EXIT), 1U);
    EXPECT_EQ(run(net_rx).count, 0U);
    on().enter(timer);
    on().leave(net_rx);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_EXIT), 2U);
    EXPECT_EQ(run(net_rx).count, 0U);
    on().pass(5);
    on().leave(timer);
    EXPECT_EQ(run(timer).sum_ns, 5U) << "a stray exit ended the span of another vector";
}

TEST_F(softirq, second_exit_of_one_entry_is_an_exit_without_an_entry) {
    serve(net_rx);
    on().leave(net_rx);
    EXPECT_EQ(run(net_rx).count, 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_EXIT), 1U);
}

TEST_F(softirq, entry_after_a_lost_exit_is_counted_and_begins_anew) {
    on().enter(timer);
    on().pass(1000);
    serve(net_rx, 7);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_ENTRY), 1U);
    EXPECT_EQ(run(net_rx).sum_ns, 7U);
    EXPECT_EQ(run(timer).count, 0U);
}

TEST_F(softirq, number_that_is_no_vector_is_left_alone) {
    for (const std::uint32_t vector : {std::uint32_t{WIRE_VECTORS}, 0xffffffffU}) {
        std::array<unsigned long long, 1> context{vector};
        softirq_raise(context.data());
        on().enter(vector);
        on().leave(vector);
    }
    EXPECT_EQ(on().state().raises, 0U);
    EXPECT_EQ(on().state().softirq.start_ns, 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_EXIT), 0U);
}

TEST_F(softirq, on_a_cpu_that_is_not_watched_is_not_touched) {
    on().cpu = 1;
    on().raise(net_rx);
    serve(net_rx);
    EXPECT_EQ(on().state(1).raises, 0U);
    EXPECT_EQ(on().histogram(WIRE_HIST_SOFTIRQ_RUN + net_rx * WIRE_CONTEXTS, 1).count, 0U);
    EXPECT_EQ(on().clock_reads, 0U);
}

TEST_F(softirq, only_the_metrics_asked_for_are_counted) {
    config.latency = 0;
    on().raise(net_rx);
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_SOFTIRQ_RAISE), 0U);
    EXPECT_EQ(run(net_rx).count, 1U);
    kernel::reset();
    config.run = 0;
    on().raise(net_rx);
    serve(net_rx);
    EXPECT_EQ(latency(net_rx).count, 1U);
    EXPECT_EQ(run(net_rx).count, 0U);
    EXPECT_EQ(on().unwindings, 0U) << "the context is of no use without softirq_run";
}

TEST_F(softirq, streamed_carries_latency_and_run) {
    config.stream = 1;
    config.histograms = 0;
    on().raise(net_rx);
    on().pass(300);
    kernel::clear_pending();
    const std::uint64_t start = on().now_ns;
    serve(net_rx, 70);
    serve(net_rx, 1);
    ASSERT_EQ(on().sent.size(), 2U);
    wire_softirq_span record{};
    ASSERT_EQ(on().sent[0].size(), sizeof(record));
    std::memcpy(&record, on().sent[0].data(), sizeof(record));
    EXPECT_EQ(record.span.kind, WIRE_RECORD_SOFTIRQ);
    EXPECT_EQ(record.span.histogram, WIRE_HIST_SOFTIRQ_RUN + net_rx * WIRE_CONTEXTS);
    EXPECT_EQ(record.span.start_ns, start);
    EXPECT_EQ(record.span.duration_ns, 70U);
    EXPECT_EQ(record.latency_ns, 300U);
    EXPECT_EQ(run(net_rx).count + latency(net_rx).count, 0U);
    std::memcpy(&record, on().sent[1].data(), sizeof(record));
    EXPECT_EQ(record.latency_ns, WIRE_NO_LATENCY);
}

TEST_F(softirq, that_finds_the_ring_full_is_dropped_from_both_metrics) {
    config.stream = 1;
    on().ring_full = true;
    on().raise(net_rx);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(run(net_rx).dropped, 1U);
    EXPECT_EQ(latency(net_rx).dropped, 1U);
    serve(net_rx); // no raise, so no latency sample to lose
    EXPECT_EQ(run(net_rx).dropped, 2U);
    EXPECT_EQ(latency(net_rx).dropped, 1U);
}

TEST_F(softirq, whole_life_without_an_interrupt_reads_the_clock_once_a_program) {
    on().raise(net_rx);
    kernel::clear_pending();
    serve(net_rx);
    EXPECT_EQ(on().clock_reads, 3U);
}

} // namespace irqscope::fake

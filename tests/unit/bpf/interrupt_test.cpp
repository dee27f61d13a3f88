// SPDX-License-Identifier: BSD-2-Clause
// bpf/interrupt.bpf.h, by way of the programs of hardirq.bpf.c and sysvec.bpf.c: nested interrupts, and lost edges.
#include "bpf/fake_kernel.hpp"

#include <cstring>

namespace irqscope::fake {

namespace {

constexpr std::uint32_t first_slot = WIRE_HIST_HARDIRQ_RUN;
constexpr std::uint32_t index_of(std::uint32_t sysvec) { return WIRE_HIST_SYSVEC_RUN + sysvec; }
constexpr std::uint32_t timer = index_of(WIRE_SYSVEC_LOCAL_TIMER);
constexpr std::uint32_t reschedule = index_of(WIRE_SYSVEC_RESCHEDULE);
constexpr std::uint32_t call_function = index_of(WIRE_SYSVEC_CALL_FUNCTION);
constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t block = 4;
constexpr std::uint32_t run_of(std::uint32_t vector) { return WIRE_HIST_SOFTIRQ_RUN + vector * WIRE_CONTEXTS; }

} // namespace

class interrupt : public bpf_test {
protected:
    void expect_one_span(std::uint32_t index, std::uint64_t sum_ns, std::uint64_t nested_ns) {
        const wire_histogram& seen = on().histogram(index);
        EXPECT_EQ(seen.count, 1U) << "histogram " << index;
        EXPECT_EQ(seen.sum_ns, sum_ns) << "histogram " << index;
        EXPECT_EQ(seen.nested_ns, nested_ns) << "histogram " << index;
    }
    void expect_nothing_lost() {
        for (std::uint32_t kind = 0; kind < WIRE_LOST_KINDS; kind++)
            if (kind != WIRE_LOST_CONTEXT) { // context_test.cpp looks at those
                EXPECT_EQ(on().state().lost[kind], 0U) << kind;
            }
    }
    void* nic = fake_action("nic");
    void* disk = fake_action("disk");
};

TEST_F(interrupt, lasts_from_entry_to_exit) {
    on().begin_handler(24, nic);
    on().pass(700);
    on().end_handler(24, nic);
    expect_one_span(first_slot, 700, 0);
    EXPECT_EQ(on().state().interrupt_ns, 700U);
    EXPECT_EQ(on().state().depth, 0U);
    expect_nothing_lost();
}

TEST_F(interrupt, inside_an_interrupt_is_charged_once) {
    on().begin_handler(24, nic);
    on().pass(100);
    on().begin(local_timer_entry);
    on().pass(30);
    on().begin(reschedule_entry);
    on().pass(7);
    on().end(reschedule_exit);
    on().pass(3);
    on().end(local_timer_exit);
    on().pass(200);
    on().end_handler(24, nic);
    expect_one_span(reschedule, 7, 0);
    expect_one_span(timer, 40, 7);
    expect_one_span(first_slot, 340, 40);
    // net: 7 + 33 + 300, which is the wall time, and not 7 + 40 + 340
    EXPECT_EQ(on().state().interrupt_ns, 340U);
    expect_nothing_lost();
}

TEST_F(interrupt, between_cpus_is_told_by_its_text_where_all_have_one_tracepoint) {
    const std::vector<std::pair<const char*, std::uint32_t>> texts{
        // arch/arm64/kernel/smp.c and arch/arm/kernel/smp.c
        {"Rescheduling interrupts", WIRE_SYSVEC_RESCHEDULE},
        {"Function call interrupts", WIRE_SYSVEC_CALL_FUNCTION},
        {"IRQ work interrupts", WIRE_SYSVEC_IRQ_WORK},
        {"Timer broadcast interrupts", WIRE_SYSVEC_TIMER_BROADCAST},
        {"CPU stop NMIs", WIRE_SYSVEC_OTHER_IPI}};
    for (const auto& [text, sysvec] : texts) {
        kernel::begin_ipi(text);
        on().pass(sysvec + 10);
        kernel::end_ipi(text);
    }
    for (const auto& [text, sysvec] : texts) {
        SCOPED_TRACE(text);
        expect_one_span(index_of(sysvec), sysvec + 10, 0);
    }
    kernel::begin_ipi("KGDB roundup interrupts");
    kernel::end_ipi("KGDB roundup interrupts");
    EXPECT_EQ(on().histogram(index_of(WIRE_SYSVEC_OTHER_IPI)).count, 2U);
    expect_nothing_lost();
}

TEST_F(interrupt, two_in_a_row_inside_one_are_both_taken_out_of_it) {
    on().begin_handler(24, nic);
    for (int i = 0; i < 2; i++) {
        on().pass(10);
        on().begin(local_timer_entry);
        on().pass(5);
        on().end(local_timer_exit);
    }
    on().end_handler(24, nic);
    expect_one_span(first_slot, 30, 10);
    EXPECT_EQ(on().state().interrupt_ns, 30U);
}

TEST_F(interrupt, hardirq_inside_a_softirq_is_charged_once) {
    on().raise(net_rx);
    on().enter(net_rx);
    on().pass(1000);
    on().begin_handler(24, nic);
    on().pass(400);
    on().begin(local_timer_entry);
    on().pass(50);
    on().end(local_timer_exit);
    on().end_handler(24, nic);
    on().pass(2000);
    on().leave(net_rx);
    expect_one_span(run_of(net_rx), 3450, 450); // the timer inside the handler is not taken out twice
    expect_one_span(first_slot, 450, 50);
    expect_one_span(timer, 50, 0);
    expect_nothing_lost();
}

TEST_F(interrupt, before_a_softirq_is_not_taken_out_of_it) {
    on().begin_handler(24, nic);
    on().pass(400);
    on().raise(net_rx);
    on().end_handler(24, nic);
    on().enter(net_rx);
    on().pass(90);
    on().leave(net_rx);
    on().begin_handler(24, nic);
    on().pass(70);
    on().end_handler(24, nic);
    expect_one_span(run_of(net_rx), 90, 0);
}

TEST_F(interrupt, between_the_softirqs_two_reads_is_charged_to_one_side_only) {
    // The softirq's start is a pair, time and interrupt total; an interrupt that comes between the two must not make
    // the softirq start before it and yet not hold it.
    on().raise(net_rx);
    on().after_clock = [this] {
        on().begin_handler(24, nic);
        on().pass(400);
        on().end_handler(24, nic);
    };
    on().enter(net_rx);
    on().pass(100);
    on().leave(net_rx);
    expect_one_span(run_of(net_rx), 100, 0);
    // and at its end
    on().raise(block);
    on().enter(block);
    on().pass(100);
    on().after_clock = [this] {
        on().begin_handler(24, nic);
        on().pass(400);
        on().end_handler(24, nic);
    };
    on().leave(block);
    expect_one_span(run_of(block), 500, 400);
}

TEST_F(interrupt, exit_without_an_entry_is_counted_and_makes_no_span) {
    on().end_handler(24, nic);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_EXIT), 1U);
    EXPECT_EQ(on().histogram(first_slot).count, 0U);
    on().end(local_timer_exit);
    EXPECT_EQ(on().lost(WIRE_LOST_SYSVEC_EXIT), 1U);
    EXPECT_EQ(on().histogram(timer).count, 0U);
    EXPECT_EQ(on().state().interrupt_ns, 0U);
    EXPECT_EQ(on().state().depth, 0U);
}

TEST_F(interrupt, exit_without_an_entry_leaves_the_open_spans_alone) {
    on().begin_handler(24, nic);
    on().pass(10);
    on().end_handler(25, nic);  // another IRQ
    on().end_handler(24, disk); // another action
    on().end(local_timer_exit); // a sysvec
    on().pass(10);
    on().end_handler(24, nic);
    expect_one_span(first_slot, 20, 0);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_EXIT), 2U);
    EXPECT_EQ(on().lost(WIRE_LOST_SYSVEC_EXIT), 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_ENTRY), 0U);
}

TEST_F(interrupt, second_exit_of_one_entry_is_an_exit_without_an_entry) {
    on().begin_handler(24, nic);
    on().pass(10);
    on().end_handler(24, nic);
    on().pass(10);
    on().end_handler(24, nic);
    expect_one_span(first_slot, 10, 0);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_EXIT), 1U);
}

TEST_F(interrupt, sysvec_is_not_ended_by_the_irq_of_its_number) {
    on().begin(local_timer_entry); // key 0
    on().end_handler(WIRE_SYSVEC_LOCAL_TIMER, nic);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_EXIT), 1U);
    EXPECT_EQ(on().state().depth, 1U);
}

TEST_F(interrupt, lost_exits_above_are_counted_and_the_outer_span_is_whole) {
    on().begin_handler(24, nic);
    on().pass(100);
    on().begin(local_timer_entry); // its exit is lost
    on().pass(10);
    on().begin(reschedule_entry); // its exit too
    on().pass(10);
    on().end_handler(24, nic);
    expect_one_span(first_slot, 120, 0);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_ENTRY), 2U);
    EXPECT_EQ(on().state().depth, 0U);
    EXPECT_EQ(on().state().interrupt_ns, 120U);
    EXPECT_EQ(on().histogram(timer).count + on().histogram(reschedule).count, 0U);
}

TEST_F(interrupt, of_two_open_spans_of_one_key_the_inner_one_ends) {
    on().begin_handler(24, nic); // its exit is lost
    on().pass(1000);
    on().begin_handler(24, nic);
    on().pass(5);
    on().begin(local_timer_entry); // its exit is lost too, so that the right one must be searched
    on().end_handler(24, nic);
    expect_one_span(first_slot, 5, 0);
    EXPECT_EQ(on().state().depth, 1U);
}

TEST_F(interrupt, as_deep_as_there_is_room_loses_nothing) {
    static_assert(WIRE_INTERRUPT_DEPTH == 4);
    on().begin_handler(24, nic);
    on().begin_handler(25, disk);
    on().begin(local_timer_entry);
    on().begin(reschedule_entry);
    on().pass(10);
    on().end(reschedule_exit);
    on().end(local_timer_exit);
    on().end_handler(25, disk);
    on().end_handler(24, nic);
    expect_nothing_lost();
    expect_one_span(reschedule, 10, 0);
    expect_one_span(timer, 10, 10);
    EXPECT_EQ(on().state().interrupt_ns, 10U);
}

TEST_F(interrupt, nested_too_deep_gives_up_what_stands_there_and_keeps_the_new_one) {
    on().begin_handler(24, nic);
    on().begin_handler(25, disk);
    on().begin(local_timer_entry);
    on().begin(reschedule_entry);
    on().pass(10);
    on().begin(call_function_entry);
    EXPECT_EQ(on().lost(WIRE_LOST_INTERRUPT_DEPTH), 4U);
    EXPECT_EQ(on().state().depth, 1U);
    on().pass(3);
    on().end(call_function_exit);
    expect_one_span(call_function, 3, 0);
    // those that were given up were real after all: their exits find nothing, and no time is made up
    on().end(reschedule_exit);
    on().end(local_timer_exit);
    on().end_handler(25, disk);
    EXPECT_EQ(on().lost(WIRE_LOST_SYSVEC_EXIT), 2U);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_EXIT), 1U);
    EXPECT_EQ(on().state().interrupt_ns, 3U);
}

TEST_F(interrupt, stack_works_again_after_an_overflow) {
    for (int i = 0; i < 1000; i++) on().begin(local_timer_entry); // every exit is lost
    EXPECT_EQ(on().lost(WIRE_LOST_INTERRUPT_DEPTH) + on().state().depth, 1000U);
    on().begin_handler(24, nic);
    on().pass(42);
    on().end_handler(24, nic);
    expect_one_span(first_slot, 42, 0);
}

TEST_F(interrupt, on_a_cpu_that_is_not_watched_is_not_touched) {
    on().cpu = 1;
    on().begin_handler(24, nic);
    on().end_handler(24, nic);
    on().begin(local_timer_entry);
    on().end(local_timer_exit);
    EXPECT_EQ(on().state(1).depth, 0U);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_EXIT) + on().lost(WIRE_LOST_SYSVEC_EXIT), 0U);
    EXPECT_EQ(on().histogram(timer, 1).count, 0U);
    EXPECT_EQ(on().clock_reads, 0U);
}

TEST_F(interrupt, of_each_cpu_has_a_stack_of_its_own) {
    on().state(1).enabled = 1;
    on().begin(local_timer_entry);
    on().pass(10);
    on().cpu = 1;
    on().begin(local_timer_entry);
    on().pass(10);
    on().end(local_timer_exit);
    on().cpu = 0;
    on().end(local_timer_exit);
    EXPECT_EQ(on().histogram(timer, 0).sum_ns, 20U);
    EXPECT_EQ(on().histogram(timer, 0).nested_ns, 0U);
    EXPECT_EQ(on().histogram(timer, 1).sum_ns, 10U);
}

TEST_F(interrupt, streamed_carries_the_same_numbers) {
    config.stream = 1;
    config.histograms = 0;
    on().begin_handler(24, nic);
    on().pass(100);
    on().begin(local_timer_entry);
    on().pass(5);
    on().end(local_timer_exit);
    const std::uint64_t start = on().now_ns - 105;
    on().end_handler(24, nic);
    ASSERT_EQ(on().sent.size(), 2U);
    wire_span span{};
    ASSERT_EQ(on().sent[1].size(), sizeof(span));
    std::memcpy(&span, on().sent[1].data(), sizeof(span));
    EXPECT_EQ(span.kind, WIRE_RECORD_INTERRUPT);
    EXPECT_EQ(span.histogram, first_slot);
    EXPECT_EQ(span.cpu, 0U);
    EXPECT_EQ(span.start_ns, start);
    EXPECT_EQ(span.duration_ns, 105U);
    EXPECT_EQ(span.nested_ns, 5U);
    EXPECT_EQ(on().histogram(first_slot).count, 0U) << "counted twice: in the kernel and by the loader";
}

TEST_F(interrupt, that_finds_the_ring_full_is_counted_as_dropped) {
    config.stream = 1;
    on().ring_full = true;
    on().begin(local_timer_entry);
    on().end(local_timer_exit);
    EXPECT_EQ(on().histogram(timer).dropped, 1U);
    EXPECT_TRUE(on().sent.empty());
}

} // namespace irqscope::fake

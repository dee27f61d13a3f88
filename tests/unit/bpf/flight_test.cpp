// SPDX-License-Identifier: BSD-2-Clause
// bpf/flight.bpf.h: what each span leaves in the recorder, and what a stall's record says of those that go on.
#include "bpf/beating.hpp"

#include <algorithm>

namespace irqscope::fake {

namespace {

constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t spans = 64;
constexpr std::uint16_t call_function = std::uint16_t{WIRE_HIST_SYSVEC_RUN} + WIRE_SYSVEC_CALL_FUNCTION;

std::uint16_t run_of(std::uint32_t vector) {
    return static_cast<std::uint16_t>(WIRE_HIST_SOFTIRQ_RUN + vector * WIRE_CONTEXTS);
}

} // namespace

class flights : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        config.totals = 1;
        config.flight = spans;
        want({WIRE_STALL_SOFTIRQ_RUN, WIRE_STALL_HARDIRQ_RUN});
        on().switch_to(task);
        switched_ns = on().now_ns;
    }
    static wire_flight of_interrupts(std::uint32_t at) { return on().flight().at(at); }
    static wire_flight of_softirqs(std::uint32_t at) { return on().flight().at(spans + at); }
    static void expect_span(const wire_flight& one, std::uint64_t number, std::uint16_t what, std::uint64_t start_ns,
                            std::uint64_t ns) {
        EXPECT_EQ(one.number, number);
        EXPECT_EQ(one.what, what);
        EXPECT_EQ(one.start_ns, start_ns);
        EXPECT_EQ(one.end_ns, start_ns + ns);
    }

    void* nic = fake_action("nic");
    void* task = fake_task(0, 700);
    void* idle = fake_task(2, 0);
    std::uint64_t switched_ns = 0;
};

TEST_F(flights, each_span_is_kept_when_it_ends) {
    on().pass(100);
    const std::uint64_t sysvec_ns = on().now_ns;
    on().begin(call_function_entry);
    on().pass(5);
    handle(nic, 7); // in the middle of it, and over before it
    on().end(call_function_exit);
    const std::uint64_t softirq_ns = on().now_ns;
    on().enter(net_rx);
    on().pass(50);
    on().leave(net_rx);
    on().switch_to(idle);
    expect_span(of_interrupts(0), 1, WIRE_HIST_HARDIRQ_RUN, sysvec_ns + 5, 7);
    expect_span(of_interrupts(1), 2, call_function, sysvec_ns, 12);
    expect_span(of_interrupts(2), 3, WIRE_FLIGHT_TASK, switched_ns, 162);
    EXPECT_EQ(of_interrupts(3).number, 0U);
    expect_span(of_softirqs(0), 1, run_of(net_rx), softirq_ns, 50);
    EXPECT_EQ(of_softirqs(1).number, 0U);
}

TEST_F(flights, task_is_the_one_that_the_cpu_leaves) {
    on().pass(10);
    on().switch_to(idle);
    on().pass(30);
    on().switch_to(task);
    const wire_flight ran = of_interrupts(0);
    EXPECT_EQ(ran.pid, 700U);
    EXPECT_EQ(ran.prio, 120);
    EXPECT_EQ(ran.policy, 0);
    EXPECT_EQ(ran.task_class, WIRE_CLASS_TASK);
    EXPECT_STREQ(static_cast<const char*>(ran.comm), "task-0");
    expect_span(of_interrupts(1), 2, WIRE_FLIGHT_TASK, switched_ns + 10, 30);
    EXPECT_EQ(of_interrupts(1).task_class, WIRE_CLASS_IDLE);
}

TEST_F(flights, first_task_has_no_start_and_is_not_kept) {
    beating::SetUp();
    config.totals = 1;
    config.flight = spans;
    on().pass(10);
    on().switch_to(idle);
    EXPECT_EQ(of_interrupts(0).number, 0U);
    EXPECT_EQ(state().task_since_ns, on().now_ns);
}

TEST_F(flights, oldest_are_overwritten) {
    for (std::uint32_t i = 0; i < spans + 3; i++) handle(nic, 10 + i);
    EXPECT_EQ(of_interrupts(0).number, spans + 1);
    EXPECT_EQ(of_interrupts(2).number, spans + 3);
    EXPECT_EQ(of_interrupts(3).number, 4U);
    for (std::uint32_t i = 0; i < spans / 2 + 1; i++) serve(net_rx, 1);
    EXPECT_EQ(of_softirqs(0).number, spans / 2 + 1);
    EXPECT_EQ(of_softirqs(1).number, 2U);
}

// The one writer that can be interrupted: each has a ring of its own.
TEST_F(flights, interrupt_in_the_middle_of_a_softirqs_writing_disturbs_neither) {
    const std::uint64_t start_ns = on().now_ns;
    on().enter(net_rx);
    on().pass(50);
    on().at_flight = [this] {
        on().pass(3);
        handle(nic, 20);
    };
    on().leave(net_rx);
    expect_span(of_softirqs(0), 1, run_of(net_rx), start_ns, 50);
    expect_span(of_interrupts(0), 1, WIRE_HIST_HARDIRQ_RUN, start_ns + 53, 20);
}

TEST_F(flights, span_is_kept_before_the_stall_that_it_makes_is_told) {
    on().during_unwinding = [] { EXPECT_EQ(of_interrupts(0).number, 1U); };
    handle(nic, 2 * ms);
    EXPECT_EQ(stalls(WIRE_STALL_HARDIRQ_RUN).size(), 1U);
    EXPECT_FALSE(on().during_unwinding);
    on().enter(net_rx);
    on().during_unwinding = [] { EXPECT_EQ(of_softirqs(0).number, 1U); };
    on().pass(2 * ms);
    on().leave(net_rx);
    EXPECT_EQ(stalls(WIRE_STALL_SOFTIRQ_RUN).size(), 1U);
    EXPECT_FALSE(on().during_unwinding);
    on().now_ns = expires + 20 * ms;
    interrupt();
}

TEST_F(flights, stall_says_what_has_not_ended) {
    config.wake_bytes = 1U << 20;
    kernel::begin_pass();
    const std::uint64_t softirq_ns = on().now_ns;
    on().enter(net_rx);
    on().pass(2 * ms);
    on().begin_handler(24, nic);
    const std::uint64_t handler_ns = on().now_ns;
    on().pass(1 * us);
    beat_late(2 * ms); // finds the softirq open
    EXPECT_EQ(on().wakeups, 0U) << "a reader on this CPU could not run";
    on().end_handler(24, nic);
    const auto told = stalls(WIRE_STALL_SOFTIRQ_RUN);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].state, WIRE_STALL_OPEN);
    EXPECT_EQ(told[0].task_since_ns, switched_ns);
    EXPECT_EQ(told[0].task_class, WIRE_CLASS_TASK);
    EXPECT_EQ(told[0].softirq_since_ns, softirq_ns);
    EXPECT_EQ(told[0].softirq, run_of(net_rx));
    ASSERT_EQ(told[0].interrupts, 2);
    EXPECT_EQ(told[0].open[0].start_ns, handler_ns);
    EXPECT_EQ(told[0].open[0].key, 24U);
    EXPECT_EQ(told[0].open[0].device, 1U);
    EXPECT_EQ(told[0].open[1].key, std::uint32_t{WIRE_SYSVEC_LOCAL_TIMER});
    EXPECT_EQ(told[0].open[1].device, 0U);
    on().leave(net_rx);
    kernel::end_pass();
}

TEST_F(flights, stall_wakes_the_reader_at_once) {
    config.wake_bytes = 1U << 20;
    handle(nic, 2 * ms);
    EXPECT_EQ(on().wakeups, 1U);
    on().now_ns = expires + 20 * ms;
    interrupt();
    const unsigned before = on().wakeups;
    config.flight = 0;
    handle(nic, 2 * ms);
    EXPECT_EQ(on().wakeups, before);
    on().now_ns = expires + 20 * ms;
    interrupt();
}

TEST_F(flights, cost_no_look_at_the_clock_and_nothing_where_they_are_not_wanted) {
    const auto clock_reads = [this] {
        const unsigned before = on().clock_reads;
        handle(nic, 20);
        on().enter(net_rx);
        on().leave(net_rx);
        on().switch_to(idle);
        on().switch_to(task);
        return on().clock_reads - before;
    };
    const unsigned with = clock_reads();
    const std::uint64_t kept = state().flight_next;
    config.flight = 0;
    EXPECT_EQ(clock_reads(), with);
    EXPECT_EQ(state().flight_next, kept);
    EXPECT_EQ(state().flight_softirq_next, 1U);
}

} // namespace irqscope::fake

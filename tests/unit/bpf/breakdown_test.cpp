// SPDX-License-Identifier: BSD-2-Clause
// bpf/totals.bpf.h: time by class, on made events: each nanosecond once, each wait with a window of its own.
#include "bpf/beating.hpp"

#include <array>
#include <numeric>

namespace irqscope::fake {

namespace {

constexpr std::uint32_t hrtimer = 8;
constexpr std::uint32_t block = 4;
constexpr std::uint32_t net_rx = 3;
constexpr std::uint32_t sched = 7;

} // namespace

class breakdowns : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        config.totals = 1;
        config.ksoftirqd = 1;
        config.ksoftirqd_from_rq = fake_ksoftirqd_from_rq();
        want({WIRE_STALL_IRQ_OFF, WIRE_STALL_SOFTIRQ_OFF, WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_SOFTIRQ_RUN,
              WIRE_STALL_HARDIRQ_RUN});
        on().switch_to(task);
        first_ns = on().now_ns;
    }
    void TearDown() override {
        // whatever came, the classes add up to the time between the first edge and the last
        const wire_totals& totals = state().totals;
        if (totals.at_ns != 0) {
            EXPECT_EQ(sum(totals.ns), totals.at_ns - first_ns);
        }
        beating::TearDown();
    }
    template <typename T>
    static std::uint64_t sum(const T& ns) {
        return std::accumulate(std::begin(ns), std::end(ns), std::uint64_t{0});
    }
    static void expect_parts(const wire_stall& of, const std::map<wire_class, std::uint64_t>& parts) {
        std::array<std::uint64_t, WIRE_CLASSES> expected{};
        for (const auto& [which, ns] : parts) expected.at(which) = ns;
        for (std::size_t i = 0; i < WIRE_CLASSES; i++)
            EXPECT_EQ(of.breakdown_ns[i], expected.at(i)) << "class " << i; // NOLINT(*-constant-array-index)
        EXPECT_EQ(sum(of.breakdown_ns), of.breakdown_end_ns - of.breakdown_start_ns);
    }
    [[nodiscard]] static std::uint64_t total(wire_class which) { return state().totals.ns[which]; }
    // A sysvec other than the timer's.
    static void sysvec(std::uint64_t ns) {
        on().begin(call_function_entry);
        on().pass(ns);
        on().end(call_function_exit);
    }

    void* nic = fake_action("nic");
    void* task = fake_task(0, 700);
    void* ksoftirqd = fake_ksoftirqd();
    void* idle = fake_task(2, 0);
    std::uint64_t first_ns = 0; // of the switch in SetUp()
};

TEST_F(breakdowns, each_edge_charges_to_what_ran) {
    on().pass(100);
    handle(nic, 20);
    on().pass(30);
    on().begin(call_function_entry);
    on().pass(5);
    handle(nic, 7); // in the middle of it
    on().pass(4);
    on().end(call_function_exit);
    on().switch_to(idle);
    on().pass(1000);
    on().enter(net_rx);
    on().pass(50);
    on().begin_handler(24, nic);
    on().pass(3);
    on().end_handler(24, nic);
    on().pass(6);
    on().leave(net_rx);
    on().switch_to(ksoftirqd);
    on().pass(11);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_TASK), 130U);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 20U + 7U + 3U);
    EXPECT_EQ(total(WIRE_CLASS_SYSVEC), 9U);
    EXPECT_EQ(total(WIRE_CLASS_IDLE), 1000U);
    EXPECT_EQ(total(WIRE_CLASS_SOFTIRQ), 56U);
    EXPECT_EQ(total(WIRE_CLASS_KSOFTIRQD), 11U);
    EXPECT_EQ(total(WIRE_CLASS_UNEXPLAINED), 0U);
}

TEST_F(breakdowns, softirq_of_ksoftirqds_own_run_is_ksoftirqds) {
    const std::uint64_t caller = 0xffffffff81369810;
    config.callers[0] = {caller, 0x100, WIRE_CONTEXT_KSOFTIRQD};
    on().unwound = {0xffffffff81000010, caller + 0x10};
    on().switch_to(ksoftirqd);
    on().pass(10);
    on().enter(net_rx);
    ASSERT_EQ(state().softirq.context, std::uint32_t{WIRE_CONTEXT_KSOFTIRQD});
    on().pass(200);
    on().leave(net_rx);
    on().pass(30);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_KSOFTIRQD), 240U);
    EXPECT_EQ(total(WIRE_CLASS_SOFTIRQ), 0U);
}

TEST_F(breakdowns, softirq_at_irq_exit_over_ksoftirqd_is_not_its_own) {
    const std::uint64_t caller = 0xffffffff81369810;
    config.callers[0] = {caller, 0x100, WIRE_CONTEXT_IRQ_EXIT};
    on().unwound = {0xffffffff81000010, caller + 0x10};
    on().switch_to(ksoftirqd);
    on().pass(10);
    on().enter(net_rx);
    on().pass(200);
    on().leave(net_rx);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_KSOFTIRQD), 10U);
    EXPECT_EQ(total(WIRE_CLASS_SOFTIRQ), 200U);
}

TEST_F(breakdowns, of_an_irq_off_is_from_the_beat_before_to_this) {
    beat();
    const std::uint64_t from_ns = state().beats.last_ns;
    on().pass(100 * us);
    handle(nic, 40 * us);
    beat_late(5 * ms);
    const wire_stall one = stalls(WIRE_STALL_IRQ_OFF).front();
    EXPECT_EQ(one.breakdown_start_ns, from_ns);
    EXPECT_EQ(one.breakdown_end_ns, state().beats.last_ns);
    expect_parts(one, {{WIRE_CLASS_HARDIRQ, 40 * us},
                       {WIRE_CLASS_TASK, one.breakdown_end_ns - one.breakdown_start_ns - 40 * us}});
}

TEST_F(breakdowns, of_a_handlers_run_is_its_own) {
    on().pass(7 * us);
    on().begin_handler(24, nic);
    on().pass(2 * ms);
    sysvec(30 * us); // it had interrupts on
    on().pass(1 * ms);
    on().end_handler(24, nic);
    const wire_stall one = only();
    EXPECT_EQ(one.breakdown_start_ns, one.start_ns);
    expect_parts(one, {{WIRE_CLASS_HARDIRQ, 3 * ms}, {WIRE_CLASS_SYSVEC, 30 * us}});
}

// Three vectors, raised at different times, a beat, and all served in one pass: each wait has its own window.
TEST_F(breakdowns, of_waits_that_overlap_are_each_their_own) {
    on().pass(10 * us);
    on().raise(net_rx);
    const std::uint64_t net_rx_ns = on().now_ns;
    on().pass(2 * ms);
    handle(nic, 500 * us);
    on().raise(block);
    const std::uint64_t block_ns = on().now_ns;
    on().pass(1 * ms);
    on().switch_to(idle);
    on().raise(sched);
    const std::uint64_t sched_ns = on().now_ns;
    on().pass(4 * ms);
    kernel::begin_pass();
    const std::uint64_t served_ns = on().now_ns;
    on().enter(net_rx);
    on().pass(3 * ms);
    on().leave(net_rx);
    on().enter(block);
    on().pass(20 * us);
    on().leave(block);
    on().enter(sched);
    on().leave(sched);
    kernel::end_pass();
    const auto waits = stalls(WIRE_STALL_SOFTIRQ_LATENCY);
    ASSERT_EQ(waits.size(), 3U);
    EXPECT_EQ(waits[0].breakdown_start_ns, net_rx_ns);
    EXPECT_EQ(waits[0].breakdown_end_ns, served_ns);
    expect_parts(waits[0], {{WIRE_CLASS_TASK, 3 * ms}, {WIRE_CLASS_HARDIRQ, 500 * us}, {WIRE_CLASS_IDLE, 4 * ms}});
    EXPECT_EQ(waits[1].breakdown_start_ns, block_ns);
    expect_parts(waits[1], {{WIRE_CLASS_TASK, 1 * ms}, {WIRE_CLASS_IDLE, 4 * ms}, {WIRE_CLASS_SOFTIRQ, 3 * ms}});
    EXPECT_EQ(waits[2].breakdown_start_ns, sched_ns);
    expect_parts(waits[2], {{WIRE_CLASS_IDLE, 4 * ms}, {WIRE_CLASS_SOFTIRQ, 3 * ms + 20 * us}});
    const auto off = stalls(WIRE_STALL_SOFTIRQ_OFF);
    ASSERT_EQ(off.size(), 1U);
    EXPECT_EQ(off[0].breakdown_start_ns, net_rx_ns);
    expect_parts(off[0], {{WIRE_CLASS_TASK, 3 * ms}, {WIRE_CLASS_HARDIRQ, 500 * us}, {WIRE_CLASS_IDLE, 4 * ms}});
    on().now_ns = expires + 20 * ms;
    on().sent.clear();
    interrupt();
}

TEST_F(breakdowns, of_a_softirqs_run_shows_what_interrupted_it) {
    on().enter(net_rx);
    const std::uint64_t from_ns = on().now_ns;
    on().pass(2 * ms);
    handle(nic, 3 * ms);
    on().pass(1 * ms);
    on().leave(net_rx);
    const wire_stall one = stalls(WIRE_STALL_SOFTIRQ_RUN).front();
    EXPECT_EQ(one.breakdown_start_ns, from_ns);
    expect_parts(one, {{WIRE_CLASS_SOFTIRQ, 3 * ms}, {WIRE_CLASS_HARDIRQ, 3 * ms}});
    on().now_ns = expires + 20 * ms;
    interrupt();
}

// A raise while the vector waits in the present pass: its window begins with itself.
TEST_F(breakdowns, of_a_vector_that_was_raised_again_begins_with_that_raise) {
    on().raise(net_rx);
    kernel::begin_pass();
    on().raise(net_rx);
    const std::uint64_t again_ns = on().now_ns;
    on().enter(net_rx);
    on().pass(2 * ms);
    on().leave(net_rx);
    kernel::end_pass();
    on().pass(300 * us);
    kernel::begin_pass();
    on().enter(net_rx);
    on().leave(net_rx);
    kernel::end_pass();
    const auto waits = stalls(WIRE_STALL_SOFTIRQ_LATENCY);
    ASSERT_EQ(waits.size(), 1U);
    EXPECT_EQ(waits[0].breakdown_start_ns, again_ns);
    expect_parts(waits[0], {{WIRE_CLASS_SOFTIRQ, 2 * ms}, {WIRE_CLASS_TASK, 300 * us}});
    on().now_ns = expires + 20 * ms;
    interrupt();
}

TEST_F(breakdowns, of_an_open_one_goes_to_the_beat_that_tells_of_it) {
    on().raise(net_rx);
    const std::uint64_t raised_ns = on().now_ns;
    beat();
    const auto waits = stalls(WIRE_STALL_SOFTIRQ_LATENCY);
    ASSERT_EQ(waits.size(), 1U);
    EXPECT_EQ(waits[0].state, WIRE_STALL_OPEN);
    EXPECT_EQ(waits[0].breakdown_start_ns, raised_ns);
    EXPECT_EQ(waits[0].breakdown_end_ns, state().beats.last_ns);
    EXPECT_EQ(sum(waits[0].breakdown_ns), state().beats.last_ns - raised_ns);
    serve(net_rx);
}

// Interrupts come between any two lines of the softirq programs.

TEST_F(breakdowns, interrupt_in_the_middle_of_a_softirqs_entry_is_charged_once) {
    on().pass(100);
    on().after_clock = [this] {
        on().pass(3);
        handle(nic, 1000);
    };
    on().enter(hrtimer);
    on().pass(50);
    on().leave(hrtimer);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 1000U);
    EXPECT_EQ(total(WIRE_CLASS_SOFTIRQ), 50U);
    EXPECT_EQ(total(WIRE_CLASS_TASK), 103U);
}

TEST_F(breakdowns, interrupts_at_both_readings_of_the_clock_are_charged_once) {
    on().pass(100);
    on().after_clock = [this] { handle(nic, 1000); };
    on().after_second_clock = [this] { handle(nic, 500); };
    on().enter(hrtimer);
    on().pass(50);
    on().after_clock = [this] { handle(nic, 7); };
    on().after_second_clock = [this] { handle(nic, 8); };
    on().leave(hrtimer);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 1515U);
    EXPECT_EQ(total(WIRE_CLASS_SOFTIRQ), 50U);
    EXPECT_EQ(total(WIRE_CLASS_TASK), 100U);
}

// What went unseen.

TEST_F(breakdowns, time_before_an_exit_without_an_entry_is_unexplained) {
    on().pass(100);
    on().end_handler(24, nic);
    on().pass(10);
    on().switch_to(idle);
    EXPECT_EQ(total(WIRE_CLASS_UNEXPLAINED), 100U);
    EXPECT_EQ(total(WIRE_CLASS_TASK), 10U);
    EXPECT_EQ(on().lost(WIRE_LOST_HARDIRQ_EXIT), 1U);
}

TEST_F(breakdowns, time_until_an_entry_without_an_exit_is_found_out_is_unexplained) {
    on().begin_handler(24, nic);
    on().pass(50);
    on().begin(call_function_entry); // its exit is lost
    on().pass(1000);
    on().end_handler(24, nic);
    on().pass(10);
    on().switch_to(idle);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 50U);
    EXPECT_EQ(total(WIRE_CLASS_UNEXPLAINED), 1000U);
    EXPECT_EQ(total(WIRE_CLASS_TASK), 10U);
}

TEST_F(breakdowns, idle_after_a_switch_that_went_unseen_is_idle_and_what_was_before_is_unexplained) {
    on().pass(100);
    on().switch_unseen(idle);
    on().enter_idle();
    on().pass(50);
    sysvec(5);
    on().pass(20);
    on().leave_idle();
    on().switch_to(task);
    EXPECT_EQ(on().lost(WIRE_LOST_SWITCH), 1U);
    EXPECT_EQ(total(WIRE_CLASS_UNEXPLAINED), 100U); // since the task got the CPU: no beat has found it there
    EXPECT_EQ(total(WIRE_CLASS_TASK), 0U);
    EXPECT_EQ(total(WIRE_CLASS_IDLE), 70U);
    EXPECT_EQ(total(WIRE_CLASS_SYSVEC), 5U);
}

TEST_F(breakdowns, class_of_a_task_to_which_no_switch_was_seen_is_asked_for) {
    beating::SetUp();
    config.totals = 1;
    first_ns = on().now_ns;
    be_idle();
    handle(nic, 20);
    on().pass(500);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 20U);
    EXPECT_EQ(total(WIRE_CLASS_IDLE), 500U);
}

// Up to the last beat the task was there; who came since, nobody saw.
TEST_F(breakdowns, a_beat_finds_a_task_that_came_unseen) {
    on().pass(100);
    beat();
    const std::uint64_t task_ns = total(WIRE_CLASS_TASK);
    on().pass(ms / 2);
    on().switch_unseen(idle);
    on().pass(1);
    beat();
    EXPECT_EQ(on().lost(WIRE_LOST_SWITCH), 1U);
    EXPECT_EQ(total(WIRE_CLASS_TASK), task_ns);
    EXPECT_GT(total(WIRE_CLASS_UNEXPLAINED), ms / 2);
    const std::uint64_t idle_ns = total(WIRE_CLASS_IDLE);
    on().pass(70);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_IDLE), idle_ns + 70);
}

// The sum of softirqs and the softirq's being over are two writes: whoever looks in between finds each nanosecond once.
TEST_F(breakdowns, an_interrupt_while_a_softirq_is_on_its_way_out_finds_it_once) {
    on().enter(net_rx);
    on().pass(50);
    on().after_clock = [this] { // softirq_exit has read the clock
        handle(nic, 20);
        on().raise(sched);
        EXPECT_EQ(state().at_raise[sched].ns[WIRE_CLASS_SOFTIRQ], 50U);
        EXPECT_EQ(state().at_raise[sched].ns[WIRE_CLASS_HARDIRQ], 20U);
    };
    on().leave(net_rx);
    on().switch_to(idle);
    EXPECT_EQ(total(WIRE_CLASS_SOFTIRQ), 50U);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 20U);
}

TEST_F(breakdowns, an_interrupt_that_lost_its_exit_ends_with_the_next_switch) {
    on().begin_handler(24, nic);
    on().pass(20);
    on().switch_to(idle); // no interrupt goes on across that
    on().pass(500);
    on().switch_to(task);
    EXPECT_EQ(total(WIRE_CLASS_HARDIRQ), 0U);
    EXPECT_EQ(total(WIRE_CLASS_IDLE), 500U);
}

TEST_F(breakdowns, are_nothing_to_those_who_do_not_want_them) {
    config.totals = 0;
    const std::uint64_t at_ns = state().totals.at_ns;
    handle(nic, 2 * ms);
    serve(net_rx, 2 * ms);
    on().switch_to(idle);
    EXPECT_EQ(state().totals.at_ns, at_ns);
    for (const wire_stall& one : stalls()) EXPECT_EQ(one.breakdown_start_ns, 0U);
    on().now_ns = expires + 20 * ms;
    interrupt();
}

} // namespace irqscope::fake

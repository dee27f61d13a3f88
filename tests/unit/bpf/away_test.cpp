// SPDX-License-Identifier: BSD-2-Clause
// bpf/timers.bpf.h, bpf/interrupted.bpf.h: what tells that the CPU itself was away.
#include "bpf/beating.hpp"

#include <numeric>

namespace irqscope::fake {

namespace {

constexpr std::uint16_t kernel_cs = 0x10;
constexpr std::uint16_t user_cs = 0x33;

} // namespace

class away : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        beat(2);
    }
    void TearDown() override {
        on().ring_full = false;
        beating::TearDown();
    }

    [[nodiscard]] static std::vector<wire_away> told() { return on().records<wire_away>(WIRE_RECORD_AWAY); }
    static void expect_only(std::uint64_t start_ns, std::uint64_t end_ns) {
        ASSERT_EQ(told().size(), 1U);
        EXPECT_EQ(told()[0].cpu, 0U);
        EXPECT_EQ(told()[0].start_ns, start_ns);
        EXPECT_EQ(told()[0].end_ns, end_ns);
    }
};

TEST_F(away, between_a_timer_interrupts_entry_and_its_first_timer) {
    on().now_ns = expires;
    const std::uint64_t begun = on().now_ns;
    on().begin(local_timer_entry);
    on().pass(5 * ms);
    fire(begun);
    on().end(local_timer_exit);
    expect_only(begun, begun + 5 * ms);
}

TEST_F(away, between_two_timers_of_an_interrupt) {
    on().now_ns = expires;
    on().begin(local_timer_entry);
    run_timer(tick_sched_timer, 3 * ms);
    const std::uint64_t tick_ended = on().now_ns;
    on().pass(2 * ms);
    fire(on().now_ns);
    on().end(local_timer_exit);
    expect_only(tick_ended, tick_ended + 2 * ms);
}

TEST_F(away, between_the_last_timer_and_the_end_of_its_interrupt) {
    on().now_ns = expires;
    on().begin(local_timer_entry);
    fire(on().now_ns);
    const std::uint64_t fired = on().now_ns;
    on().pass(700 * us);
    on().end(local_timer_exit);
    expect_only(fired, fired + 700 * us);
}

TEST_F(away, in_a_timer_interrupt_without_a_timer_that_expires) {
    pass_to(500 * us);
    const std::uint64_t begun = on().now_ns;
    on().begin(local_timer_entry);
    on().pass(80 * us);
    on().end(local_timer_exit);
    expect_only(begun, begun + 80 * us);
}

TEST_F(away, is_not_the_interrupts_time) {
    config.totals = 1;
    const auto ns = [](wire_class which) { return state().totals.ns[which]; }; // NOLINT(*-constant-array-index)
    beat();
    const std::uint64_t sysvec_ns = ns(WIRE_CLASS_SYSVEC);
    const wire_totals start = state().totals;
    on().now_ns = expires;
    on().begin(local_timer_entry);
    on().pass(2 * ms); // before the first timer
    run_timer(tick_sched_timer, 3 * us);
    on().pass(1 * ms); // between two
    fire(on().now_ns, 4 * ms);
    on().pass(4 * ms); // behind the last
    on().end(local_timer_exit);
    beat();
    EXPECT_EQ(ns(WIRE_CLASS_AWAY), 7 * ms);
    EXPECT_EQ(ns(WIRE_CLASS_SYSVEC) - sysvec_ns, 3 * us);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < WIRE_CLASSES; i++)
        sum += state().totals.ns[i] - start.ns[i]; // NOLINT(*-constant-array-index)
    EXPECT_EQ(sum, state().totals.at_ns - start.at_ns) << "each nanosecond once";
    EXPECT_EQ(told().size(), 3U);
}

TEST_F(away, in_an_interrupt_of_a_softirq_is_neithers) {
    config.totals = 1;
    want({WIRE_STALL_SOFTIRQ_RUN});
    kernel::begin_pass();
    on().enter(3);
    on().pass(100 * us);
    on().now_ns = expires;
    on().begin(local_timer_entry);
    fire(on().now_ns);
    on().pass(2 * ms);
    on().end(local_timer_exit);
    on().pass(2 * ms);
    on().leave(3);
    kernel::end_pass();
    const wire_stall one = stalls(WIRE_STALL_SOFTIRQ_RUN).back();
    EXPECT_EQ(one.breakdown_ns[WIRE_CLASS_AWAY], 2 * ms);
    EXPECT_EQ(one.breakdown_ns[WIRE_CLASS_SYSVEC], 0U);
    EXPECT_EQ(one.breakdown_ns[WIRE_CLASS_SOFTIRQ], one.duration_ns - 2 * ms);
}

TEST_F(away, a_timers_own_function_is_not) {
    on().now_ns = expires;
    on().begin(local_timer_entry);
    run_timer(a_timer, 5 * ms);
    fire(on().now_ns);
    run_timer(tick_sched_timer, 3 * ms);
    on().end(local_timer_exit);
    EXPECT_TRUE(told().empty());
}

TEST_F(away, little_is_no_news) {
    on().now_ns = expires;
    const std::uint64_t begun = on().now_ns;
    on().begin(local_timer_entry);
    on().pass(WIRE_AWAY_NS - 1);
    fire(begun);
    on().pass(WIRE_AWAY_NS - 1);
    on().end(local_timer_exit);
    EXPECT_TRUE(told().empty());
    on().now_ns = expires;
    on().begin(local_timer_entry);
    on().pass(WIRE_AWAY_NS);
    fire(begun);
    on().end(local_timer_exit);
    EXPECT_EQ(told().size(), 1U);
}

TEST_F(away, is_told_to_those_who_want_stalls) {
    config.stall_rate = 0;
    on().now_ns = expires;
    on().begin(local_timer_entry);
    on().pass(5 * ms);
    fire(on().now_ns);
    on().end(local_timer_exit);
    EXPECT_TRUE(on().sent.empty());
}

TEST_F(away, that_finds_the_ring_full_is_lost_and_counted) {
    on().ring_full = true;
    on().now_ns = expires;
    on().begin(local_timer_entry);
    on().pass(5 * ms);
    fire(on().now_ns);
    on().end(local_timer_exit);
    EXPECT_EQ(on().lost(WIRE_LOST_STALL), 1U);
}

// hrtimer_run_softirq() has interrupts on: they may come between any two of its lines.
TEST_F(away, soft_timers_tell_nothing) {
    void* soft = fake_event(2, a_timer, 0);
    fake_set_soft(soft, 1);
    pass_to(900 * us);
    const unsigned reads = on().clock_reads;
    on().expire(soft, on().now_ns, on().now_ns - 500 * us);
    EXPECT_EQ(on().clock_reads, reads);
    pass_to(0);
    interrupt(); // comes while its function runs
    on().pass(500 * us);
    on().expired(soft);
    EXPECT_TRUE(told().empty());
    EXPECT_EQ(state().beats.seen, 3U);
}

// In the middle of one that takes long, another one's end is not its.
TEST_F(away, end_of_a_timer_that_did_not_begin_is_passed_over) {
    on().now_ns = expires;
    on().begin(local_timer_entry);
    void* other = fake_event(1, a_timer, 0);
    on().expire(other, on().now_ns, on().now_ns);
    on().pass(5 * ms);
    on().expired(fake_event(3, a_timer, 0));
    on().pass(1 * ms);
    on().expired(other);
    on().end(local_timer_exit);
    EXPECT_TRUE(told().empty());
    EXPECT_EQ(state().timers.longest_ns, 6 * ms);
    on().now_ns = expires + 10 * ms; // what was due meanwhile
    interrupt();
}

TEST_F(away, place_that_a_late_beat_came_to_is_told_with_its_code) {
    want({WIRE_STALL_IRQ_OFF});
    config.regs = 1;
    config.regs_from_rq = fake_regs_from_rq();
    std::array<std::uint8_t, WIRE_CODE> code{};
    std::iota(code.begin(), code.end(), std::uint8_t{0});
    fake_set_interrupted(code.data(), kernel_cs);
    beat_late(5 * ms);
    const wire_stall first = only();
    EXPECT_EQ(first.ip, reinterpret_cast<std::uintptr_t>(code.data()) + WIRE_CODE / 2);
    EXPECT_EQ(first.code[WIRE_CODE / 2], 128U);
    EXPECT_EQ(first.code[WIRE_CODE - 1], 255U);
    fake_set_interrupted(code.data(), user_cs);
    beat_late(5 * ms);
    EXPECT_EQ(stalls().back().ip, 0U) << "user code";
    fake_set_interrupted(nullptr, 0);
    beat_late(5 * ms);
    EXPECT_EQ(stalls().back().ip, 0U);
    fake_set_interrupted(code.data(), kernel_cs);
    config.regs = 0;
    beat_late(5 * ms);
    EXPECT_EQ(stalls().back().ip, 0U);
}

// handle_softirqs(), before its first softirq: a beat comes as soon as it lets interrupts in.
class away_before_softirq : public away {
protected:
    void SetUp() override {
        away::SetUp();
        config.regs = 1;
        config.regs_from_rq = fake_regs_from_rq();
        config.softirq_loop = reinterpret_cast<std::uintptr_t>(code.data()) + WIRE_CODE / 2 - 0x72;
        config.softirq_loop_size = 0x200;
        fake_set_interrupted(code.data(), kernel_cs);
        on().raise(3);
        kernel::begin_pass();
    }
    std::array<std::uint8_t, WIRE_CODE> code{};
};

TEST_F(away_before_softirq, since_the_interrupts_end) {
    pass_to(1 * ms - 10 * us);
    handle(fake_action("nic"), 5 * us);
    const std::uint64_t edge = on().now_ns;
    pass_to(0);
    interrupt();
    expect_only(edge, on().now_ns);
}

TEST_F(away_before_softirq, since_the_softirq_before) {
    on().enter(3);
    on().leave(3);
    const std::uint64_t edge = on().now_ns;
    pass_to(0);
    interrupt();
    expect_only(edge, on().now_ns);
}

TEST_F(away_before_softirq, is_not_while_a_softirq_runs) {
    on().enter(3);
    pass_to(0);
    interrupt();
    EXPECT_TRUE(told().empty());
}

TEST_F(away_before_softirq, is_not_elsewhere) {
    config.softirq_loop += 0x100; // a softirq of which we have not seen the entry
    pass_to(0);
    interrupt();
    EXPECT_TRUE(told().empty());
    config.softirq_loop -= 0x100;
    config.softirq_loop_size = 0;
    pass_to(0);
    interrupt();
    EXPECT_TRUE(told().empty());
}

TEST_F(away_before_softirq, is_not_outside_a_pass) {
    kernel::end_pass();
    pass_to(0);
    interrupt();
    EXPECT_TRUE(told().empty());
}

} // namespace irqscope::fake

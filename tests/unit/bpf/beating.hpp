// SPDX-License-Identifier: BSD-2-Clause
// A CPU with a heartbeat: a perf event's hrtimer, which the made-up kernel forwards as the real one does, and after each
// test the sum: every beat that was due is accounted for.
#pragma once

#include "bpf/fake_kernel.hpp"

#include <algorithm>
#include <initializer_list>

namespace irqscope::fake {

constexpr std::uint64_t perf_swevent_hrtimer = 0xffffffff81200000;
constexpr std::uint64_t tick_sched_timer = 0xffffffff81300000;
constexpr std::uint64_t a_timer = 0xffffffff81400000;
constexpr std::uint64_t our_mark = 0x1234567800050000;
constexpr std::uint32_t local_timer = std::uint32_t{WIRE_HIST_SYSVEC_RUN} + WIRE_SYSVEC_LOCAL_TIMER;

class beating : public bpf_test {
protected:
    void SetUp() override { boot(); }

    void boot() {
        kernel::reset();
        config.off = 1;
        config.serving = 1;
        config.preempt_from_rq = fake_preempt_from_rq();
        config.beat_function = perf_swevent_hrtimer;
        config.beat_mark = our_mark;
        config.stall_rate = 1000;
        on().now_ns = 5'000 * ms;
        on().unwound = {0xffffffff81000010, 0xffffffff81000020};
        open_event(1);
    }

    void TearDown() override {
        const wire_beats& beats = state().beats;
        if (beats.generation == 0) return;
        // fire() has seen to it that due_ns is the kernel's
        EXPECT_EQ(beats.past_due + (state().due_ns - beats.first_ns) / config.beat_ns,
                  beats.seen + beats.skipped + beats.unseen)
            << "due: " << beats.past_due << " and those from " << beats.first_ns << " to before " << state().due_ns
            << "; seen " << beats.seen << ", skipped " << beats.skipped << ", unseen " << beats.unseen;
    }

    static wire_cpu_state& state() { return on().state(); }
    static void want(std::initializer_list<wire_stall_kind> kinds, std::uint64_t threshold_ns = 1 * ms) {
        for (const wire_stall_kind kind : kinds) config.stall_ns[kind] = threshold_ns;
    }

    // The loader's perf event, or the one after it: its hrtimer is started now.
    void open_event(std::uint64_t generation) {
        timer = fake_event(0, perf_swevent_hrtimer, our_mark | generation);
        expires = on().now_ns + config.beat_ns;
    }
    // kernel/time/hrtimer.c, hrtimer_forward(): now is the kernel's, read after our program has run.
    [[nodiscard]] static std::uint64_t forward(std::uint64_t from, std::uint64_t now) {
        if (now < from) return from;
        return from + ((now - from) / config.beat_ns + 1) * config.beat_ns;
    }
    // The heartbeat's turn in a batch of timers; the kernel's clock goes on meanwhile.
    void fire(std::uint64_t batch, std::uint64_t kernel_later_ns = 0) {
        on().expire(timer, expires, batch);
        on().expired(timer);
        last_expiry = expires;
        expires = forward(expires, on().now_ns + kernel_later_ns);
        if (kernel_later_ns == 0) {
            EXPECT_EQ(state().due_ns, expires) << "not when the timer expires next";
        }
    }
    // The timer interrupt, now.
    void interrupt() {
        on().begin(local_timer_entry);
        fire(on().now_ns);
        on().end(local_timer_exit);
    }
    // On a kernel without sysvec tracepoints.
    void untraced_interrupt() { fire(on().now_ns); }
    // Beats in time.
    void beat(unsigned count = 1, std::uint64_t late_ns = 2 * us) {
        for (unsigned i = 0; i < count; i++) {
            ASSERT_LE(on().now_ns, expires + late_ns) << "the test has let too much time pass";
            on().now_ns = expires + late_ns;
            interrupt();
        }
    }
    // Time passes until the next beat is so late, and it is served.
    void beat_late(std::uint64_t late_ns) {
        ASSERT_LE(on().now_ns, expires + late_ns);
        on().now_ns = expires + late_ns;
        interrupt();
    }
    // The kernel serves beats in time and runs none of our programs.
    void beat_unseen(unsigned count) {
        on().now_ns = expires + (count - 1) * config.beat_ns + 2 * us;
        expires += count * config.beat_ns;
    }
    // perf_swevent_cancel_hrtimer() and, so much later, perf_swevent_start_hrtimer() (kernel/events/core.c).
    void restart(std::uint64_t stopped_ns = 0) {
        const std::uint64_t left = expires > on().now_ns ? expires - on().now_ns : 10 * us;
        on().pass(stopped_ns);
        expires = on().now_ns + left;
    }
    // A device interrupt.
    void handle(void* action, std::uint64_t ns, std::uint32_t irq = 24) {
        on().begin_handler(irq, action);
        on().pass(ns);
        on().end_handler(irq, action);
    }

    // A pass that serves one softirq.
    static void serve(std::uint32_t vector, std::uint64_t ns = 10 * us) {
        kernel::begin_pass();
        on().enter(vector);
        on().pass(ns);
        on().leave(vector);
        kernel::end_pass();
    }

    [[nodiscard]] static std::vector<wire_stall> stalls() { return on().records<wire_stall>(WIRE_RECORD_STALL); }
    [[nodiscard]] static std::vector<wire_settled> settled() { return on().records<wire_settled>(WIRE_RECORD_SETTLED); }
    [[nodiscard]] static std::vector<wire_stall> stalls(wire_stall_kind kind) {
        auto all = stalls();
        all.erase(std::remove_if(all.begin(), all.end(), [kind](const wire_stall& one) { return one.what != kind; }),
                  all.end());
        return all;
    }
    // The one stall that was told.
    static wire_stall only() {
        const auto all = stalls();
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? wire_stall{} : all.front();
    }
    static void expect_culprit(std::uint32_t histogram, std::uint64_t least_ns) {
        const wire_stall stall = only();
        EXPECT_EQ(stall.culprit, histogram);
        EXPECT_GE(stall.culprit_ns, least_ns);
        EXPECT_LE(stall.culprit_ns, stall.duration_ns);
        EXPECT_EQ(stall.stack, WIRE_STACK_INTERRUPTED);
    }
    static void expect_no_culprit() {
        const wire_stall stall = only();
        EXPECT_EQ(stall.culprit, WIRE_NO_CULPRIT);
        EXPECT_EQ(stall.culprit_ns, 0U);
        EXPECT_EQ(stall.timer_function, 0U);
        EXPECT_EQ(stall.stack, WIRE_STACK_POST_HOC);
    }
    void run_timer(std::uint64_t function, std::uint64_t ns) {
        void* other = fake_event(1, function, 0);
        on().expire(other, on().now_ns, on().now_ns);
        on().pass(ns);
        on().expired(other);
    }
    // Until so long before the next beat.
    void pass_to(std::uint64_t before_ns) const { on().now_ns = expires - before_ns; }
    void be_idle() { on().pid_tgid = 0; }

    [[nodiscard]] static wire_histogram& irq_off() { return on().histogram(WIRE_HIST_IRQ_OFF); }
    [[nodiscard]] static wire_histogram& idle_exit() { return on().histogram(WIRE_HIST_IDLE_EXIT); }

    void* timer = nullptr;
    std::uint64_t expires = 0;     // of the kernel's timer
    std::uint64_t last_expiry = 0; // that was seen
};

} // namespace irqscope::fake

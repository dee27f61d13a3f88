// SPDX-License-Identifier: BSD-2-Clause
// A made-up kernel for the BPF programs of bpf/, which are compiled for the host: a clock that stands still until it is
// told, per-CPU maps in memory, an unwinder that says what it is told. The programs are called as the kernel calls
// them, with a context that holds the tracepoint's arguments.
#pragma once

#include "bpf/fake_types.h"
#include "wire.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

extern "C" {
extern wire_config config; // const to the programs; theirs is weak, and this one wins
extern volatile __u32 epoch;

int softirq_raise(unsigned long long* context);
int softirq_entry(unsigned long long* context);
int softirq_exit(unsigned long long* context);
int irq_handler_entry(unsigned long long* context);
int irq_handler_exit(unsigned long long* context);
int hrtimer_expire_entry(unsigned long long* context);
int hrtimer_expire_exit(unsigned long long* context);
int cpu_idle(unsigned long long* context);
int sched_switch(unsigned long long* context);
int sched_waking(unsigned long long* context);
int napi_poll(unsigned long long* context);
int timer_expire_entry(unsigned long long* context);
int timer_expire_exit(unsigned long long* context);
int init_soft_beat(wire_init_soft_beat* which);
int local_timer_entry(void* context);
int local_timer_exit(void* context);
int reschedule_entry(void* context);
int reschedule_exit(void* context);
int call_function_entry(void* context);
int call_function_exit(void* context);
int irq_work_entry(void* context);
int irq_work_exit(void* context);
int ipi_entry(unsigned long long* context);
int ipi_exit(unsigned long long* context);
}

namespace irqscope::fake {

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t never = ~std::uint64_t{0}; // a threshold

// A call of bpf_timer_start().
struct timer_start {
    const void* timer = nullptr;
    std::uint64_t after_ns = 0;
    std::uint64_t flags = 0;
};

class kernel {
public:
    // A CPU that counts, empty maps, histograms in the kernel, both softirq metrics, pending softirqs known.
    static void reset();
    static kernel& get();

    std::uint64_t now_ns = 1'000'000;
    std::uint32_t cpu = 0;                    // the one that programs run on
    std::function<void()> after_clock;        // once, just after the clock was read: an interrupt at that point
    std::function<void()> after_second_clock; // moves there when after_clock has run
    std::function<void()> at_flight;          // once, while a span is being written into the flight recorder
    std::function<void()> during_unwinding;   // once, while bpf_get_stack() is at work
    std::vector<std::uint64_t> unwound;       // return addresses, as the unwinder finds them
    std::array<unsigned long long, 256>
        stack{}; // what lies above the context of the program that runs; [0] is the context
    unsigned clock_reads = 0;
    unsigned unwindings = 0;
    unsigned wakeups = 0; // of the reader
    bool ring_full = false;
    long perf_says = 0;               // of bpf_perf_event_output()
    std::vector<std::string> marks;   // into perf's events, as a reader of text takes them
    std::vector<std::string> printed; // into the trace buffer
    std::vector<std::size_t> mark_sizes;
    std::vector<std::vector<std::byte>> sent;                   // into the ring of the CPU
    std::uint64_t pid_tgid = (std::uint64_t{700} << 32U) | 701; // of the current task: process 700, thread 701
    std::string comm = "dd";
    std::uint32_t cpu_ids = 1;       // entries of soft_beats, as the loader makes them
    std::vector<const void*> timers; // that bpf_timer_init() and bpf_timer_set_callback() have made
    std::vector<timer_start> timer_starts;

    wire_cpu_state& state(std::uint32_t of_cpu = 0);
    wire_histogram& histogram(std::uint32_t index, std::uint32_t of_cpu = 0);
    wire_threads& threads(std::uint32_t of_cpu = 0);
    wire_mark_counts& mark_counts(std::uint32_t of_cpu = 0);
    wire_irq_slot& slot(std::uint32_t number, std::uint32_t of_cpu = 0);
    [[nodiscard]] std::uint64_t lost(wire_lost kind) { return state(cpu).lost[kind]; }

    std::vector<wire_flight> flight(std::uint32_t of_cpu = 0); // both rings of the recorder

    const void* soft_beat(std::uint32_t of_cpu); // its bpf_timer

    // The records of one kind in the ring.
    template <typename T>
    [[nodiscard]] std::vector<T> records(wire_record_kind kind) const {
        std::vector<T> found;
        for (const auto& bytes : sent) {
            std::uint16_t is = 0;
            std::memcpy(&is, bytes.data(), sizeof(is));
            if (is != kind) continue;
            EXPECT_EQ(bytes.size(), sizeof(T));
            std::memcpy(&found.emplace_back(), bytes.data(), sizeof(T));
        }
        return found;
    }

    // Pending softirqs as __raise_softirq_irqoff() sets and handle_softirqs() clears them.
    static void set_pending(std::uint32_t vector) { *fake_pending_word() |= 1U << vector; }
    static void clear_pending() { *fake_pending_word() = 0; }

    // __raise_softirq_irqoff(): first the tracepoint, then the bit.
    void raise(std::uint32_t vector);
    void enter(std::uint32_t vector);
    void leave(std::uint32_t vector);
    void begin_handler(std::uint32_t irq, void* action);
    void end_handler(std::uint32_t irq, void* action);
    // handle_softirqs() takes what is pending into its pass, and leaves it again.
    static void begin_pass() {
        *fake_preempt_count() |= 0x100; // SOFTIRQ_OFFSET
        clear_pending();
    }
    static void end_pass() { *fake_preempt_count() &= ~0x100U; }
    // __run_hrtimer(): of a batch that was begun at batch_ns.
    void expire(void* timer, std::uint64_t expires_ns, std::uint64_t batch_ns);
    void expired(void* timer); // its function has returned
    void enter_idle(std::uint32_t state = 1);
    void leave_idle();
    // A fake_task() gets the CPU from the one that has it, which is left in this state (__state).
    void switch_to(void* next, bool preempt = false, unsigned state = 0);
    void switch_unseen(void* next);
    static void wake(void* task);
    static void poll(void* napi, int work); // __napi_poll() has ended
    static void begin_timer(void* timer);   // call_timer_fn()
    static void end_timer(void* timer);
    void begin(int (*sysvec)(void*)) { sysvec(stack.data()); }
    void end(int (*sysvec)(void*)) { sysvec(stack.data()); }
    // An interprocessor interrupt where they have one tracepoint for all, and a text.
    static void begin_ipi(const char* reason) { call_with_text(ipi_entry, reason); }
    static void end_ipi(const char* reason) { call_with_text(ipi_exit, reason); }
    void pass(std::uint64_t ns) { now_ns += ns; }

private:
    static void call_with_text(int (*program)(unsigned long long*), const char* text) {
        auto context = static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(text));
        program(&context);
    }
};

class bpf_test : public testing::Test {
protected:
    void SetUp() override { kernel::reset(); }
    [[nodiscard]] static kernel& on() { return kernel::get(); }
};

} // namespace irqscope::fake

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
#include <functional>
#include <gtest/gtest.h>
#include <vector>

extern "C" {
extern wire_config config; // const to the programs; theirs is weak, and this one wins
extern volatile __u32 epoch;

int softirq_raise(unsigned long long* context);
int softirq_entry(unsigned long long* context);
int softirq_exit(unsigned long long* context);
int irq_handler_entry(unsigned long long* context);
int irq_handler_exit(unsigned long long* context);
int local_timer_entry(void* context);
int local_timer_exit(void* context);
int reschedule_entry(void* context);
int reschedule_exit(void* context);
int call_function_entry(void* context);
int call_function_exit(void* context);
int irq_work_entry(void* context);
int irq_work_exit(void* context);
}

namespace irqscope::fake {

class kernel {
public:
    // A CPU that counts, empty maps, histograms in the kernel, both softirq metrics, pending softirqs known.
    static void reset();
    static kernel& get();

    std::uint64_t now_ns = 1'000'000;
    std::uint32_t cpu = 0;                    // the one that programs run on
    std::function<void()> after_clock;        // once, just after the clock was read: an interrupt at that point
    std::function<void()> after_second_clock; // moves there when after_clock has run
    std::vector<std::uint64_t> unwound;       // return addresses, as the unwinder finds them
    std::array<unsigned long long, 256>
        stack{}; // what lies above the context of the program that runs; [0] is the context
    unsigned clock_reads = 0;
    unsigned unwindings = 0;
    bool ring_full = false;
    std::vector<std::vector<std::byte>> sent; // into the ring of the CPU

    wire_cpu_state& state(std::uint32_t of_cpu = 0);
    wire_histogram& histogram(std::uint32_t index, std::uint32_t of_cpu = 0);
    wire_irq_slot& slot(std::uint32_t number, std::uint32_t of_cpu = 0);
    [[nodiscard]] std::uint64_t lost(wire_lost kind) { return state(cpu).lost[kind]; }

    // Pending softirqs as __raise_softirq_irqoff() sets and handle_softirqs() clears them.
    static void set_pending(std::uint32_t vector) { *fake_pending_word() |= 1U << vector; }
    static void clear_pending() { *fake_pending_word() = 0; }

    // __raise_softirq_irqoff(): first the tracepoint, then the bit.
    void raise(std::uint32_t vector);
    void enter(std::uint32_t vector);
    void leave(std::uint32_t vector);
    void begin_handler(std::uint32_t irq, void* action);
    void end_handler(std::uint32_t irq, void* action);
    void begin(int (*sysvec)(void*)) { sysvec(stack.data()); }
    void end(int (*sysvec)(void*)) { sysvec(stack.data()); }
    void pass(std::uint64_t ns) { now_ns += ns; }
};

class bpf_test : public testing::Test {
protected:
    void SetUp() override { kernel::reset(); }
    [[nodiscard]] static kernel& on() { return kernel::get(); }
};

} // namespace irqscope::fake

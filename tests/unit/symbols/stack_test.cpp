// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/stack.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

namespace irqscope::symbols {

namespace {

using names = std::vector<std::string>;

constexpr std::uint64_t unknown = 0xffffffffdead0000;

// A kernel of just the functions of one stack, 256 bytes each, and return addresses 0x12 into them.
class made_stack {
public:
    explicit made_stack(const names& functions) {
        std::string text;
        for (const std::string& one : functions) {
            if (one == "?") {
                addresses_.push_back(unknown);
                continue;
            }
            if (!starts_.contains(one)) {
                const std::uint64_t start = 0xffffffff81000000 + starts_.size() * 256;
                starts_[one] = start;
                const std::size_t space = one.find(' ');
                text += fmt::format("{:x} t {}{}\n", start, one.substr(0, space),
                                    space == std::string::npos ? "" : "\t" + one.substr(space + 1));
            }
            addresses_.push_back(starts_.at(one) + 0x12);
        }
        table_ = symbol_table(text);
    }

    [[nodiscard]] names frames(strip how) const { return frames_of(addresses_, table_, how); }
    std::vector<std::uint64_t>& addresses() { return addresses_; }
    [[nodiscard]] std::uint64_t start(const std::string& of) const { return starts_.at(of); }

private:
    std::map<std::string, std::uint64_t> starts_;
    std::vector<std::uint64_t> addresses_;
    symbol_table table_;
};

names stripped(const names& functions, strip how) { return made_stack(functions).frames(how); }

const names probe{"bpf_prog_6deef7357e7b4530_on_beat [bpf]", "bpf_trace_run2", "__bpf_trace_hrtimer_class",
                  "__traceiter_hrtimer_expire_entry"};

names after(const names& first, const names& then) {
    names all = first;
    all.insert(all.end(), then.begin(), then.end());
    return all;
}

} // namespace

TEST(stack, interrupt_is_stripped_to_what_it_interrupted) {
    EXPECT_EQ(stripped(after(probe, {"__hrtimer_run_queues", "hrtimer_interrupt", "__sysvec_apic_timer_interrupt",
                                     "sysvec_apic_timer_interrupt", "asm_sysvec_apic_timer_interrupt",
                                     "_raw_spin_unlock_irqrestore", "anon_pipe_write", "vfs_write"}),
                       strip::interrupt),
              (names{"_raw_spin_unlock_irqrestore+0x12", "anon_pipe_write+0x12", "vfs_write+0x12"}));
}

TEST(stack, only_the_innermost_interrupt_goes) {
    EXPECT_EQ(stripped(after(probe, {"hrtimer_interrupt", "asm_sysvec_apic_timer_interrupt", "net_rx_action",
                                     "handle_softirqs", "irq_exit_rcu", "common_interrupt", "asm_common_interrupt",
                                     "pv_native_safe_halt", "do_idle"}),
                       strip::interrupt),
              (names{"net_rx_action+0x12", "handle_softirqs+0x12", "irq_exit_rcu+0x12", "common_interrupt+0x12",
                     "asm_common_interrupt+0x12", "pv_native_safe_halt+0x12", "do_idle+0x12"}));
}

TEST(stack, fault_that_was_interrupted_in_its_entry_stays) {
    EXPECT_EQ(stripped({"hrtimer_interrupt", "asm_sysvec_apic_timer_interrupt", "asm_exc_page_fault", "copy_to_user"},
                       strip::interrupt),
              (names{"asm_exc_page_fault+0x12", "copy_to_user+0x12"}));
}

TEST(stack, entries_of_other_kernels_and_machines) {
    const std::vector<names> entries{
        {"do_IRQ", "common_interrupt"},                       // x86 before 5.8
        {"do_IRQ", "ret_from_intr"},                          //
        {"smp_apic_timer_interrupt", "apic_timer_interrupt"}, //
        {"__common_interrupt", "common_interrupt", "asm_common_interrupt"},
        {"xen_evtchn_do_upcall", "asm_exc_xen_hypervisor_callback"},
        {"fred_sysvec_apic_timer_interrupt", "fred_extint", "asm_fred_entrypoint_kernel"},
        {"gic_handle_irq", "el1_irq"}, // arm64 before 5.14
        {"gic_handle_irq", "do_interrupt_handler", "el1_interrupt", "el1h_64_irq_handler", "el1h_64_irq"},
        {"gic_handle_irq", "el1_interrupt", "el1h_64_irq"},
    };
    for (const names& entry : entries)
        EXPECT_EQ(stripped(after(after(probe, entry), {"schedule", "kthread"}), strip::interrupt),
                  (names{"schedule+0x12", "kthread+0x12"}))
            << entry.back();
}

TEST(stack, interrupt_of_user_space_leaves_nothing) {
    EXPECT_EQ(stripped(after(probe, {"hrtimer_interrupt", "asm_sysvec_apic_timer_interrupt"}), strip::interrupt),
              names{});
    EXPECT_EQ(stripped(after(probe, {"el0_interrupt", "el0t_64_irq_handler", "el0t_64_irq"}), strip::interrupt),
              names{});
    EXPECT_EQ(stripped({"common_interrupt"}, strip::interrupt), names{});
}

TEST(stack, what_was_interrupted_is_an_instruction_and_no_return_address) {
    made_stack made({"asm_sysvec_apic_timer_interrupt", "caller", "interrupted", "after"});
    made.addresses() = {made.start("asm_sysvec_apic_timer_interrupt") + 0x1a, made.start("interrupted"),
                        made.start("after")};
    EXPECT_EQ(made.frames(strip::interrupt), (names{"interrupted+0x0", "interrupted+0x100"}));
    made.addresses().erase(made.addresses().begin());
    EXPECT_EQ(made.frames(strip::tracepoint), (names{"caller+0x100", "interrupted+0x100"}));
}

TEST(stack, without_an_entry_only_the_probe_goes) {
    EXPECT_EQ(stripped(after(probe, {"handle_softirqs", "run_ksoftirqd"}), strip::interrupt),
              (names{"handle_softirqs+0x12", "run_ksoftirqd+0x12"}));
    EXPECT_EQ(stripped(probe, strip::interrupt), names{});
    EXPECT_EQ(stripped({}, strip::interrupt), names{});
}

TEST(stack, tracepoint_loses_the_probe_and_the_softirq_loop) {
    for (const char* loop : {"handle_softirqs", "__do_softirq", "__softirqentry_text_start", "handle_softirqs.isra.0"})
        EXPECT_EQ(stripped(after(probe, {loop, "do_softirq", "__local_bh_enable_ip", "__dev_queue_xmit [m]"}),
                           strip::tracepoint),
                  (names{"do_softirq+0x12", "__local_bh_enable_ip+0x12", "__dev_queue_xmit+0x12 [m]"}))
            << loop;
    EXPECT_EQ(stripped({"handle_softirqs", "__do_softirq", "irq_exit_rcu"}, strip::tracepoint),
              names{"irq_exit_rcu+0x12"});
}

TEST(stack, tracepoint_keeps_the_interrupt_that_it_is_in) {
    EXPECT_EQ(
        stripped(after(probe, {"__handle_irq_event_percpu", "common_interrupt", "asm_common_interrupt", "do_idle"}),
                 strip::tracepoint),
        (names{"__handle_irq_event_percpu+0x12", "common_interrupt+0x12", "asm_common_interrupt+0x12",
               "do_idle+0x12"}));
}

TEST(stack, helper_and_interpreter_are_the_probes) {
    EXPECT_EQ(stripped({"bpf_get_stack_raw_tp", "___bpf_prog_run", "__bpf_prog_run512", "bpf_trace_run3",
                        "__traceiter_softirq_exit", "handle_softirqs", "run_ksoftirqd"},
                       strip::tracepoint),
              names{"run_ksoftirqd+0x12"});
}

TEST(stack, probe_further_out_stays) {
    EXPECT_EQ(stripped({"vfs_write", "bpf_trace_run2", "handle_softirqs"}, strip::tracepoint),
              (names{"vfs_write+0x12", "bpf_trace_run2+0x12", "handle_softirqs+0x12"}));
}

TEST(stack, program_without_a_name_is_the_probes_if_what_calls_programs_follows) {
    EXPECT_EQ(stripped({"?", "bpf_trace_run2", "__traceiter_softirq_exit", "run_ksoftirqd"}, strip::tracepoint),
              names{"run_ksoftirqd+0x12"});
    EXPECT_EQ(stripped({"?", "run_ksoftirqd"}, strip::tracepoint), (names{"0xffffffffdead0000", "run_ksoftirqd+0x12"}));
}

namespace {

// Knows better when it is asked, and notes what for.
class improving final : public source {
public:
    improving(std::string_view before, std::string_view after) : table_(before), after_(after) {}

    [[nodiscard]] const symbol_table& table() const override { return table_; }
    const symbol_table& table_for(std::span<const std::uint64_t> addresses, std::uint64_t seen_ns) override {
        asked_.assign(addresses.begin(), addresses.end());
        asked_seen_ns_ = seen_ns;
        table_ = after_;
        return table_;
    }

    [[nodiscard]] const std::vector<std::uint64_t>& asked() const { return asked_; }
    [[nodiscard]] std::uint64_t asked_seen_ns() const { return asked_seen_ns_; }

private:
    symbol_table table_;
    symbol_table after_;
    std::vector<std::uint64_t> asked_;
    std::uint64_t asked_seen_ns_ = 0;
};

} // namespace

TEST(stack, better_names_are_asked_for_what_is_left) {
    const std::string before = "ffffffff81000000 T vfs_write\n"
                               "ffffffffc0000000 t bpf_prog_1_mine\t[bpf]\n";
    improving symbols(before, before + "ffffffffc0000100 t bpf_prog_2_theirs\t[bpf]\n");
    const std::vector<std::uint64_t> addresses{0xffffffffc0000010, 0xffffffff81000010, 0xffffffffc0000110, 0,
                                               0xffffffffc0000020};
    EXPECT_EQ(frames_of(addresses, 77, symbols, strip::tracepoint),
              (names{"vfs_write+0x10", "bpf_prog_2_theirs+0x10 [bpf]"}));
    EXPECT_EQ(symbols.asked(), (std::vector<std::uint64_t>{0xffffffff81000010, 0xffffffffc0000110}))
        << "not for the probe's own";
    EXPECT_EQ(symbols.asked_seen_ns(), 77U);
}

TEST(stack, better_names_tell_what_is_the_probes) {
    const std::string before = "ffffffff81000000 T vfs_write\n";
    improving symbols(before, before + "ffffffffc0000000 t bpf_prog_1_new\t[bpf]\n");
    const std::vector<std::uint64_t> addresses{0xffffffffc0000010, 0xffffffff81000010};
    EXPECT_EQ(frames_of(addresses, 0, symbols, strip::tracepoint), names{"vfs_write+0x10"});
}

TEST(stack, zero_ends_the_addresses) {
    made_stack made({"vfs_write", "ksys_write", "do_syscall_64"});
    made.addresses().at(1) = 0;
    EXPECT_EQ(made.frames(strip::tracepoint), names{"vfs_write+0x12"});
    made.addresses().at(0) = 0;
    EXPECT_EQ(made.frames(strip::interrupt), names{});
}

TEST(stack, without_symbols_addresses_are_all_there_is) {
    const std::vector<std::uint64_t> addresses{0xffffffff81000012, 0xffffffff81000112};
    for (const strip how : {strip::interrupt, strip::tracepoint})
        EXPECT_EQ(frames_of(addresses, symbol_table(), how), (names{"0xffffffff81000012", "0xffffffff81000112"}));
}

} // namespace irqscope::symbols

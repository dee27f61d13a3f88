// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/stack.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace irqscope::symbols {

namespace {

using frames = std::vector<std::optional<place>>;

// Without what compilers add: handle_softirqs.llvm.1234, __do_softirq.constprop.0
std::string_view base_of(std::string_view function) { return function.substr(0, function.find('.')); }

template <std::size_t n>
bool is_one_of(std::string_view name, const std::array<std::string_view, n>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

template <std::size_t n>
bool begins_with_one_of(std::string_view name, const std::array<std::string_view, n>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [name](std::string_view one) { return name.starts_with(one); });
}

// ___bpf_prog_run and its like: the interpreter, where there is no JIT
bool is_probe(const place& at) {
    constexpr std::array<std::string_view, 8> prefixes{"bpf_prog_",       "bpf_trace_run",   "__bpf_trace_",
                                                       "bpf_get_stack",   "__bpf_get_stack", "__traceiter_",
                                                       "___bpf_prog_run", "__bpf_prog_run"};
    return at.module == "bpf" || begins_with_one_of(at.function, prefixes);
}

// The function around the softirq tracepoints: handle_softirqs since 6.10, __do_softirq before. The mark of its section
// stands for it in tables that prefer marks.
bool is_softirq_loop(const place& at) {
    constexpr std::array<std::string_view, 3> names{"handle_softirqs", "__do_softirq", "__softirqentry_text_start"};
    return is_one_of(base_of(at.function), names);
}

// Entry stubs: the frame next to the interrupted one. x86: arch/x86/include/asm/idtentry.h since 5.8,
// arch/x86/entry/entry_64.S before; FRED: 6.9. arm64: arch/arm64/kernel/entry.S (el1_irq and el0_irq until 5.13).
bool is_entry_stub(std::string_view name) {
    constexpr std::array<std::string_view, 13> names{"asm_common_interrupt",
                                                     "asm_fred_entrypoint_kernel",
                                                     "asm_fred_entrypoint_user",
                                                     "apic_timer_interrupt",
                                                     "ret_from_intr",
                                                     "xen_hvm_callback_vector",
                                                     "hyperv_callback_vector",
                                                     "hv_stimer0_callback_vector",
                                                     "el1h_64_irq",
                                                     "el1_irq",
                                                     "el0t_64_irq",
                                                     "el0t_32_irq",
                                                     "el0_irq"};
    constexpr std::array<std::string_view, 2> prefixes{"asm_sysvec_", "asm_exc_"};
    return is_one_of(name, names) || begins_with_one_of(name, prefixes);
}

// Part of an entry, which a stub may follow; common_interrupt was a stub itself before 5.8.
bool is_entry(std::string_view name) {
    constexpr std::array<std::string_view, 6> names{"common_interrupt",    "el1_interrupt",
                                                    "el0_interrupt",       "el1h_64_irq_handler",
                                                    "el0t_64_irq_handler", "el0t_32_irq_handler"};
    return is_one_of(name, names) || is_entry_stub(name);
}

// How many frames the innermost interrupt has, its entry included; 0: no entry is there.
std::size_t interrupt_depth(const frames& from) {
    const auto named = [&from](std::size_t i, auto is) { return from[i] && is(base_of(from[i]->function)); };
    std::size_t at = 0;
    while (at < from.size() && !named(at, is_entry)) at++;
    if (at == from.size()) return 0;
    // What follows a stub was interrupted, even if it is an entry by its name (of a fault, say).
    while (!named(at, is_entry_stub) && at + 1 < from.size() && named(at + 1, is_entry)) at++;
    return at + 1;
}

// How many leading frames are the probe's. A program that was loaded after the symbols were read has no name: unnamed
// frames count when a frame of the probe's follows.
std::size_t probe_depth(const frames& from, strip how) {
    std::size_t depth = 0;
    for (std::size_t at = 0; at < from.size(); at++) {
        if (!from[at]) continue;
        if (!is_probe(*from[at]) && (how != strip::tracepoint || !is_softirq_loop(*from[at]))) break;
        depth = at + 1;
    }
    return depth;
}

struct stripped {
    std::span<const std::uint64_t> left;
    bool interrupted = false; // the first of them is an instruction, and no return address
};

stripped strip_off(std::span<const std::uint64_t> addresses, const symbol_table& symbols, strip how) {
    addresses = addresses.first(
        static_cast<std::size_t>(std::find(addresses.begin(), addresses.end(), 0U) - addresses.begin()));
    frames places;
    places.reserve(addresses.size());
    for (const std::uint64_t address : addresses) places.push_back(symbols.find_caller(address));
    const std::size_t interrupt = how == strip::interrupt ? interrupt_depth(places) : 0;
    return {addresses.subspan(interrupt != 0 ? interrupt : probe_depth(places, how)), interrupt != 0};
}

} // namespace

std::vector<std::string> frames_of(std::span<const std::uint64_t> addresses, const symbol_table& symbols, strip how) {
    const auto [left, interrupted] = strip_off(addresses, symbols, how);
    std::vector<std::string> out;
    out.reserve(left.size());
    for (const std::uint64_t address : left)
        out.push_back(interrupted && out.empty() ? symbols.name_at(address) : symbols.name_of(address));
    return out;
}

std::vector<std::string> frames_of(std::span<const std::uint64_t> addresses, std::uint64_t seen_ns, source& symbols,
                                   strip how) {
    return frames_of(addresses, symbols.table_for(strip_off(addresses, symbols.table(), how).left, seen_ns), how);
}

} // namespace irqscope::symbols

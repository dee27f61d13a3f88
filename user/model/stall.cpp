// SPDX-License-Identifier: BSD-2-Clause
#include "model/stall.hpp"

#include <cstddef>

namespace irqscope::model {

namespace {

// Stacks that differ only farther out are one culprit: the innermost functions tell who held.
constexpr std::size_t named_frames = 8;

// "function+0x12 [module]" -> "function [module]": one function is one culprit, wherever in it the stack was taken.
std::string without_offset(const std::string& frame) {
    const std::size_t plus = frame.find("+0x");
    if (plus == std::string::npos) return frame;
    const std::size_t behind = frame.find(' ', plus);
    return frame.substr(0, plus) + (behind == std::string::npos ? std::string() : frame.substr(behind));
}

std::string functions_of(const std::vector<std::string>& stack) {
    std::string names;
    for (std::size_t i = 0; i < stack.size() && i < named_frames; i++) {
        if (i != 0) names += " <- ";
        names += without_offset(stack[i]);
    }
    return names;
}

} // namespace

std::string_view name_of(stall_kind which) {
    switch (which) {
    case stall_kind::irq_off: return "irq_off";
    case stall_kind::softirq_off: return "softirq_off";
    case stall_kind::softirq_latency: return "softirq_latency";
    case stall_kind::softirq_run: return "softirq_run";
    case stall_kind::hardirq_run: return "hardirq_run";
    case stall_kind::ksoftirqd: return "ksoftirqd";
    case stall_kind::lockup: return "lockup";
    }
    return "?";
}

std::optional<stall_kind> stall_kind_named(std::string_view name) {
    for (const stall_kind which : all_stall_kinds)
        if (name_of(which) == name) return which;
    return std::nullopt;
}

std::string_view name_of(stall_state which) {
    switch (which) {
    case stall_state::open: return "open";
    case stall_state::ended: return "ended";
    }
    return "?";
}

std::string_view name_of(stack_kind which) {
    switch (which) {
    case stack_kind::none: return "none";
    case stack_kind::post_hoc: return "post-hoc";
    case stack_kind::ongoing: return "ongoing";
    case stack_kind::interrupted: return "interrupted";
    }
    return "?";
}

bool is_same_series(const stall& a, const stall& b) { return a.kind == b.kind && a.of == b.of; }

bool is_same(const stall& a, const stall& b) {
    return a.cpu == b.cpu && a.start_ns == b.start_ns && is_same_series(a, b);
}

std::string culprit_of(const stall& one) {
    if (one.activation && one.where) return thief_of(*one.activation, *one.where);
    const bool is_run = one.kind == stall_kind::softirq_run || one.kind == stall_kind::hardirq_run;
    if (is_run && one.of) return short_name_of(*one.of);
    if (one.culprit) {
        std::string name = short_name_of(*one.culprit);
        const bool is_interrupt = one.culprit->what == metric::sysvec_run || one.culprit->what == metric::hardirq_run;
        if (is_interrupt && !one.timer_function.empty()) name += " (" + one.timer_function + ')';
        return name;
    }
    if (!one.stack.empty()) return functions_of(one.stack);
    return one.current.pid == 0 ? "idle" : one.current.comm + ' ' + std::to_string(one.current.pid);
}

} // namespace irqscope::model

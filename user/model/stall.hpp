// SPDX-License-Identifier: BSD-2-Clause
// One stall: an off-time, a latency or a run above its threshold, with what is known of its cause.
#pragma once

#include "model/activation.hpp"
#include "model/around.hpp"
#include "model/breakdown.hpp"
#include "model/lockup.hpp"
#include "model/series.hpp"
#include "model/task.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::model {

enum class stall_kind { irq_off, softirq_off, softirq_latency, softirq_run, hardirq_run, ksoftirqd, lockup };

inline constexpr std::array all_stall_kinds{
    stall_kind::irq_off,     stall_kind::softirq_off, stall_kind::softirq_latency, stall_kind::softirq_run,
    stall_kind::hardirq_run, stall_kind::ksoftirqd,   stall_kind::lockup};

std::string_view name_of(stall_kind which);
std::optional<stall_kind> stall_kind_named(std::string_view name);

// open: found too old by a beat, and going on. ended: over, with its final duration.
enum class stall_state { open, ended };

// post_hoc: taken when the hold ended, of the context that held. ongoing: taken while it went on, of who ran then.
// interrupted: of the context that the culprit (a handler, a timer interrupt) interrupted: the victim's.
enum class stack_kind { none, post_hoc, ongoing, interrupted };

std::string_view name_of(stall_state which);
std::string_view name_of(stack_kind which); // "none", "post-hoc", "ongoing", "interrupted"

struct stall {
    stall_kind kind = stall_kind::irq_off;
    stall_state state = stall_state::ended;
    int cpu = 0;
    std::uint64_t start_ns = 0; // CLOCK_MONOTONIC: since when at the latest (irq_off: when the beat was due)
    std::uint64_t end_ns = 0;   // when it ended; of an open one, when it was looked at
    // The true length lies in [at_least_ns, less_than_ns); without less_than_ns it is at_least_ns exactly, or the stall
    // is open and has no end yet.
    std::uint64_t at_least_ns = 0;
    std::optional<std::uint64_t> less_than_ns;
    // softirq_latency: the vector. softirq_run: vector and context. hardirq_run: the handler. ksoftirqd: the thread.
    // irq_off, softirq_off: nothing.
    std::optional<series_id> of;
    // irq_off: the interrupt (handler or sysvec) that filled most of it, or the softirq in whose run it was. Nothing: a
    // task did, and the stack tells where.
    std::optional<series_id> culprit;
    std::uint64_t culprit_ns = 0; // of [start_ns, end_ns), what the culprit took: its run may have begun before
    // When the culprit is the local timer's interrupt: the hrtimer function that took longest in it.
    std::string timer_function;
    task current; // who ran when the stack was taken
    stack_kind stack_is = stack_kind::none;
    std::vector<std::string> stack;        // innermost first, "function+0x12" or "function+0x12 [module]"
    std::optional<std::uint64_t> steal_ns; // time that the hypervisor took from the CPU around it; nothing: not known
    std::uint64_t away_ns = 0; // of it, while the CPU itself was away and nobody counted it: as far as that was found
    std::optional<breakdown> where;              // its time went, over its own window; nothing: not known
    std::optional<model::around> around;         // its spans, and those before and after it; nothing: nobody asked
    std::optional<model::activation> activation; // ksoftirqd's
    std::optional<lockup_count> lockup;          // a lockup's
    std::uint64_t incident = 0;                  // from 1 on; 0: not assigned
};

// Whether the two are of one series: the same kind, and of the same. One series of a CPU has one stall at a time.
bool is_same_series(const stall& a, const stall& b);
// Whether the two are one stall, as it was told while open and at its end.
bool is_same(const stall& a, const stall& b);

// Who held: the culprit's name ("hardirq 36 virtio1-req.0", "sysvec local_timer", "softirq NET_RX"), else the stack's
// functions without offsets joined with " <- ", else the task ("comm pid").
std::string culprit_of(const stall& one);

} // namespace irqscope::model

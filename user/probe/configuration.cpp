// SPDX-License-Identifier: BSD-2-Clause
#include "probe/configuration.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace irqscope::probe {

namespace {

using model::metric;

constexpr std::array stall_kinds{std::pair{WIRE_STALL_IRQ_OFF, model::stall_kind::irq_off},
                                 std::pair{WIRE_STALL_SOFTIRQ_OFF, model::stall_kind::softirq_off},
                                 std::pair{WIRE_STALL_SOFTIRQ_LATENCY, model::stall_kind::softirq_latency},
                                 std::pair{WIRE_STALL_SOFTIRQ_RUN, model::stall_kind::softirq_run},
                                 std::pair{WIRE_STALL_HARDIRQ_RUN, model::stall_kind::hardirq_run},
                                 std::pair{WIRE_STALL_KSOFTIRQD, model::stall_kind::ksoftirqd},
                                 std::pair{WIRE_STALL_LOCKUP, model::stall_kind::lockup}};
static_assert(stall_kinds.size() == WIRE_STALL_KINDS);

constexpr std::uint64_t timer_cpu_pin = 2; // BPF_F_TIMER_CPU_PIN, include/uapi/linux/bpf.h (6.7)

} // namespace

void configure(wire_config& to, const kernel& on, const session_options& options, const configured& with) {
    to.histograms = options.kernel_histograms ? 1 : 0;
    to.stream = options.stream ? 1 : 0;
    to.pauses = on.preempt_rt() ? 1 : 0;
    to.latency = options.metrics.contains(metric::softirq_latency) ? 1 : 0;
    to.run = options.wants_softirq_runs() ? 1 : 0;
    to.flight = with.flight_spans;
    to.wake_bytes = options.ring_bytes / 4;
    to.off = options.metrics.contains(metric::softirq_off) ? 1 : 0;
    to.soft_beat = with.soft_beats ? 1 : 0;
    to.soft_beat_flags = on.has_pinned_timers() ? timer_cpu_pin : 0;
    to.beat_ns = options.beat_ns;
    to.beat_function = on.beat_function();
    to.beat_mark = with.run_mark;
    to.stall_rate = options.stalls.empty() ? 0 : options.stall_rate;
    for (const auto& [wire, kind] : stall_kinds) {
        const auto threshold = options.stalls.find(kind);
        to.stall_ns[wire] = threshold == options.stalls.end() ? ~0ULL : threshold->second; // NOLINT(*-array-index)
    }
    if (const auto offset = on.pending_from_rq()) {
        to.pending = 1;
        to.pending_from_rq = *offset;
    }
    if (const auto offset = on.preempt_from_rq()) {
        to.serving = 1;
        to.preempt_from_rq = *offset;
    }
    if (const auto& loop = on.softirq_loop()) {
        to.softirq_loop = loop->start;
        to.softirq_loop_size = loop->size;
    }
    to.mark_perf = options.mark_perf ? 1 : 0;
    to.mark_printk = options.mark_printk ? 1 : 0;
    to.totals = options.wants_split() ? 1 : 0;
    to.activations = options.stalls.contains(model::stall_kind::ksoftirqd) ? 1 : 0;
    to.ksoftirqd_latency = options.metrics.contains(metric::ksoftirqd_latency) ? 1 : 0;
    to.ksoftirqd_run = options.metrics.contains(metric::ksoftirqd_run) ? 1 : 0;
    if (const auto offset = on.softnet_from_rq()) {
        to.softnet = 1;
        to.softnet_from_rq = *offset;
    }
    if (const auto offset = on.touched_from_rq(); offset && !options.lockup_scaled) {
        to.touched = 1;
        to.touched_from_rq = *offset;
    }
    if (const auto offset = on.ksoftirqd_from_rq()) {
        to.ksoftirqd = 1;
        to.ksoftirqd_from_rq = *offset;
    }
    if (const auto offset = on.ktimers_from_rq()) {
        to.ktimers = 1;
        to.ktimers_from_rq = *offset;
    }
    if (const auto offset = on.regs_from_rq()) {
        to.regs = 1;
        to.regs_from_rq = *offset;
    }
    const auto& callers = on.softirq_callers();
    std::copy_n(callers.begin(), std::min<std::size_t>(callers.size(), WIRE_CALLERS), std::begin(to.callers));
}

} // namespace irqscope::probe

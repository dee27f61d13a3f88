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

void configure(wire_config& config, const kernel& on, const session_options& options, const configured& with) {
    config.histograms = options.kernel_histograms ? 1 : 0;
    config.stream = options.stream ? 1 : 0;
    config.pauses = on.preempt_rt() ? 1 : 0;
    config.latency = options.metrics.contains(metric::softirq_latency) ? 1 : 0;
    config.run = options.wants_softirq_runs() ? 1 : 0;
    config.flight = with.flight_spans;
    config.wake_bytes = options.ring_bytes / 4;
    config.off = options.metrics.contains(metric::softirq_off) ? 1 : 0;
    config.soft_beat = with.soft_beats ? 1 : 0;
    config.soft_beat_flags = on.has_pinned_timers() ? timer_cpu_pin : 0;
    config.beat_ns = options.beat_ns;
    config.beat_function = on.beat_function();
    config.beat_mark = with.run_mark;
    config.stall_rate = options.stalls.empty() ? 0 : options.stall_rate;
    for (const auto& [wire, kind] : stall_kinds) {
        const auto threshold = options.stalls.find(kind);
        config.stall_ns[wire] = threshold == options.stalls.end() ? ~0ULL : threshold->second; // NOLINT(*-array-index)
    }
    if (const auto offset = on.pending_from_rq()) {
        config.pending = 1;
        config.pending_from_rq = *offset;
    }
    if (const auto offset = on.preempt_from_rq()) {
        config.serving = 1;
        config.preempt_from_rq = *offset;
    }
    if (const auto& loop = on.softirq_loop()) {
        config.softirq_loop = loop->start;
        config.softirq_loop_size = loop->size;
    }
    config.mark_perf = options.mark_perf ? 1 : 0;
    config.mark_printk = options.mark_printk ? 1 : 0;
    config.totals = options.wants_split() ? 1 : 0;
    config.activations = options.stalls.contains(model::stall_kind::ksoftirqd) ? 1 : 0;
    config.ksoftirqd_latency = options.metrics.contains(metric::ksoftirqd_latency) ? 1 : 0;
    config.ksoftirqd_run = options.metrics.contains(metric::ksoftirqd_run) ? 1 : 0;
    if (const auto offset = on.softnet_from_rq()) {
        config.softnet = 1;
        config.softnet_from_rq = *offset;
    }
    if (const auto offset = on.touched_from_rq(); offset && !options.lockup_scaled) {
        config.touched = 1;
        config.touched_from_rq = *offset;
    }
    if (const auto offset = on.ksoftirqd_from_rq()) {
        config.ksoftirqd = 1;
        config.ksoftirqd_from_rq = *offset;
    }
    if (const auto offset = on.ktimers_from_rq()) {
        config.ktimers = 1;
        config.ktimers_from_rq = *offset;
    }
    if (const auto offset = on.regs_from_rq()) {
        config.regs = 1;
        config.regs_from_rq = *offset;
    }
    const auto& callers = on.softirq_callers();
    std::copy_n(callers.begin(), std::min<std::size_t>(callers.size(), WIRE_CALLERS), std::begin(config.callers));
}

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/wanted.hpp"

#include <algorithm>
#include <initializer_list>

namespace irqscope::probe {

namespace {

using model::metric;

// Whether the program sees what the split is summed up from.
bool charges_time(std::string_view tracepoint) {
    return !tracepoint.starts_with("hrtimer_") && tracepoint != "softirq_raise";
}

} // namespace

bool is_wanted(std::string_view tracepoint, const session_options& options, bool pauses) {
    const auto& metrics = options.metrics;
    const auto any = [&metrics](std::initializer_list<metric> of) {
        return std::any_of(of.begin(), of.end(), [&](metric one) { return metrics.contains(one); });
    };
    const bool activations = options.stalls.contains(model::stall_kind::ksoftirqd);
    const bool ksoftirqd = any({metric::ksoftirqd_latency, metric::ksoftirqd_run});
    if (tracepoint == "napi_poll" || tracepoint.starts_with("timer_")) return activations;
    if (tracepoint == "sched_waking") return ksoftirqd;
    const bool softirqs = any({metric::softirq_latency, metric::softirq_off, metric::softirq_run});
    if (tracepoint == "sched_switch") return options.wants_split() || ksoftirqd || (pauses && softirqs);
    if (tracepoint == "hrtimer_expire_exit") return !options.stalls.empty();
    if (options.wants_split() && charges_time(tracepoint)) return true;
    if (tracepoint == "softirq_raise") return any({metric::softirq_latency, metric::softirq_off});
    if (tracepoint.starts_with("softirq_")) return softirqs;
    if (tracepoint.starts_with("hrtimer_")) return any({metric::irq_off, metric::idle_exit, metric::softirq_off});
    if (tracepoint == "cpu_idle") return any({metric::irq_off, metric::idle_exit});
    if (tracepoint.starts_with("irq_handler_")) return metrics.contains(metric::hardirq_run);
    return metrics.contains(metric::sysvec_run);
}

bool is_optional(std::string_view tracepoint) {
    return !tracepoint.starts_with("softirq_") && !tracepoint.starts_with("irq_handler_") &&
           !tracepoint.starts_with("hrtimer_");
}

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
#include "model/series.hpp"

namespace irqscope::model {

std::string_view name_of(metric which) {
    switch (which) {
    case metric::softirq_latency: return "softirq_latency";
    case metric::softirq_run: return "softirq_run";
    case metric::hardirq_run: return "hardirq_run";
    case metric::sysvec_run: return "sysvec_run";
    case metric::irq_off: return "irq_off";
    case metric::idle_exit: return "idle_exit";
    case metric::softirq_off: return "softirq_off";
    case metric::ksoftirqd_latency: return "ksoftirqd_latency";
    case metric::ksoftirqd_run: return "ksoftirqd_run";
    }
    return "?";
}

std::optional<metric> metric_named(std::string_view name) {
    for (const metric which : all_metrics)
        if (name_of(which) == name) return which;
    return std::nullopt;
}

std::string short_name_of(const series_id& id) {
    switch (id.what) {
    case metric::hardirq_run: return "hardirq " + (id.irq ? std::to_string(*id.irq) + ' ' : std::string()) + id.key;
    case metric::sysvec_run: return "sysvec " + id.key;
    case metric::softirq_latency:
    case metric::softirq_run: return "softirq " + id.key;
    case metric::irq_off:
    case metric::idle_exit:
    case metric::softirq_off:
    case metric::ksoftirqd_latency:
    case metric::ksoftirqd_run: break;
    }
    return std::string(name_of(id.what));
}

} // namespace irqscope::model

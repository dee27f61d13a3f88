// SPDX-License-Identifier: BSD-2-Clause
// What is measured (metric) and of what (series), in the words of the documents, the output and the JSON.
#pragma once

#include "model/histogram.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace irqscope::model {

enum class metric {
    softirq_latency,
    softirq_run,
    hardirq_run,
    sysvec_run,
    irq_off,
    idle_exit,
    softirq_off,
    ksoftirqd_latency,
    ksoftirqd_run
};

// In the order in which they are shown.
inline constexpr std::array all_metrics{metric::irq_off,           metric::softirq_off,   metric::softirq_latency,
                                        metric::ksoftirqd_latency, metric::ksoftirqd_run, metric::softirq_run,
                                        metric::hardirq_run,       metric::sysvec_run,    metric::idle_exit};
// Those that are measured when none is asked for: ksoftirqd's need programs at each task switch and wake-up.
inline constexpr std::array default_metrics{metric::irq_off,     metric::softirq_off, metric::softirq_latency,
                                            metric::softirq_run, metric::hardirq_run, metric::sysvec_run,
                                            metric::idle_exit};

std::string_view name_of(metric which);
std::optional<metric> metric_named(std::string_view name);

// The names of /proc/softirqs, by vector number.
inline constexpr std::array<std::string_view, 10> vector_names{"HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
                                                               "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};

// One histogram's identity. `key` is a vector, a sysvec, an action's name or a thread ("ksoftirqd", "ktimers"); empty for
// the off-times and idle_exit, of which a CPU has one each.
struct series_id {
    metric what = metric::softirq_latency;
    std::string key;
    std::optional<std::uint32_t> irq;   // hardirq_run only; absent under the key `other`
    std::optional<std::string> context; // softirq_run only

    friend auto operator<=>(const series_id&, const series_id&) = default;
};

// Of an interrupt "hardirq 36 virtio1-req.0" or "sysvec local_timer", of a softirq "softirq NET_RX", else the metric's name.
std::string short_name_of(const series_id& id);

struct series {
    series_id id;
    int cpu = 0;
    histogram values;
    std::uint64_t dropped = 0; // samples of a stream that found the ring full
};

// A span that has begun and not ended.
struct open_span {
    series_id id; // of a raise that waits: softirq_latency
    int cpu = 0;
    std::uint64_t start_ns = 0; // CLOCK_MONOTONIC
    std::uint64_t age_ns = 0;
};

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/spans.hpp"

#include <cstring>
#include <utility>

namespace irqscope::stream {

bool decode(const void* data, std::size_t size, span_sink& sink) {
    wire_softirq_span record{};
    if (size < sizeof(record.span)) return false;
    std::memcpy(&record.span, data, sizeof(record.span));
    if (record.span.histogram >= WIRE_HISTS || record.span.cpu >= table::max_cpus) return false;
    switch (record.span.kind) {
    case WIRE_RECORD_INTERRUPT:
        if (record.span.histogram < WIRE_HIST_SYSVEC_RUN) return false;
        sink.on_interrupt(record.span);
        return true;
    case WIRE_RECORD_SOFTIRQ:
        if (size < sizeof(record) || record.span.histogram >= WIRE_HIST_SOFTIRQ_LATENCY) return false;
        std::memcpy(&record, data, sizeof(record));
        sink.on_softirq(record);
        return true;
    default: return false;
    }
}

void span_counter::on_interrupt(const wire_span& span) {
    counts_.at(static_cast<int>(span.cpu), span.histogram).values.count(span.duration_ns, span.nested_ns);
}

void span_counter::on_softirq(const wire_softirq_span& span) {
    const int cpu = static_cast<int>(span.span.cpu);
    if (run_) counts_.at(cpu, span.span.histogram).values.count(span.span.duration_ns, span.span.nested_ns);
    if (!latency_ || span.latency_ns == WIRE_NO_LATENCY) return;
    const std::uint32_t vector = (span.span.histogram - WIRE_HIST_SOFTIRQ_RUN) / WIRE_CONTEXTS;
    counts_.at(cpu, WIRE_HIST_SOFTIRQ_LATENCY + vector).values.count(span.latency_ns);
}

table span_counter::take() { return std::exchange(counts_, table{}); }

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/spans.hpp"

#include <cstring>
#include <utility>

namespace irqscope::stream {

namespace {

// Its parts add up to its window.
bool has_sound_breakdown(const wire_stall& stall) {
    if (stall.breakdown_start_ns == 0) return true;
    std::uint64_t left_ns = stall.breakdown_end_ns - stall.breakdown_start_ns;
    if (stall.breakdown_end_ns < stall.breakdown_start_ns) return false;
    for (const std::uint64_t ns : stall.breakdown_ns) {
        if (ns > left_ns) return false;
        left_ns -= ns;
    }
    return left_ns == 0;
}

bool is_sound(const wire_stall& stall) {
    return stall.what < WIRE_STALL_KINDS && stall.state <= WIRE_STALL_GONE && stall.cpu < table::max_cpus &&
           stall.histogram < WIRE_HISTS && (stall.culprit < WIRE_HISTS || stall.culprit == WIRE_NO_CULPRIT) &&
           stall.stack <= WIRE_STACK_INTERRUPTED && stall.depth <= WIRE_STALL_FRAMES &&
           stall.softirq < WIRE_HIST_SOFTIRQ_LATENCY && stall.task_class < WIRE_CLASSES &&
           (stall.what != WIRE_STALL_LOCKUP || stall.lockup_step <= WIRE_LOCKUP_STEPS);
}

// The stall is true without it.
void check_breakdown(wire_stall& stall, span_sink& sink) {
    if (has_sound_breakdown(stall)) return;
    stall.breakdown_start_ns = 0;
    sink.on_unsound_breakdown();
}

// The record, if the bytes are as many.
template <typename T>
bool read(const void* data, std::size_t size, T& record) {
    if (size < sizeof(record)) return false;
    std::memcpy(&record, data, sizeof(record));
    return true;
}

bool decode_stall(const void* data, std::size_t size, span_sink& sink) {
    wire_stall stall{};
    if (!read(data, size, stall) || !is_sound(stall)) return false;
    check_breakdown(stall, sink);
    sink.on_stall(stall);
    return true;
}

bool decode_activation(const void* data, std::size_t size, span_sink& sink) {
    wire_activation_record record{};
    if (!read(data, size, record) || !is_sound(record.stall) || record.stall.what != WIRE_STALL_KSOFTIRQD ||
        record.stall.histogram < WIRE_HIST_KSOFTIRQD_RUN || record.raised_vector >= WIRE_VECTORS)
        return false;
    check_breakdown(record.stall, sink);
    sink.on_activation(record);
    return true;
}

bool decode_settled(const void* data, std::size_t size, span_sink& sink) {
    wire_settled settled{};
    if (!read(data, size, settled) || settled.cpu >= table::max_cpus) return false;
    sink.on_settled(settled);
    return true;
}

bool decode_away(const void* data, std::size_t size, span_sink& sink) {
    wire_away away{};
    if (!read(data, size, away) || away.cpu >= table::max_cpus || away.end_ns < away.start_ns) return false;
    sink.on_away(away);
    return true;
}

} // namespace

bool decode(const void* data, std::size_t size, span_sink& sink) {
    std::uint16_t kind = 0;
    if (!read(data, size, kind)) return false;
    if (kind == WIRE_RECORD_STALL) return decode_stall(data, size, sink);
    if (kind == WIRE_RECORD_ACTIVATION) return decode_activation(data, size, sink);
    if (kind == WIRE_RECORD_SETTLED) return decode_settled(data, size, sink);
    if (kind == WIRE_RECORD_AWAY) return decode_away(data, size, sink);
    wire_softirq_span record{};
    if (size < sizeof(record.span)) return false;
    std::memcpy(&record.span, data, sizeof(record.span));
    if (record.span.histogram >= WIRE_HISTS || record.span.cpu >= table::max_cpus) return false;
    switch (record.span.kind) {
    case WIRE_RECORD_WAIT:
        if (record.span.histogram < WIRE_HIST_IRQ_OFF) return false;
        sink.on_wait(record.span);
        return true;
    case WIRE_RECORD_INTERRUPT:
        if (record.span.histogram < WIRE_HIST_SYSVEC_RUN || record.span.histogram >= WIRE_HIST_IRQ_OFF) return false;
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
    if (span.off_ns != WIRE_NO_LATENCY) counts_.at(cpu, WIRE_HIST_SOFTIRQ_OFF).values.count(span.off_ns);
    if (!latency_ || span.latency_ns == WIRE_NO_LATENCY) return;
    counts_.at(cpu, latency_of_run(span.span.histogram)).values.count(span.latency_ns);
}

void span_counter::on_wait(const wire_span& span) {
    counts_.at(static_cast<int>(span.cpu), span.histogram).values.count(span.duration_ns, span.nested_ns);
}

table span_counter::take() { return std::exchange(counts_, table{}); }

} // namespace irqscope::stream

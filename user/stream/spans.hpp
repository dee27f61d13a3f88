// SPDX-License-Identifier: BSD-2-Clause
// Typed events out of a stream, live from ring buffers or read from a recording: one interface for all that follows.
#pragma once

#include "stream/table.hpp"
#include "wire.h"

#include <cstddef>
#include <cstdint>

namespace irqscope::stream {

// The histogram of its vector's latency, of a softirq's run.
constexpr std::uint32_t latency_of_run(std::uint32_t histogram) {
    return WIRE_HIST_SOFTIRQ_LATENCY + (histogram - WIRE_HIST_SOFTIRQ_RUN) / WIRE_CONTEXTS;
}

class span_sink {
public:
    span_sink() = default;
    span_sink(const span_sink&) = delete;
    span_sink& operator=(const span_sink&) = delete;
    span_sink(span_sink&&) = delete;
    span_sink& operator=(span_sink&&) = delete;
    virtual ~span_sink() = default;

    virtual void on_interrupt(const wire_span& span) = 0;
    virtual void on_softirq(const wire_softirq_span& span) = 0;
    // A beat's lateness (irq_off, idle_exit) or an off-time of softirqs.
    virtual void on_wait(const wire_span& /*span*/) {}
    virtual void on_stall(const wire_stall& /*stall*/) {}
    virtual void on_settled(const wire_settled& /*settled*/) {}
    virtual void on_away(const wire_away& /*away*/) {}
    virtual void on_activation(const wire_activation_record& /*activation*/) {}
    // The parts of the next stall or activation did not add up to their window: it comes without (breakdown_start_ns is 0).
    virtual void on_unsound_breakdown() {}
};

// Hands one raw record to the sink. False, and nothing is handed on: it is of no known kind, too short, or names a
// histogram or a CPU that there cannot be.
bool decode(const void* data, std::size_t size, span_sink& sink);

// Counts streamed spans into the same table that the kernel's histograms fill.
class span_counter : public span_sink {
public:
    explicit span_counter(bool run, bool latency) : run_(run), latency_(latency) {}

    void on_interrupt(const wire_span& span) override;
    void on_softirq(const wire_softirq_span& span) override;
    void on_wait(const wire_span& span) override;

    // What was counted since the last call.
    table take();

private:
    table counts_;
    bool run_;
    bool latency_;
};

} // namespace irqscope::stream

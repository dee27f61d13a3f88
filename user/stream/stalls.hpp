// SPDX-License-Identifier: BSD-2-Clause
// Stalls as the kernel side tells them, with names for the numbers: from a record to the model's stall.
#pragma once

#include "model/stall.hpp"
#include "stream/catalog.hpp"
#include "stream/spans.hpp"
#include "stream/tally.hpp"
#include "symbols/source.hpp"
#include "wire.h"

#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace irqscope::stream {

model::stall_kind stall_kind_of(std::uint32_t wire_kind); // enum wire_stall_kind, below WIRE_STALL_KINDS

// In the ring's order: what settles a stall comes after it.
using stall_record =
    std::variant<wire_stall, wire_settled, wire_away, std::shared_ptr<const wire_activation_record>>; // never null

// Counts streamed spans, or hands them on; and keeps what is told of stalls until somebody takes it.
class record_intake final : public span_counter {
public:
    // spans: takes them, and nothing is counted; null: nobody does.
    record_intake(bool run, bool latency, span_sink* spans = nullptr) : span_counter(run, latency), spans_(spans) {}

    void on_interrupt(const wire_span& span) override {
        if (spans_ == nullptr) return span_counter::on_interrupt(span);
        handed_on_.count(span.cpu, span.histogram);
        spans_->on_interrupt(span);
    }
    void on_softirq(const wire_softirq_span& span) override {
        if (spans_ == nullptr) return span_counter::on_softirq(span);
        handed_on_.count(span.span.cpu, span.span.histogram);
        spans_->on_softirq(span);
    }
    void on_wait(const wire_span& span) override {
        if (spans_ == nullptr) return span_counter::on_wait(span);
        spans_->on_wait(span);
    }
    // Spans, without waits, that were handed on.
    tally& handed_on() { return handed_on_; }

    void on_stall(const wire_stall& stall) override { stalls_.emplace_back(stall); }
    void on_unsound_breakdown() override { unsound_breakdowns_++; }
    [[nodiscard]] std::uint64_t unsound_breakdowns() const { return unsound_breakdowns_; } // so far
    void on_settled(const wire_settled& settled) override { stalls_.emplace_back(settled); }
    void on_away(const wire_away& away) override { stalls_.emplace_back(away); }
    void on_activation(const wire_activation_record& activation) override {
        stalls_.emplace_back(std::make_shared<const wire_activation_record>(activation));
    }

    std::vector<stall_record> take_stalls() { return std::exchange(stalls_, {}); }

private:
    span_sink* spans_;
    tally handed_on_;
    std::vector<stall_record> stalls_;
    std::uint64_t unsound_breakdowns_ = 0;
};

// The kernel function that begins at the address, as the symbols of that time (CLOCK_MONOTONIC) have it.
std::string function_at(std::uint64_t address, std::uint64_t end_ns, symbols::source& symbols);

// decode() has found the record sound. A handler whose slot is not known (yet) is named "?".
model::stall make_stall(const wire_stall& from, const catalog& names, symbols::source& symbols);

} // namespace irqscope::stream

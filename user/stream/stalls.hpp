// SPDX-License-Identifier: BSD-2-Clause
// Stalls as the kernel side tells them, with names for the numbers: from a record to the model's stall.
#pragma once

#include "model/stall.hpp"
#include "stream/catalog.hpp"
#include "stream/spans.hpp"
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

// Counts streamed spans, and keeps what is told of stalls until somebody takes it.
class record_intake final : public span_counter {
public:
    using span_counter::span_counter;

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
    std::vector<stall_record> stalls_;
    std::uint64_t unsound_breakdowns_ = 0;
};

// The kernel function that begins at the address, as the symbols of that time (CLOCK_MONOTONIC) have it.
std::string function_at(std::uint64_t address, std::uint64_t end_ns, symbols::source& symbols);

// decode() has found the record sound. A handler whose slot is not known (yet) is named "?".
model::stall make_stall(const wire_stall& from, const catalog& names, symbols::source& symbols);

} // namespace irqscope::stream

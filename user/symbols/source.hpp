// SPDX-License-Identifier: BSD-2-Clause
// Where the names of a stack come from: a kernel that runs on, or what a recording has kept of one.
#pragma once

#include "symbols/symbol_table.hpp"

#include <cstdint>
#include <span>
#include <utility>

namespace irqscope::symbols {

class source {
public:
    source() = default;
    source(const source&) = default;
    source& operator=(const source&) = default;
    source(source&&) = default;
    source& operator=(source&&) = default;
    virtual ~source() = default;

    // What is known.
    [[nodiscard]] virtual const symbol_table& table() const = 0;
    // The same, after an attempt to know better if what stood at these addresses, at seen_ns (CLOCK_MONOTONIC), may have
    // come since. What an earlier call gave is gone then.
    virtual const symbol_table& table_for(std::span<const std::uint64_t> addresses, std::uint64_t seen_ns) = 0;
};

// Never knows better.
class fixed_symbols final : public source {
public:
    explicit fixed_symbols(symbol_table table) : table_(std::move(table)) {}

    [[nodiscard]] const symbol_table& table() const override { return table_; }
    const symbol_table& table_for(std::span<const std::uint64_t> /*addresses*/, std::uint64_t /*seen_ns*/) override {
        return table_;
    }

private:
    symbol_table table_;
};

} // namespace irqscope::symbols

// SPDX-License-Identifier: BSD-2-Clause
// Histograms by CPU and histogram number: where the kernel's counts and the streamed spans meet.
#pragma once

#include "model/series.hpp"
#include "stream/catalog.hpp"
#include "wire.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace irqscope::stream {

class table {
public:
    static constexpr int max_cpus = 1 << 16; // the kernel's largest NR_CPUS is 8192

    table() = default;
    table(const table&) = delete;
    table& operator=(const table&) = delete;
    table(table&&) = default;
    table& operator=(table&&) = default;
    ~table() = default;

    struct cell {
        model::histogram values;
        std::uint64_t dropped = 0;

        friend bool operator==(const cell&, const cell&) = default;
    };

    // Made on first use. 0 <= cpu < max_cpus, index < WIRE_HISTS.
    cell& at(int cpu, std::uint32_t index);
    [[nodiscard]] const cell* find(int cpu, std::uint32_t index) const;
    void merge(const table& other);

    // Every cell that counted or lost something, named; two slots of one name and IRQ on a CPU become one series.
    [[nodiscard]] std::vector<model::series> named(const catalog& names) const;

private:
    using row = std::vector<std::unique_ptr<cell>>; // by histogram number; empty until the CPU counts
    std::vector<row> rows_;                         // by CPU
};

} // namespace irqscope::stream

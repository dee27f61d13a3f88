// SPDX-License-Identifier: BSD-2-Clause
// How many spans of each kind went by, where somebody else has their lengths.
#pragma once

#include "model/series.hpp"
#include "stream/catalog.hpp"
#include "stream/table.hpp"
#include "wire.h"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace irqscope::stream {

class tally {
public:
    void count(std::uint32_t cpu, std::uint32_t histogram) {
        if (cpu >= rows_.size()) rows_.resize(cpu + 1);
        if (!rows_[cpu]) rows_[cpu] = std::make_unique<row>();
        (*rows_[cpu])[histogram]++; // NOLINT(*-constant-array-index): decode() has looked at it
    }

    // What was counted since the last call.
    std::vector<std::pair<model::series_id, std::uint64_t>> take(const catalog& names) {
        std::vector<std::pair<model::series_id, std::uint64_t>> taken;
        for (std::size_t cpu = 0; cpu < rows_.size(); cpu++) {
            if (!rows_[cpu]) continue;
            for (std::uint32_t histogram = 0; histogram < WIRE_HISTS; histogram++)
                if (const std::uint64_t count = std::exchange(rows_[cpu]->at(histogram), 0); count != 0)
                    taken.emplace_back(names.named(static_cast<int>(cpu), histogram), count);
        }
        return taken;
    }

private:
    using row = std::array<std::uint64_t, WIRE_HISTS>;
    std::vector<std::unique_ptr<row>> rows_; // by CPU
};

} // namespace irqscope::stream

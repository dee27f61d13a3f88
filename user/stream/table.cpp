// SPDX-License-Identifier: BSD-2-Clause
#include "stream/table.hpp"

#include <map>
#include <utility>

namespace irqscope::stream {

static_assert(model::histogram::linear_log2 == WIRE_LINEAR_LOG2);
static_assert(model::histogram::max_log2 == WIRE_MAX_LOG2);
static_assert(model::histogram::bucket_count == WIRE_BUCKETS);

table::cell& table::at(int cpu, std::uint32_t index) {
    const auto number = static_cast<std::size_t>(cpu);
    if (number >= rows_.size()) rows_.resize(number + 1);
    row& cells = rows_[number];
    if (cells.empty()) cells.resize(WIRE_HISTS);
    std::unique_ptr<cell>& found = cells.at(index);
    if (!found) found = std::make_unique<cell>();
    return *found;
}

const table::cell* table::find(int cpu, std::uint32_t index) const {
    const auto number = static_cast<std::size_t>(cpu);
    if (number >= rows_.size() || index >= rows_[number].size()) return nullptr;
    return rows_[number][index].get();
}

void table::merge(const table& other) {
    for (std::size_t cpu = 0; cpu < other.rows_.size(); cpu++)
        for (std::uint32_t index = 0; index < other.rows_[cpu].size(); index++) {
            const cell* from = other.rows_[cpu][index].get();
            if (from == nullptr) continue;
            cell& to = at(static_cast<int>(cpu), index);
            to.values.merge(from->values);
            to.dropped += from->dropped;
        }
}

std::vector<model::series> table::named(const catalog& names) const {
    std::vector<model::series> all;
    for (std::size_t number = 0; number < rows_.size(); number++) {
        const int cpu = static_cast<int>(number);
        std::map<model::series_id, cell> by_name;
        for (std::uint32_t index = 0; index < rows_[number].size(); index++) {
            const cell* from = rows_[number][index].get();
            if (from == nullptr || (from->values.empty() && from->dropped == 0)) continue;
            const auto id = names.series(cpu, index);
            if (!id) continue;
            cell& to = by_name[*id];
            to.values.merge(from->values);
            to.dropped += from->dropped;
        }
        for (const auto& [id, from] : by_name) all.push_back({id, cpu, from.values, from.dropped});
    }
    return all;
}

} // namespace irqscope::stream

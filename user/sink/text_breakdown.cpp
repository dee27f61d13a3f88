// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_breakdown.hpp"

#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::sink {

namespace {

constexpr std::uint64_t least_share = 200;       // of the whole, as its divisor: half a percent
constexpr std::uint64_t near_enough_ns = 50'000; // a window that differs by less is the stall's own

bool has_own_window(const model::stall& one) {
    const std::uint64_t start_ns = one.where->start_ns;
    const std::uint64_t apart_ns = std::max(start_ns, one.start_ns) - std::min(start_ns, one.start_ns);
    return apart_ns < near_enough_ns;
}

} // namespace

std::vector<std::string> breakdown_rows(const model::stall& one) {
    if (!one.where || one.where->length_ns() == 0) return {};
    const model::breakdown& where = *one.where;
    std::vector<model::part> parts(model::all_parts.begin(), model::all_parts.end());
    std::stable_sort(parts.begin(), parts.end(),
                     [&where](model::part a, model::part b) { return where.at(a) > where.at(b); });
    std::vector<std::string> rows;
    if (!has_own_window(one))
        rows.push_back(fmt::format("of the {} from {} before it on", format_ns(where.length_ns()),
                                   format_ns(one.start_ns - std::min(one.start_ns, where.start_ns))));
    for (const model::part which : parts) {
        const std::uint64_t ns = where.at(which);
        if (ns == 0 || (ns < where.length_ns() / least_share && which != model::part::unexplained)) continue;
        const double share = static_cast<double>(ns) / static_cast<double>(where.length_ns());
        rows.push_back(fmt::format("{:<11} {:>8} {:>4.0f} %", model::name_of(which), format_ns(ns), 100 * share));
    }
    return rows;
}

} // namespace irqscope::sink

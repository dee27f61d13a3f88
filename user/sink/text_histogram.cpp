// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_histogram.hpp"

#include "sink/units.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <vector>

namespace irqscope::sink {

namespace {

struct line {
    model::histogram::range range;
    std::uint64_t count;
};

std::vector<line> lines_of(const model::histogram& values, bool fine) {
    using model::histogram;
    std::vector<line> lines;
    int last_power = -1;
    for (std::size_t i = 0; i < histogram::bucket_count; i++) {
        const auto range = histogram::range_of(i);
        const int power = i == histogram::overflow_bucket ? static_cast<int>(histogram::max_log2) + 1
                                                          : static_cast<int>(std::bit_width(range.ge_ns));
        if (fine || power != last_power)
            lines.push_back({range, values.bucket(i)});
        else {
            lines.back().range.lt_ns = range.lt_ns;
            lines.back().count += values.bucket(i);
        }
        last_power = power;
    }
    return lines;
}

} // namespace

std::string histogram_lines(const model::histogram& values, bool fine) {
    constexpr std::size_t width = 40;
    const auto lines = lines_of(values, fine);
    const auto used = [](const line& one) { return one.count != 0; };
    const auto first = std::find_if(lines.begin(), lines.end(), used);
    const auto last = std::find_if(lines.rbegin(), lines.rend(), used).base();
    std::uint64_t most = 1;
    for (const line& one : lines) most = std::max(most, one.count);
    std::string text;
    for (auto at = first; at < last; ++at) {
        const auto stars = static_cast<std::size_t>(static_cast<double>(at->count) / static_cast<double>(most) *
                                                    static_cast<double>(width));
        const std::string end = at->range.lt_ns == UINT64_MAX ? "..." : format_ns(at->range.lt_ns);
        text += fmt::format("  {:>10} .. {:<9} {:>14}  |{:<{}}|\n", format_ns(at->range.ge_ns), end,
                            format_count(at->count), std::string(stars, '*'), width);
    }
    return text;
}

} // namespace irqscope::sink

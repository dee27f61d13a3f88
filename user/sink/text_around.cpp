// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_around.hpp"

#include "sink/page.hpp"
#include "sink/stall_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::sink {

namespace {

constexpr std::size_t comm_width = 16;
constexpr unsigned deepest = 6; // that is still indented further

// "+1.204 ms", "-312.000 ms": all with the same digits, to be read downwards.
std::string since(std::uint64_t ns, std::uint64_t start_ns) {
    const auto apart = static_cast<std::int64_t>(ns - start_ns);
    return fmt::format("{:+.3f} ms", static_cast<double>(apart) / 1e6);
}

std::string what_of(const model::around_span& from) {
    if (from.of) return words_of(*from.of);
    if (from.span.kind == model::flight_kind::idle) return "idle";
    std::string words = fmt::format("{} {}", printable(model::comm_of(from.span), comm_width), from.span.number);
    const model::scheduling how{from.span.prio, from.span.policy};
    if (!model::nice_of(how)) words += ' ' + words_of(how);
    return words;
}

std::string row_of(const model::around_span& from, std::uint64_t start_ns) {
    return fmt::format("{:>14} {:>8}{}  {}{}", from.span.start_ns == 0 ? "before" : since(from.span.start_ns, start_ns),
                       from.span.start_ns == 0 ? "" : format_ns(from.span.end_ns - from.span.start_ns),
                       from.span.open ? '+' : ' ', std::string(2UL * std::min(from.depth, deepest), ' '),
                       what_of(from));
}

std::string row_of(const model::flight_lost& from, std::uint64_t start_ns, std::uint64_t end_ns) {
    std::string words = from.overwritten == 0 && from.torn == 0
                            ? "more than are kept"
                            : fmt::format("{} overwritten unread", format_count(from.overwritten));
    if (from.torn != 0) words += fmt::format(", {} while they were read", format_count(from.torn));
    return fmt::format("{:>14} {:>8}   {}: here spans are missing", "until",
                       from.to_ns < end_ns ? since(from.to_ns, start_ns) : "the end", words);
}

} // namespace

std::vector<std::string> around_rows(const model::stall& one) {
    if (!one.around) return {};
    const model::around& from = *one.around;
    std::vector<std::string> rows;
    rows.push_back(fmt::format(
        "{} spans from {} before to {} after it; its start is 0:", format_count(from.spans.size() + from.hidden),
        format_ns(one.start_ns - from.start_ns), format_ns(from.end_ns - one.end_ns)));
    auto lost = from.lost.begin();
    for (std::size_t i = 0; i <= from.spans.size(); i++) {
        const std::uint64_t now_ns = i < from.spans.size() ? from.spans[i].span.start_ns : from.end_ns;
        for (; lost != from.lost.end() && std::min(lost->to_ns, from.end_ns) <= now_ns; ++lost)
            rows.push_back(row_of(*lost, one.start_ns, from.end_ns));
        if (from.hidden != 0 && i == from.hidden_at)
            rows.push_back(
                fmt::format("{:>14} {:>8}   {} spans that are not shown", "", "", format_count(from.hidden)));
        if (i < from.spans.size()) rows.push_back(row_of(from.spans[i], one.start_ns));
    }
    return rows;
}

} // namespace irqscope::sink

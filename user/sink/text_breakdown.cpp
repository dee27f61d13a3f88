// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_breakdown.hpp"

#include "sink/page.hpp"
#include "sink/stall_words.hpp"
#include "sink/text_activation.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::sink {

namespace {

constexpr std::uint64_t least_share = 200; // of the whole, as its divisor: half a percent
constexpr std::uint64_t alone = 20;        // of a part, as its divisor: what others had and is not worth a word
constexpr std::size_t name_width = 64;
constexpr std::uint64_t near_enough_ns = 50'000; // a window that differs by less is the stall's own

bool has_own_window(const model::stall& one) {
    const std::uint64_t start_ns = one.where->start_ns;
    const std::uint64_t apart_ns = std::max(start_ns, one.start_ns) - std::min(start_ns, one.start_ns);
    return apart_ns < near_enough_ns;
}

// " 11,204 x", and how much of the part if others had a share worth saying.
std::string weight(std::uint64_t ns, std::uint64_t count, std::uint64_t part_ns) {
    std::string words = count == 1 ? "" : fmt::format(" {} x", format_count(count));
    if (ns < part_ns - part_ns / alone) words += ", " + format_ns(ns);
    return words;
}

// Who had most of the part.
std::string top_of(const model::breakdown& where, model::part which) {
    if (!where.most) return {};
    const std::uint64_t part_ns = where.at(which);
    const auto run = [&](const std::optional<model::top>& most, bool named_by_row) {
        if (!most) return std::string();
        std::string words = words_of(most->of);
        if (named_by_row) words.erase(0, words.find(' ') + 1);
        return words + weight(most->ns, most->count, part_ns);
    };
    switch (which) {
    case model::part::hardirq: {
        const std::string words = run(where.most->hardirq, true);
        return where.most->hardirq && where.most->hardirq->of.irq ? "irq " + words : words;
    }
    case model::part::sysvec: return run(where.most->sysvec, true);
    case model::part::softirq: return run(where.most->softirq, true);
    case model::part::ksoftirqd:
        return where.most->ksoftirqd ? printable(where.most->ksoftirqd->of.key, name_width) +
                                           weight(where.most->ksoftirqd->ns, where.most->ksoftirqd->count, part_ns)
                                     : std::string();
    case model::part::task: {
        const auto& most = where.most->task;
        if (!most) return {};
        const std::string urgency = model::nice_of(most->how) ? std::string() : ' ' + words_of(most->how);
        return words_of(most->who) + urgency + weight(most->ns, most->count, part_ns);
    }
    case model::part::idle:
    case model::part::steal:
    case model::part::unexplained: break;
    }
    return {};
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
        std::string row = fmt::format("{:<11} {:>8} {:>4.0f} %", model::name_of(which), format_ns(ns), 100 * share);
        const std::string who = one.activation ? shares_of(*one.activation, where, which) : top_of(where, which);
        if (!who.empty()) row += "   " + who;
        rows.push_back(std::move(row));
    }
    if (where.most && !where.most->complete && !one.activation)
        rows.push_back(where.most->lost == 0
                           ? "not all of its spans are known: who had most may be another"
                           : fmt::format("{} spans were overwritten unread: who had most may be another",
                                         format_count(where.most->lost)));
    return rows;
}

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/kmsg.hpp"

#include "sink/page.hpp"
#include "sink/stall_words.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>
#include <vector>

namespace irqscope::sink {

namespace {

// The two largest, without their tenths.
std::string shares_of(const model::breakdown& where) {
    std::vector<std::pair<std::uint64_t, model::part>> parts;
    std::uint64_t all_ns = 0;
    for (const model::part which : model::all_parts) {
        all_ns += where.at(which);
        parts.emplace_back(where.at(which), which);
    }
    std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> words;
    for (std::size_t i = 0; i < 2; i++)
        if (const std::uint64_t percent = all_ns == 0 ? 0 : parts[i].first * 100 / all_ns; percent != 0)
            words.push_back(fmt::format("{} {} %", model::name_of(parts[i].second), percent));
    return fmt::format("{}", fmt::join(words, ", "));
}

// What it is and how far it has come: a lockup's own count says how long.
std::string course_of(const model::stall& one) {
    if (!one.lockup || one.state == model::stall_state::open)
        return one.lockup ? words_of(*one.lockup, one.cpu)
                          : fmt::format("{} {}", model::name_of(one.kind), length_of(one));
    return fmt::format("soft lockup averted: {}, {} % of {}", length_of(one), one.lockup->percent,
                       format_setting(one.lockup->threshold_ns));
}

} // namespace

std::string kmsg_of(const model::log_rule::line& line) {
    const model::stall& one = line.of;
    std::string words = fmt::format("CPU {}: {}", one.cpu, course_of(one));
    if (one.incident != 0) words += fmt::format(" #{}", one.incident);
    const std::string culprit = model::culprit_of(one);
    words += ": " + culprit;
    if (one.stack_is != model::stack_kind::none) {
        const bool is_named = !one.stack.empty() && culprit.find(" <- ") == std::string::npos;
        words += "; in " + words_of(one.current);
        for (std::size_t i = 0; is_named && i < std::min<std::size_t>(one.stack.size(), 4); i++)
            words += (i == 0 ? ": " : " <- ") + function_of(one.stack[i]);
    }
    if (one.where)
        if (const std::string shares = shares_of(*one.where); !shares.empty()) words += "; " + shares;
    if (line.left_out != 0) words += fmt::format(" ({} before this left out)", counted(line.left_out, "line"));
    return "<4>irqscope: " + printable(std::move(words), kmsg_width - 14) + '\n';
}

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/parse.hpp"

#include "host/cpus.hpp"
#include "probe/heartbeat.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace irqscope::cli {

namespace {

constexpr double longest_ns = 366.0 * 86400 * 1e9;

struct quantity {
    double number;
    std::string_view unit;
};

std::optional<quantity> split(std::string_view text) {
    double number = 0;
    const auto [end, failed] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (failed != std::errc{} || !std::isfinite(number)) return std::nullopt;
    return quantity{number, text.substr(static_cast<std::size_t>(end - text.data()))};
}

// noun: of what needs a unit ("a threshold"); empty: a bare number is seconds.
result<std::uint64_t> parse_time(std::string_view option, std::string_view text, std::string_view noun) {
    constexpr std::array<std::pair<std::string_view, double>, 6> units{
        {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
    const auto found = split(text);
    if (!found)
        return failure(exit_status::usage,
                       fmt::format("{} {}: no time; write it like 500us, 10ms or 2s", option, text));
    if (found->unit.empty() && !noun.empty() && found->number > 0)
        return failure(exit_status::usage, fmt::format("{} {}: {} needs its unit; write it like {}us or {}ms", option,
                                                       text, noun, text, text));
    const std::string_view wanted = found->unit.empty() ? "s" : found->unit;
    for (const auto& [unit, ns] : units) {
        if (unit != wanted) continue;
        const double value = found->number * ns;
        if (value < 1 || value > longest_ns)
            return failure(exit_status::usage,
                           fmt::format("{} {}: must be more than 0, and at most a year", option, text));
        return static_cast<std::uint64_t>(value);
    }
    return failure(exit_status::usage,
                   fmt::format("{} {}: unknown unit '{}'; there are ns, us, ms, s, m and h", option, text, wanted));
}

} // namespace

result<std::uint64_t> parse_duration(std::string_view option, std::string_view text) {
    return parse_time(option, text, {});
}

result<std::uint64_t> parse_threshold(std::string_view option, std::string_view text) {
    return parse_time(option, text, "a threshold");
}

result<std::uint64_t> parse_beat(std::string_view option, std::string_view text) {
    const auto ns = parse_time(option, text, "a heartbeat's period");
    if (ns && *ns >= probe::shortest_beat_ns && *ns <= probe::longest_beat_ns) return ns;
    if (const auto found = split(text); !ns && (!found || found->number > 0)) return ns; // it says what is wrong
    return failure(exit_status::usage, fmt::format("{} {}: a heartbeat's period is 100us to 100ms", option, text));
}

result<std::pair<std::uint64_t, std::uint64_t>> parse_window(std::string_view option, std::string_view text,
                                                             std::uint64_t start_ns) {
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos)
        return failure(exit_status::usage, fmt::format("{} {}: write it like 1234.5,1240 or +5s,+10s", option, text));
    std::pair<std::uint64_t, std::uint64_t> window{0, UINT64_MAX};
    const auto parse = [&](std::string_view moment, std::uint64_t& to) -> result<void> {
        if (moment.empty()) return {};
        const bool since_start = moment.front() == '+';
        if (since_start) moment.remove_prefix(1);
        to = since_start ? start_ns : 0;
        if (const auto zero = split(moment); zero && zero->number == 0) return {};
        const auto ns = parse_duration(option, moment);
        if (!ns) return tl::unexpected(ns.error());
        to += *ns;
        return {};
    };
    if (auto from = parse(text.substr(0, comma), window.first); !from) return tl::unexpected(from.error());
    if (auto to = parse(text.substr(comma + 1), window.second); !to) return tl::unexpected(to.error());
    if (window.first >= window.second)
        return failure(exit_status::usage, fmt::format("{} {}: it ends before it begins", option, text));
    return window;
}

result<std::vector<int>> parse_cpus(std::string_view option, std::string_view text) {
    auto cpus = host::parse_cpu_list(text);
    if (!cpus) return failure(exit_status::usage, fmt::format("{} {}: {}", option, text, cpus.error().message));
    const auto online = host::online_cpus();
    if (!online) return tl::unexpected(online.error());
    for (const int cpu : *cpus)
        if (!std::binary_search(online->begin(), online->end(), cpu))
            return failure(exit_status::usage, fmt::format("{} {}: there is no CPU {} online; there are {}", option,
                                                           text, cpu, host::format_cpu_list(*online)));
    return cpus;
}

namespace {

constexpr std::uint64_t most_bytes = 1ULL << 50;

// "64K", "4G", a bare number is bytes. Nothing: it is no size, or too large for anything.
std::optional<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    constexpr std::array<std::pair<std::string_view, unsigned>, 4> units{{{"", 0}, {"K", 10}, {"M", 20}, {"G", 30}}};
    for (const auto& [name, shift] : units)
        if (failed == std::errc{} && unit == name && number <= (most_bytes >> shift)) return number << shift;
    return std::nullopt;
}

} // namespace

result<std::uint32_t> parse_ring_size(std::string_view option, std::string_view text) {
    const auto bytes = parse_size(text);
    if (!bytes || *bytes < 4096 || *bytes > (1U << 30) || !std::has_single_bit(*bytes))
        return failure(exit_status::usage, fmt::format("{} {}: must be a power of two from 4K to 1024M", option, text));
    return static_cast<std::uint32_t>(*bytes);
}

result<std::uint64_t> parse_file_size(std::string_view option, std::string_view text) {
    const auto bytes = parse_size(text);
    if (!bytes || *bytes < (4U << 20))
        return failure(exit_status::usage, fmt::format("{} {}: must be 4M or more, as in 100M or 2G", option, text));
    return *bytes;
}

result<std::vector<std::string>> parse_command(std::string_view option, std::string_view text) {
    std::vector<std::string> words;
    bool within = false; // a word
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        const char one = text[i];
        if (quote == 0 && (one == ' ' || one == '\t' || one == '\n')) {
            within = false;
            continue;
        }
        if (!std::exchange(within, true)) words.emplace_back();
        const bool escapes = one == '\\' && quote != '\'';
        const bool opens = quote == 0 && (one == '\'' || one == '"');
        if (escapes && i + 1 < text.size())
            words.back() += text[++i];
        else if (escapes || opens) // a backslash at the end keeps nothing, as a quote without its end
            quote = one;
        else if (one == quote)
            quote = 0;
        else
            words.back() += one;
    }
    if (quote != 0) return failure(exit_status::usage, fmt::format("{} {}: a {} has no end", option, text, quote));
    if (words.empty() || words.front().empty())
        return failure(exit_status::usage, fmt::format("{} '{}': say a command", option, text));
    return words;
}

} // namespace irqscope::cli

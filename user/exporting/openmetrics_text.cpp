// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/openmetrics_text.hpp"

#include "sink/page.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace {

constexpr std::size_t longest_value = 200;
constexpr std::size_t exemplar_room = 128; // characters of all its labels' names and values

std::string escaped(const std::string& value, std::size_t width) {
    std::string made;
    for (const char one : sink::printable(value, width)) {
        if (one == '\\' || one == '"') made += '\\';
        made += one;
    }
    return made;
}

std::string text_of(const labels& of, std::size_t room) {
    std::string made = "{";
    for (const auto& [name, value] : of) {
        if (made.size() > 1) made += ',';
        room -= std::min(room, name.size());
        const std::string text = escaped(value, std::min(room, longest_value));
        room -= std::min(room, std::min(value.size(), room));
        made += fmt::format("{}=\"{}\"", name, text);
    }
    return made + '}';
}

std::uint64_t bucket_end(std::size_t bucket) { return std::uint64_t{1} << (first_bucket_log2 + bucket); }

} // namespace

std::size_t metric_bucket_of(std::uint64_t ns) {
    const auto log2 = static_cast<unsigned>(std::bit_width(ns)); // below 2^log2
    return std::min<std::size_t>(log2 <= first_bucket_log2 ? 0 : log2 - first_bucket_log2, metric_buckets - 1);
}

void keep_longest(exemplars& in, exemplar one) {
    std::optional<exemplar>& place = in.at(metric_bucket_of(one.ns));
    if (!place || place->ns < one.ns) place = std::move(one);
}

std::string seconds(std::uint64_t ns) { return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000); }

std::string family(std::string_view name, std::string_view type, std::string_view unit, std::string_view help) {
    std::string made = fmt::format("# TYPE {} {}\n", name, type);
    if (!unit.empty()) made += fmt::format("# UNIT {} {}\n", name, unit);
    return made + fmt::format("# HELP {} {}\n", name, help);
}

std::string sample(std::string_view name, const labels& of, std::string_view value) {
    return fmt::format("{}{} {}\n", name, of.empty() ? "" : text_of(of, SIZE_MAX), value);
}

std::string histogram_samples(std::string_view name, const labels& of, const model::histogram& values,
                              const exemplars* with) {
    std::string made;
    std::array<std::uint64_t, metric_buckets> counts{};
    for (std::size_t bucket = 0; bucket < model::histogram::bucket_count; bucket++)
        counts.at(metric_bucket_of(model::histogram::range_of(bucket).ge_ns)) += values.bucket(bucket);
    std::uint64_t up_to = 0;
    for (std::size_t bucket = 0; bucket < metric_buckets; bucket++) {
        up_to += counts.at(bucket);
        labels all = of;
        all.emplace_back("le", bucket + 1 == metric_buckets ? "+Inf" : seconds(bucket_end(bucket) - 1));
        std::string line = fmt::format("{}_bucket{} {}", name, text_of(all, SIZE_MAX), up_to);
        if (with != nullptr && with->at(bucket) && counts.at(bucket) != 0) {
            const exemplar& one = *with->at(bucket);
            line += fmt::format(" # {} {} {}", text_of(one.of, exemplar_room), seconds(one.ns),
                                seconds(static_cast<std::uint64_t>(one.realtime_ns)));
        }
        made += line + '\n';
    }
    made += sample(fmt::format("{}_sum", name), of, seconds(values.sum_ns()));
    return made + sample(fmt::format("{}_count", name), of, std::to_string(values.samples()));
}

} // namespace irqscope::exporting

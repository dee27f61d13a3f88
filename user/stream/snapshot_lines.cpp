// SPDX-License-Identifier: BSD-2-Clause
#include "stream/snapshot_lines.hpp"

#include "stream/json_fields.hpp"

#include <cstdio>
#include <ctime>
#include <fmt/format.h>
#include <string>

namespace irqscope::stream {

namespace {

using nlohmann::json;

std::uint64_t number(const json& from, const char* name) { return value_of<std::uint64_t>(from, name); }

// False: the buckets are none of ours.
bool read_histogram(const json& from, model::histogram& to) {
    std::uint64_t samples = 0;
    for (const json& bucket : from.at("buckets")) {
        const auto ge_ns = as<std::uint64_t>(bucket.at("ge_ns"));
        const std::size_t index = model::histogram::bucket_of(ge_ns);
        if (model::histogram::range_of(index).ge_ns != ge_ns) return false;
        to.add_bucket(index, as<std::uint64_t>(bucket.at("count")));
        samples += as<std::uint64_t>(bucket.at("count"));
    }
    to.add_sums(number(from, "sum_ns"), number(from, "nested_ns"));
    if (samples != 0) to.widen(number(from, "min_ns"), number(from, "max_ns"));
    return samples == number(from, "count");
}

model::lost lost_of(const json& from) {
    model::lost made;
    if (const json* const counts = object_of(from, "counts"))
        for (const auto& [kind, count] : counts->items()) made.counts[kind] = as<std::uint64_t>(count);
    if (const json* const misses = object_of(from, "recursion_misses"))
        for (const auto& [program, count] : misses->items()) made.recursion_misses[program] = as<std::uint64_t>(count);
    made.cpus_gone = value_of<std::vector<int>>(from, "cpus_gone");
    made.cpus_come = value_of<std::vector<int>>(from, "cpus_come");
    return made;
}

model::coverage coverage_of(const json& from) {
    model::coverage made;
    made.cpus = value_of<std::vector<int>>(from, "cpus");
    made.programs = value_of<std::vector<std::string>>(from, "programs");
    made.aggregation = value_of<std::string>(from, "aggregation");
    made.softirq_contexts = value_of<std::string>(from, "softirq_contexts");
    made.reraises = value_of<bool>(from, "reraises");
    made.nested = value_of<bool>(from, "nested");
    if (const json* const untraced = object_of(from, "untraced_sysvecs"))
        for (const auto& [name, count] : untraced->items()) made.untraced.emplace_back(name, as<std::uint64_t>(count));
    made.beat_ns = number(from, "beat_ns");
    if (const auto beats = from.find("heartbeats"); beats != from.end())
        for (const json& one : *beats)
            made.heartbeats[as<int>(one.at("cpu"))] = {
                number(one, "due"),    number(one, "seen"),     number(one, "late"),        number(one, "skipped"),
                number(one, "unseen"), number(one, "restarts"), value_of<bool>(one, "soft")};
    made.without_beat = value_of<std::vector<int>>(from, "without_beat");
    made.flight_spans = value_of<std::uint32_t>(from, "flight_spans");
    made.slots_full = value_of<bool>(from, "irq_slots_full");
    return made;
}

model::time_split split_of(const json& from) {
    model::time_split made;
    made.cpu = as<int>(from.at("cpu"));
    made.where.start_ns = number(from, "start_ns");
    made.where.end_ns = number(from, "end_ns");
    for (const model::part which : model::all_parts)
        made.where.at(which) = number(from, (std::string(model::name_of(which)) + "_ns").c_str());
    const auto source = value_of<std::string>(from, "steal_from");
    for (const model::steal_source one :
         {model::steal_source::away, model::steal_source::runqueue, model::steal_source::proc_stat})
        if (model::name_of(one) == source) made.steal = one;
    made.user_ns = optional_of<std::uint64_t>(from, "user_ns_by_ticks");
    made.ticks = number(from, "ticks");
    return made;
}

// "2025-05-08T05:05:11.123456Z", as sink::format_rfc3339() writes it; nothing: it is none.
std::optional<std::chrono::system_clock::time_point> time_of(const std::string& text) {
    std::tm day{};
    int us = 0;
    char zone = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%6d%c", &day.tm_year, &day.tm_mon, // NOLINT(cert-err34-c)
                    &day.tm_mday, &day.tm_hour, &day.tm_min, &day.tm_sec, &us, &zone) != 8 ||
        zone != 'Z' || day.tm_year < 1970 || day.tm_year > 2200) // in nanoseconds the clock ends in 2262
        return std::nullopt;
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    return std::chrono::system_clock::from_time_t(timegm(&day)) + std::chrono::microseconds(us);
}

bool read_snapshot(const json& from, model::snapshot& to) {
    if (from.at("schema") != "irqscope.hist/1") return false;
    to.host = value_of<std::string>(from, "host");
    to.kernel = value_of<std::string>(from, "kernel");
    to.machine = value_of<std::string>(from, "machine");
    to.start_ns = number(from, "start_ns");
    if (const auto time = time_of(value_of<std::string>(from, "start_time"))) to.start_time = *time;
    to.duration_ns = number(from, "duration_ns");
    for (const json& one : from.at("metrics")) {
        const auto what = model::metric_named(one.at("metric").get<std::string>());
        if (!what) continue;
        model::series& made = to.all.emplace_back();
        made.id = series_of(one, *what);
        made.cpu = as<int>(one.at("cpu"));
        made.dropped = number(one, "dropped");
        if (!read_histogram(one, made.values)) return false;
    }
    if (const auto open = from.find("open"); open != from.end())
        for (const json& one : *open)
            if (const auto what = model::metric_named(one.at("metric").get<std::string>()))
                to.open.push_back(
                    {series_of(one, *what), as<int>(one.at("cpu")), number(one, "start_ns"), number(one, "age_ns")});
    if (const auto splits = from.find("time_split"); splits != from.end() && !splits->is_null()) {
        model::time_splits& made = to.split.emplace();
        for (const json& one : *splits) made.cpus.push_back(split_of(one));
    }
    if (const json* const lost = object_of(from, "lost")) to.lost = lost_of(*lost);
    if (const json* const coverage = object_of(from, "coverage")) to.coverage = coverage_of(*coverage);
    if (const json* const cost = object_of(from, "cost"))
        to.cost = {number(*cost, "bpf_calls"), number(*cost, "bpf_ns_per_call"), number(*cost, "user_cpu_ns"),
                   number(*cost, "max_rss_bytes"), number(*cost, "kernel_bytes")};
    return true;
}

} // namespace

result<model::snapshot> parse_snapshot(std::string_view text) {
    model::snapshot made;
    bool is_one = false;
    if (auto parsed = parse(text, [&](const json& from) { is_one = read_snapshot(from, made); }); !parsed)
        return tl::unexpected(parsed.error());
    if (!is_one)
        return failure(exit_status::failed, fmt::format("this is no irqscope.hist/1: {}", text.substr(0, 200)));
    return made;
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/json.hpp"

#include "model/rows.hpp"
#include "sink/json_parts.hpp"
#include "sink/units.hpp"
#include "version.hpp"

namespace irqscope::sink {

namespace {

object series_of(const model::series& from, const model::coverage& coverage) {
    const model::histogram& values = from.values;
    object to = id_of(from.id, from.cpu);
    to["count"] = values.samples();
    to["sum_ns"] = values.sum_ns();
    // a wait has no inside, and without the interrupts' own programs nobody knows
    const bool nested = coverage.nested && model::is_run(from.id.what);
    to["nested_ns"] = nested ? object(values.nested_ns()) : object(nullptr);
    to["min_ns"] = values.min_ns();
    to["max_ns"] = values.max_ns();
    to["p50_ns"] = values.quantile(0.5);
    to["p90_ns"] = values.quantile(0.9);
    to["p99_ns"] = values.quantile(0.99);
    to["p999_ns"] = values.quantile(0.999);
    to["dropped"] = from.dropped;
    object buckets = object::array();
    for (std::size_t i = 0; i < model::histogram::bucket_count; i++) {
        if (values.bucket(i) == 0) continue;
        const auto [ge_ns, lt_ns] = model::histogram::range_of(i);
        const bool overflow = i == model::histogram::overflow_bucket;
        buckets.push_back(
            {{"ge_ns", ge_ns}, {"lt_ns", overflow ? object(nullptr) : object(lt_ns)}, {"count", values.bucket(i)}});
    }
    to["buckets"] = std::move(buckets);
    return to;
}

object open_of(const model::open_span& from) {
    object to = id_of(from.id, from.cpu);
    to["start_ns"] = from.start_ns;
    to["age_ns"] = from.age_ns;
    return to;
}

const char* name_of(model::verdict state) {
    switch (state) {
    case model::verdict::fine: return "fine";
    case model::verdict::limited: return "limited";
    case model::verdict::missing: return "missing";
    case model::verdict::unknown: return "unknown";
    }
    return "?";
}

} // namespace

std::string json::text_of(const model::snapshot& snapshot) const {
    object metrics = object::array();
    for (const model::series& one : snapshot.all) metrics.push_back(series_of(one, snapshot.coverage));
    object open = object::array();
    for (const model::open_span& one : snapshot.open) open.push_back(open_of(one));
    const object document{{"schema", "irqscope.hist/1"},
                          {"host", snapshot.host},
                          {"kernel", snapshot.kernel},
                          {"machine", snapshot.machine},
                          {"version", version},
                          {"start_ns", snapshot.start_ns},
                          {"start_time", format_rfc3339(snapshot.start_time)},
                          {"duration_ns", snapshot.duration_ns},
                          {"part", part_of(snapshot)},
                          {"cpus", snapshot.coverage.cpus},
                          {"metrics", std::move(metrics)},
                          {"open", std::move(open)},
                          {"time_split", splits_of(snapshot.split)},
                          {"lost", lost_of(snapshot.lost)},
                          {"coverage", coverage_of(snapshot.coverage)},
                          {"cost", cost_of(snapshot)}};
    return dump(document, lines_);
}

std::string json::text_of(const model::report& report) const {
    object findings = object::array();
    for (const model::finding& one : report.findings)
        findings.push_back({{"subject", one.subject},
                            {"state", name_of(one.state)},
                            {"value", one.value},
                            {"loses", one.loses.empty() ? object(nullptr) : object(one.loses)},
                            {"cure", one.cure.empty() ? object(nullptr) : object(one.cure)}});
    const object document{{"schema", "irqscope.doctor/1"},  {"host", report.host}, {"kernel", report.kernel},
                          {"machine", report.machine},      {"version", version},  {"possible", report.possible()},
                          {"findings", std::move(findings)}};
    return dump(document, lines_);
}

bool json::histograms(const model::snapshot& snapshot) { return write_out(text_of(snapshot)); }
bool json::doctor(const model::report& report) { return write_out(text_of(report)); }

} // namespace irqscope::sink

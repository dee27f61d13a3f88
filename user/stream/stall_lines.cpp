// SPDX-License-Identifier: BSD-2-Clause
#include "stream/stall_lines.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>

namespace irqscope::stream {

namespace {

using nlohmann::json;

// Null and absent are the same.
template <typename T>
std::optional<T> optional_of(const json& from, const char* name) {
    const auto found = from.find(name);
    if (found == from.end() || found->is_null()) return std::nullopt;
    return found->get<T>();
}

std::optional<model::metric> metric_of(model::stall_kind kind) {
    switch (kind) {
    case model::stall_kind::irq_off: return model::metric::irq_off;
    case model::stall_kind::softirq_off: return model::metric::softirq_off;
    case model::stall_kind::softirq_latency: return model::metric::softirq_latency;
    case model::stall_kind::softirq_run: return model::metric::softirq_run;
    case model::stall_kind::hardirq_run: return model::metric::hardirq_run;
    case model::stall_kind::ksoftirqd: return model::metric::ksoftirqd_run;
    }
    return std::nullopt;
}

model::series_id series_of(const json& from, model::metric what) {
    model::series_id id;
    id.what = what;
    id.key = optional_of<std::string>(from, "key").value_or("");
    id.irq = optional_of<std::uint32_t>(from, "irq");
    id.context = optional_of<std::string>(from, "context");
    return id;
}

// Kinds that this version does not know are none of its business.
std::optional<model::stall> stall_of(const json& from) {
    model::stall made;
    const auto kind = from.at("kind").get<std::string>();
    bool known = false;
    for (const model::stall_kind one : model::all_stall_kinds) {
        if (model::name_of(one) != kind) continue;
        made.kind = one;
        known = true;
    }
    if (!known) return std::nullopt;
    made.state = from.at("state") == model::name_of(model::stall_state::ended) ? model::stall_state::ended
                                                                               : model::stall_state::open;
    made.cpu = from.at("cpu").get<int>();
    made.start_ns = from.at("start_ns").get<std::uint64_t>();
    made.at_least_ns = from.at("at_least_ns").get<std::uint64_t>();
    made.end_ns = made.start_ns + made.at_least_ns;
    made.less_than_ns = optional_of<std::uint64_t>(from, "less_than_ns");
    made.incident = optional_of<std::uint64_t>(from, "incident").value_or(0);
    if (!optional_of<std::string>(from, "key").value_or("").empty()) made.of = series_of(from, *metric_of(made.kind));
    if (const auto culprit = from.find("culprit"); culprit != from.end() && culprit->is_object()) {
        const auto what = model::metric_named(optional_of<std::string>(*culprit, "metric").value_or(""));
        made.culprit = series_of(*culprit, what.value_or(model::metric::irq_off));
        made.culprit_ns = optional_of<std::uint64_t>(*culprit, "ns").value_or(0);
    }
    made.stack = optional_of<std::vector<std::string>>(from, "stack").value_or(std::vector<std::string>{});
    return made;
}

} // namespace

result<stall_lines> parse_stall_lines(std::string_view text) {
    stall_lines found;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty()) continue;
        try {
            const json document = json::parse(line);
            const auto& schema = document.at("schema");
            if (schema == "irqscope.stalls_summary/1") {
                for (const auto& [why, one] : document.at("set_aside").items())
                    found.set_aside[why] = one.at("count").get<std::uint64_t>();
            } else if (schema == "irqscope.stall/1") {
                if (auto one = stall_of(document)) found.stalls.push_back(std::move(*one));
            }
        } catch (const json::exception& wrong) {
            return failure(exit_status::failed, fmt::format("a line of `irqscope stalls --json` is not what it should "
                                                            "be ({}): {}",
                                                            wrong.what(), line.substr(0, 200)));
        }
    }
    return found;
}

} // namespace irqscope::stream

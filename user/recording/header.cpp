// SPDX-License-Identifier: BSD-2-Clause
#include "recording/header.hpp"

#include "stream/json_fields.hpp"

#include <nlohmann/json.hpp>

namespace irqscope::recording {

namespace {

constexpr const char* schema = "irqscope.recording/1";

using stream::value_of;

} // namespace

std::chrono::system_clock::time_point header::wall_of(std::uint64_t ns) const {
    // unsigned, which may wrap: a file says what it likes
    const auto since_epoch = static_cast<std::int64_t>(static_cast<std::uint64_t>(realtime_ns) + (ns - monotonic_ns));
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(since_epoch)));
}

std::string text_of(const header& from) {
    using json = nlohmann::ordered_json;
    json metrics = json::array();
    for (const model::metric one : from.metrics) metrics.push_back(model::name_of(one));
    json thresholds = json::object();
    for (const auto& [kind, ns] : from.thresholds_ns) thresholds[std::string(model::name_of(kind)) + "_ns"] = ns;
    json topology = json::array();
    for (const model::cpu_place& one : from.topology)
        topology.push_back({{"cpu", one.cpu}, {"package", one.package}, {"core", one.core}, {"node", one.node}});
    json irqs = json::array();
    for (const model::irq_route& one : from.irqs)
        irqs.push_back({{"irq", one.irq},
                        {"actions", one.actions},
                        {"affinity", one.affinity},
                        {"effective_affinity", one.effective}});
    const json to{{"schema", schema},
                  {"version", from.version},
                  {"host", from.host},
                  {"kernel", from.kernel},
                  {"machine", from.machine},
                  {"monotonic_ns", from.monotonic_ns},
                  {"boottime_ns", from.boottime_ns},
                  {"realtime_ns", from.realtime_ns},
                  {"cpus", from.cpus},
                  {"without_beat", from.without_beat},
                  {"beat_ns", from.beat_ns},
                  {"metrics", std::move(metrics)},
                  {"thresholds", std::move(thresholds)},
                  {"spans", from.spans},
                  {"sync_ns", from.sync_ns},
                  {"ring_bytes", from.ring_bytes},
                  {"command", from.command},
                  {"topology", std::move(topology)},
                  {"irqs", std::move(irqs)}};
    return to.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

result<header> parse_header(std::string_view text) {
    header made;
    bool is_one = false;
    const auto parsed = stream::parse(text, [&](const nlohmann::json& from) {
        is_one = from.at("schema") == schema;
        made.version = value_of<std::string>(from, "version");
        made.host = value_of<std::string>(from, "host");
        made.kernel = value_of<std::string>(from, "kernel");
        made.machine = value_of<std::string>(from, "machine");
        made.monotonic_ns = value_of<std::uint64_t>(from, "monotonic_ns");
        made.boottime_ns = value_of<std::uint64_t>(from, "boottime_ns");
        made.realtime_ns = value_of<std::int64_t>(from, "realtime_ns");
        made.cpus = value_of<std::vector<int>>(from, "cpus");
        made.without_beat = value_of<std::vector<int>>(from, "without_beat");
        made.beat_ns = value_of<std::uint64_t>(from, "beat_ns");
        for (const auto& name : value_of<std::vector<std::string>>(from, "metrics"))
            if (const auto metric = model::metric_named(name)) made.metrics.push_back(*metric);
        if (const auto* const thresholds = stream::object_of(from, "thresholds"))
            for (const model::stall_kind one : model::all_stall_kinds)
                if (const auto ns = stream::optional_of<std::uint64_t>(
                        *thresholds, (std::string(model::name_of(one)) + "_ns").c_str()))
                    made.thresholds_ns[one] = *ns;
        made.spans = value_of<bool>(from, "spans");
        made.sync_ns = value_of<std::uint64_t>(from, "sync_ns");
        made.ring_bytes = value_of<std::uint32_t>(from, "ring_bytes");
        made.command = value_of<std::vector<std::string>>(from, "command");
        made.topology =
            stream::list_of<model::cpu_place>(from, "topology", [](const nlohmann::json& one) -> model::cpu_place {
                return {value_of<int>(one, "cpu"), value_of<int>(one, "package"), value_of<int>(one, "core"),
                        value_of<int>(one, "node")};
            });
        made.irqs = stream::list_of<model::irq_route>(from, "irqs", [](const nlohmann::json& one) -> model::irq_route {
            return {value_of<std::uint32_t>(one, "irq"), value_of<std::vector<std::string>>(one, "actions"),
                    value_of<std::string>(one, "affinity"), value_of<std::string>(one, "effective_affinity")};
        });
    });
    if (!parsed) return tl::unexpected(parsed.error());
    if (!is_one) return failure(exit_status::failed, "the recording's header is of another kind");
    return made;
}

} // namespace irqscope::recording

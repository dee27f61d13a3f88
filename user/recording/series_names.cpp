// SPDX-License-Identifier: BSD-2-Clause
#include "recording/series_names.hpp"

#include "stream/json_fields.hpp"

#include <nlohmann/json.hpp>

namespace irqscope::recording {

std::string line_of(const numbered_series& one) {
    nlohmann::ordered_json to{{"number", one.number}, {"cpu", one.cpu}, {"metric", model::name_of(one.id.what)}};
    if (!one.id.key.empty()) to["key"] = one.id.key;
    if (one.id.irq) to["irq"] = *one.id.irq;
    if (one.id.context) to["context"] = *one.id.context;
    return to.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

result<std::vector<numbered_series>> parse_series(std::string_view lines) {
    std::vector<numbered_series> found;
    const auto parsed = stream::each_line(lines, [&found](const nlohmann::json& from) {
        const auto what = model::metric_named(from.at("metric").get<std::string>());
        if (!what) return;
        found.push_back({stream::as<std::uint32_t>(from.at("number")), stream::as<int>(from.at("cpu")),
                         stream::series_of(from, *what)});
    });
    if (!parsed) return tl::unexpected(parsed.error());
    return found;
}

} // namespace irqscope::recording

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/stall_lines.hpp"

#include "stream/stall_fields.hpp"

#include <string>

namespace irqscope::stream {

result<stall_lines> parse_stall_lines(std::string_view text) {
    stall_lines found;
    const auto parsed = each_line(text, [&found](const nlohmann::json& document) {
        const auto& schema = document.at("schema");
        if (schema == "irqscope.stalls_summary/1") {
            for (const auto& [why, one] : document.at("set_aside").items())
                found.set_aside[why] = as<std::uint64_t>(one.at("count"));
        } else if (schema == "irqscope.stall/1") {
            if (auto one = stall_of(document)) found.stalls.push_back(std::move(*one));
        }
    });
    if (!parsed) return tl::unexpected(parsed.error());
    return found;
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/json_fields.hpp"

#include <fmt/format.h>

namespace irqscope::stream {

using nlohmann::json;

const json* object_of(const json& from, const char* name) {
    const auto found = from.find(name);
    return found == from.end() || !found->is_object() ? nullptr : &*found;
}

model::series_id series_of(const json& from, model::metric what) {
    return {what, value_of<std::string>(from, "key"), optional_of<std::uint32_t>(from, "irq"),
            optional_of<std::string>(from, "context")};
}

result<void> parse(std::string_view text, const std::function<void(const json&)>& use) {
    const auto wrong = [text](const std::exception& what) {
        return failure(exit_status::failed, fmt::format("this is not JSON as irqscope writes it ({}): {}", what.what(),
                                                        text.substr(0, 200)));
    };
    try {
        use(json::parse(text));
    } catch (const json::exception& what) {
        return wrong(what);
    } catch (const std::out_of_range& what) {
        return wrong(what);
    }
    return {};
}

result<void> each_line(std::string_view text, const std::function<void(const json&)>& use) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty()) continue;
        if (auto done = parse(line, use); !done) return done;
    }
    return {};
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
// What the readers of our own JSON (docs/JSON.md) have in common. All of it is hostile input: what is wrong throws
// nlohmann::json::exception, which each_line() and parse() turn into a failure.
#pragma once

#include "model/series.hpp"
#include "result.hpp"

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::stream {

// Null and absent are the same.
template <typename T>
std::optional<T> optional_of(const nlohmann::json& from, const char* name) {
    const auto found = from.find(name);
    if (found == from.end() || found->is_null()) return std::nullopt;
    return found->get<T>();
}

// And a T of its own.
template <typename T>
T value_of(const nlohmann::json& from, const char* name) {
    return optional_of<T>(from, name).value_or(T{});
}

// The object of that name; null: there is none.
const nlohmann::json* object_of(const nlohmann::json& from, const char* name);

// What `one` makes of each element of the array of that name, which may be absent.
template <typename T, typename One>
std::vector<T> list_of(const nlohmann::json& from, const char* name, One one) {
    std::vector<T> made;
    if (const auto found = from.find(name); found != from.end())
        for (const nlohmann::json& element : *found) made.push_back(one(element));
    return made;
}

// With "key", "irq" and "context".
model::series_id series_of(const nlohmann::json& from, model::metric what);

// Both fail (failed), with what is wrong and the start of the text.
result<void> parse(std::string_view text, const std::function<void(const nlohmann::json&)>& use);
// A document each; empty lines are none.
result<void> each_line(std::string_view text, const std::function<void(const nlohmann::json&)>& use);

} // namespace irqscope::stream

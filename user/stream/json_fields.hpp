// SPDX-License-Identifier: BSD-2-Clause
// What the readers of our own JSON (docs/JSON.md) have in common. All of it is hostile input: what is wrong throws
// nlohmann::json::exception or std::out_of_range, which each_line() and parse() turn into a failure.
#pragma once

#include "model/series.hpp"
#include "result.hpp"

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace irqscope::stream {

// The value as a T. nlohmann's own get() turns any number into any other, which for one that is out of range is not defined.
template <typename T>
T as(const nlohmann::json& from) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
        const bool in_range = from.is_number_unsigned()
                                  ? std::in_range<T>(from.get<std::uint64_t>())
                                  : from.is_number_integer() && std::in_range<T>(from.get<std::int64_t>());
        if (!in_range) throw std::out_of_range("a number that cannot be");
        return from.get<T>();
    } else if constexpr (std::is_same_v<T, std::vector<int>>) {
        T made;
        for (const nlohmann::json& one : from) made.push_back(as<int>(one));
        return made;
    } else {
        return from.get<T>();
    }
}

// Null and absent are the same.
template <typename T>
std::optional<T> optional_of(const nlohmann::json& from, const char* name) {
    const auto found = from.find(name);
    if (found == from.end() || found->is_null()) return std::nullopt;
    return as<T>(*found);
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

// SPDX-License-Identifier: BSD-2-Clause
// The lines, words and numbers of a text of /proc's.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace irqscope::host {

// The text up to the next newline, which is taken from it with the newline.
inline std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

inline void skip_blanks(std::string_view& line) {
    const std::size_t start = line.find_first_not_of(" \t");
    line.remove_prefix(start == std::string_view::npos ? line.size() : start);
}

// The word in front, blanks before it skipped; empty at the end.
inline std::string_view take_word(std::string_view& line) {
    skip_blanks(line);
    const std::size_t end = line.find_first_of(" \t");
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(word.size());
    return word;
}

// Nothing: the word is not a number and nothing else, or the number does not fit.
template <typename T>
std::optional<T> number_of(std::string_view word) {
    T number{};
    const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failed != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return number;
}

} // namespace irqscope::host

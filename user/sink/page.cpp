// SPDX-License-Identifier: BSD-2-Clause
#include "sink/page.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace irqscope::sink {

namespace {

constexpr std::array<std::string_view, 9> number_units{"ns", "us", "ms", "s", "%", "B", "KiB", "MiB", "GiB"};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Whether the space stands between a number and its unit.
bool binds(std::string_view text, std::size_t space) {
    if (space == 0 || std::isdigit(static_cast<unsigned char>(text[space - 1])) == 0) return false;
    const std::string_view after = text.substr(space + 1);
    return std::any_of(number_units.begin(), number_units.end(), [after](std::string_view unit) {
        return after.starts_with(unit) && (after.size() == unit.size() || !is_word(after[unit.size()]));
    });
}

std::size_t end_of_word(const std::string& text, std::size_t start) {
    std::size_t space = text.find(' ', start);
    while (space != std::string::npos && space != start && binds(text, space)) space = text.find(' ', space + 1);
    return std::min(space, text.size());
}

void trim_end(std::string& text) {
    const std::size_t last = text.find_last_not_of(std::string{' ', hard_space});
    text.erase(last == std::string::npos ? 0 : last + 1);
}

} // namespace

std::string printable(std::string text, std::size_t width) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::isprint(c) == 0; }, '?');
    if (text.size() > width) text = text.substr(0, width - 2) + "..";
    return text;
}

std::string wrapped(const std::string& text, std::size_t indent) { return wrapped(text, indent, indent); }

std::string wrapped(const std::string& text, std::size_t indent, std::size_t first) {
    std::string out;
    std::size_t column = first;
    std::size_t begin = first; // of the present line
    std::size_t start = 0;
    while (start < text.size()) {
        std::size_t end = end_of_word(text, start);
        if (const std::size_t room = page_width - std::max(begin, indent); end - start > room) {
            const std::size_t comma = text.rfind(',', start + room - 1);
            end = comma != std::string::npos && comma > start ? comma + 1 : start + room;
        }
        if (column > begin && column + 1 + end - start > page_width) {
            trim_end(out);
            out += '\n' + std::string(indent, ' ');
            column = begin = indent;
        } else if (column > begin) {
            out += ' ';
            column++;
        }
        out.append(text, start, end - start);
        column += end - start;
        start = end < text.size() && text[end] == ' ' ? end + 1 : end;
    }
    trim_end(out);
    std::replace(out.begin(), out.end(), hard_space, ' ');
    return out;
}

} // namespace irqscope::sink

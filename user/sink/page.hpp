// SPDX-License-Identifier: BSD-2-Clause
// Text as it fits a page: bytes that no terminal obeys, lines of at most 100 columns.
#pragma once

#include <cstddef>
#include <string>

namespace irqscope::sink {

inline constexpr std::size_t page_width = 100;
inline constexpr char hard_space = '\x1f'; // for wrapped(): a space at which no line is broken

// Names come from drivers, tasks and administrators: every byte that is no printable ASCII is a '?', and what is longer
// than `width` columns is cut and ends in "..".
std::string printable(std::string text, std::size_t width);

// Text broken between words to fit the page, every line but the first indented; the first begins at the column `first`,
// or at the indent too. A number stays with its unit. A word wider than a line (a list of many CPUs) is broken too,
// behind a comma if it has one. No line ends in a space.
std::string wrapped(const std::string& text, std::size_t indent);
std::string wrapped(const std::string& text, std::size_t indent, std::size_t first);

} // namespace irqscope::sink

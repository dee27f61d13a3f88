// SPDX-License-Identifier: BSD-2-Clause
#include "host/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <memory>

namespace irqscope::host {

result<std::string> read_file(const std::string& path) {
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "re"), close);
    if (!file) return failure(exit_status::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    std::string text;
    std::array<char, 65536> piece{};
    while (true) {
        const std::size_t got = std::fread(piece.data(), 1, piece.size(), file.get());
        text.append(piece.data(), got);
        if (got == piece.size()) continue;
        if (std::ferror(file.get()) != 0)
            return failure(exit_status::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
        return text;
    }
}

std::optional<std::string> read_line(const std::string& path) {
    auto text = read_file(path);
    if (!text) return std::nullopt;
    if (!text->empty() && text->back() == '\n') text->pop_back();
    return *text;
}

} // namespace irqscope::host

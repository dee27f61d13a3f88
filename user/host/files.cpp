// SPDX-License-Identifier: BSD-2-Clause
#include "host/files.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace irqscope::host {

namespace {

tl::unexpected<error> unreadable(const std::string& path) {
    return failure(exit_status::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
}

} // namespace

result<std::string> read_file(const std::string& path) {
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "re"), close);
    if (!file) return unreadable(path);
    std::string text;
    std::array<char, 65536> piece{};
    while (true) {
        const std::size_t got = std::fread(piece.data(), 1, piece.size(), file.get());
        text.append(piece.data(), got);
        if (got == piece.size()) continue;
        if (std::ferror(file.get()) != 0) return unreadable(path);
        return text;
    }
}

std::optional<std::string> read_line(const std::string& path) {
    auto text = read_file(path);
    if (!text) return std::nullopt;
    if (!text->empty() && text->back() == '\n') text->pop_back();
    return *text;
}

std::optional<int> read_number(const std::string& path) {
    const auto text = read_line(path);
    int number = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
        return std::nullopt;
    return number;
}

int write_all(int descriptor, std::string_view bytes, std::optional<std::uint64_t> offset) {
    while (!bytes.empty()) {
        const ssize_t done = offset ? pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(*offset))
                                    : write(descriptor, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return done == 0 ? EIO : errno;
        bytes.remove_prefix(static_cast<std::size_t>(done));
        if (offset) *offset += static_cast<std::uint64_t>(done);
    }
    return 0;
}

result<kept_file> kept_file::open(std::string path) {
    descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (opened.get() < 0) return unreadable(path);
    return kept_file(std::move(path), std::move(opened));
}

result<void> kept_file::read(const std::function<void(std::string_view)>& take) const {
    std::vector<char> piece(65536);
    off_t at = 0;
    while (true) {
        const ssize_t got = pread(opened_.get(), piece.data(), piece.size(), at);
        if (got == 0) return {};
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return unreadable(path_);
        take(std::string_view(piece.data(), static_cast<std::size_t>(got)));
        at += got;
    }
}

result<std::string> kept_file::read() const {
    std::string text;
    if (auto done = read([&text](std::string_view piece) { text += piece; }); !done)
        return tl::unexpected(done.error());
    return text;
}

} // namespace irqscope::host

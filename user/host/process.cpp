// SPDX-License-Identifier: BSD-2-Clause
#include "host/process.hpp"

#include "host/files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace irqscope::host {

result<process> process::open(pid_t id, const std::string& what) {
    process made(id, descriptor(static_cast<int>(syscall(SYS_pidfd_open, id, 0))));
    if (made.handle_.get() < 0)
        return failure(exit_status::not_possible, errno == ENOSYS
                                                      ? fmt::format("{} needs a kernel of 5.6 or later", what)
                                                      : fmt::format("{}: there is no such process", what));
    made.look_at_name();
    return made;
}

void process::look_at_name() { name_ = read_line(fmt::format("/proc/{}/comm", id_)).value_or("?"); }

bool process::has_mapped(const std::string& what) const {
    const auto maps = read_file(fmt::format("/proc/{}/maps", id_));
    return maps && maps->find(what) != std::string::npos;
}

bool process::has_ended() const {
    pollfd one{handle_.get(), POLLIN, 0};
    return poll(&one, 1, 0) > 0;
}

result<std::vector<int>> process::descriptors_of(const std::string& kind) const {
    std::vector<int> numbers;
    std::error_code wrong;
    std::filesystem::directory_iterator at(fmt::format("/proc/{}/fd", id_), wrong);
    for (; !wrong && at != std::filesystem::directory_iterator(); at.increment(wrong)) {
        std::error_code gone;
        const std::string name = at->path().filename();
        if (int number = 0; std::filesystem::read_symlink(at->path(), gone) == kind && !gone &&
                            std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc{})
            numbers.push_back(number);
    }
    if (wrong) return failure(exit_status::failed, wrong.message());
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

descriptor process::borrow(int number) const {
    return descriptor(static_cast<int>(syscall(SYS_pidfd_getfd, handle_.get(), number, 0)));
}

std::optional<std::string> process::status_field(const std::string& name) const {
    const auto text = read_file(fmt::format("/proc/{}/status", id_));
    const std::size_t at = text ? text->find('\n' + name + ":\t") : std::string::npos;
    if (at == std::string::npos) return std::nullopt;
    const std::size_t start = at + name.size() + 3;
    return text->substr(start, text->find('\n', start) - start);
}

std::optional<bool> process::catches(int signal) const {
    const auto text = status_field("SigCgt");
    std::uint64_t mask = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), mask, 16).ec != std::errc{})
        return std::nullopt;
    return (mask >> static_cast<unsigned>(signal - 1) & 1U) != 0;
}

bool process::is_ours() const {
    const auto text = status_field("Uid"); // real, effective, saved, file system
    return text && std::strtoul(text->c_str(), nullptr, 10) == getuid();
}

int process::send(int signal) const {
    return syscall(SYS_pidfd_send_signal, handle_.get(), signal, nullptr, 0) == 0 ? 0 : errno;
}

} // namespace irqscope::host

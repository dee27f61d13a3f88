// SPDX-License-Identifier: BSD-2-Clause
#include "perf/control.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace irqscope::perf {

namespace {

constexpr std::string_view scheme = "fifo:";

result<host::descriptor> open_fifo(const std::string& path) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0 || !S_ISFIFO(about.st_mode))
        return failure(exit_status::usage, fmt::format("--perf-control: {} is no fifo; make it with mkfifo", path));
    host::descriptor made(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (made.get() < 0)
        return failure(exit_status::failed,
                       fmt::format("--perf-control: cannot open {}: {}", path, std::strerror(errno)));
    return made;
}

// What is there is gone.
bool drain(int descriptor) {
    std::array<char, 4096> piece{};
    bool any = false;
    while (read(descriptor, piece.data(), piece.size()) > 0) any = true;
    return any;
}

} // namespace

result<control> control::open(const std::string& text) {
    if (!text.starts_with(scheme) || text.size() == scheme.size())
        return failure(exit_status::usage,
                       fmt::format("--perf-control {}: it is written as perf's own, fifo:CTL[,ACK]", text));
    const std::string paths = text.substr(scheme.size());
    const std::size_t comma = paths.find(',');
    control made;
    auto commands = open_fifo(paths.substr(0, comma));
    if (!commands) return tl::unexpected(commands.error());
    made.commands_ = std::move(*commands);
    if (comma == std::string::npos) return made;
    auto answers = open_fifo(paths.substr(comma + 1));
    if (!answers) return tl::unexpected(answers.error());
    made.answers_ = std::move(*answers);
    return made;
}

void control::turn(bool on, std::uint64_t now_ns) {
    if (sent_ns_) hear(now_ns);
    if (!sent_ns_ && on != on_) send(on, now_ns);
}

void control::send(bool on, std::uint64_t now_ns) {
    const std::string_view word = on ? "enable\n" : "disable\n";
    on_ = on;
    if (!again_) (on ? counts_.enables : counts_.disables)++;
    if (answers_.get() >= 0) drain(answers_.get()); // one that came too late
    sent_ns_ = now_ns;
    // else it is full of what others have written, and nobody reads
    if (write(commands_.get(), word.data(), word.size()) != static_cast<ssize_t>(word.size())) return;
    is_written_ = true;
}

void control::hear(std::uint64_t now_ns) {
    int unread = 0;
    if (ioctl(commands_.get(), FIONREAD, &unread) != 0) unread = 0;
    const bool answered = is_written_ && (answers_.get() >= 0 ? drain(answers_.get()) : unread == 0);
    if (!answered && now_ns - *sent_ns_ < patience_ns) return;
    if (unread != 0 && is_written_ && !answered) drain(commands_.get()); // or a perf that comes later would obey it
    const bool was_written = std::exchange(is_written_, false);
    sent_ns_.reset();
    if (!answered) return fail(unread != 0 || !was_written ? outcome::unread : outcome::unanswered);
    last_ = outcome::answered;
    again_ = false;
}

void control::fail(outcome how) {
    if (!again_) (how == outcome::unread ? counts_.unread : counts_.unanswered)++;
    last_ = how;
    again_ = true;
    on_ = !on_; // it is as it was
}

} // namespace irqscope::perf

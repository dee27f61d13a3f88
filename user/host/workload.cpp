// SPDX-License-Identifier: BSD-2-Clause
#include "host/workload.hpp"

#include "host/command.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace irqscope::host {

namespace {

struct channel {
    class descriptor in;
    class descriptor out;

    bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        out = host::descriptor(ends[0]);
        in = host::descriptor(ends[1]);
        return true;
    }
};

// Between fork and exec: nothing but system calls.
[[noreturn]] void become(char* const* arguments, int gate, int failed) {
    char go = 0;
    if (read(gate, &go, 1) != 1) _exit(127); // nobody will open it any more
    become_command(arguments, failed);
}

} // namespace

workload::workload(workload&& other) noexcept
    : name_(std::move(other.name_)), id_(std::exchange(other.id_, -1)), status_(other.status_),
      pidfd_(std::move(other.pidfd_)), gate_(std::move(other.gate_)), failed_(std::move(other.failed_)) {}

workload::~workload() {
    if (id_ < 0 || status()) return;
    gate_.reset();
    kill(id_, SIGTERM);
}

result<workload> workload::prepare(const std::vector<std::string>& command) {
    if (auto found = find_command(command.front()); !found) return tl::unexpected(found.error());
    workload made;
    made.name_ = command.front();
    channel gate;
    channel failed;
    if (!gate.open() || !failed.open())
        return failure(exit_status::failed, fmt::format("cannot run {}: {}", made.name_, std::strerror(errno)));
    const std::vector<char*> arguments = arguments_of(command);
    made.id_ = fork();
    if (made.id_ == 0) {
        close(gate.in.get()); // or it would hold its own gate open
        become(arguments.data(), gate.out.get(), failed.in.get());
    }
    if (made.id_ < 0)
        return failure(exit_status::failed, fmt::format("cannot run {}: {}", made.name_, std::strerror(errno)));
    made.gate_ = std::move(gate.in);
    made.failed_ = std::move(failed.out);
    made.pidfd_ = host::descriptor(static_cast<int>(syscall(SYS_pidfd_open, made.id_, 0))); // 5.3
    if (made.pidfd_.get() < 0)
        return failure(exit_status::failed, fmt::format("cannot watch {}: {}", made.name_, std::strerror(errno)));
    fcntl(made.pidfd_.get(), F_SETFD, FD_CLOEXEC);
    return made;
}

result<void> workload::go() {
    int reason = 0;
    if (write(gate_.get(), "", 1) != 1)
        return failure(exit_status::failed, fmt::format("cannot run {}: it has gone", name_));
    gate_.reset();
    // closed by an exec that succeeds
    if (read(failed_.get(), &reason, sizeof(reason)) == static_cast<ssize_t>(sizeof(reason)))
        return failure(exit_status::failed, fmt::format("cannot run {}: {}", name_, std::strerror(reason)));
    return {};
}

std::optional<int> workload::status() {
    int raw = 0;
    if (!status_ && id_ >= 0 && waitpid(id_, &raw, WNOHANG) == id_)
        status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return status_;
}

} // namespace irqscope::host

// SPDX-License-Identifier: BSD-2-Clause
#include "host/errand.hpp"

#include "host/affinity.hpp"
#include "host/command.hpp"
#include "host/files.hpp"
#include "host/system.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace irqscope::host {

namespace {

constexpr std::uint64_t grace_ns = 1'000'000'000; // from SIGTERM to SIGKILL

tl::unexpected<error> cannot_run(const std::string& what) {
    return failure(exit_status::failed, fmt::format("cannot run {}: {}", what, std::strerror(errno)));
}

// A file in memory, read from its start: the command need not read it, and nobody waits until it does.
descriptor file_of(const std::string& text) {
    descriptor file(memfd_create("irqscope", MFD_CLOEXEC));
    std::size_t done = 0;
    while (file.get() >= 0 && done < text.size()) {
        const ssize_t wrote = write(file.get(), text.data() + done, text.size() - done);
        if (wrote < 0) return descriptor();
        done += static_cast<std::size_t>(wrote);
    }
    if (file.get() >= 0 && lseek(file.get(), 0, SEEK_SET) != 0) return descriptor();
    return file;
}

// Between fork and exec: nothing but system calls.
[[noreturn]] void become(char* const* arguments, int in, int failed, const std::vector<int>& cpus) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // it has nobody then who sees to its limit
    sigset_t none;
    sigemptyset(&none);
    setsid();
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL); // NOLINT(cert-err33-c): not all can be set
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const sched_param usual{};
    sched_setscheduler(0, SCHED_OTHER, &usual);
    run_on(0, cpus);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) give_up(failed);
    become_command(arguments, failed);
}

// Processes whose parent is that one.
std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
        const std::string name = entry.path().filename();
        pid_t id = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), id).ec != std::errc{}) continue;
        const auto stat = read_line(entry.path() / "stat"); // "1 (a name) S 0 ..": the name may hold anything
        const std::size_t behind = stat ? stat->rfind(") ") : std::string::npos;
        pid_t its = 0;
        if (behind == std::string::npos || stat->size() < behind + 5) continue;
        std::from_chars(stat->data() + behind + 4, stat->data() + stat->size(), its);
        if (its == parent) found.push_back(id);
    }
    return found;
}

} // namespace

result<void> errand::adopt() {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return cannot_run("commands");
    return {};
}

result<errand> errand::start(const std::vector<std::string>& command, const std::string& input, std::uint64_t limit_ns,
                             const std::vector<int>& cpus) {
    errand made;
    const descriptor in = file_of(input);
    std::array<int, 2> ends{-1, -1};
    if (in.get() < 0 || pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return cannot_run(command.front());
    made.failed_ = descriptor(ends[0]);
    const descriptor failed(ends[1]);
    const std::vector<char*> arguments = arguments_of(command);
    made.start_ns_ = monotonic_ns();
    made.until_ns_ = made.start_ns_ + limit_ns;
    made.id_ = fork();
    if (made.id_ == 0) become(arguments.data(), in.get(), failed.get(), cpus);
    if (made.id_ < 0) return cannot_run(command.front());
    return made;
}

void errand::kill_all(int with) const {
    if (!ended_ && kill(-id_, with) != 0) kill(id_, with); // it has no session of its own yet
    for (const pid_t one : children_of(getpid()))          // adopted: what the command, gone or killed, left behind
        if (one != id_ || ended_) kill(one, with);
}

std::optional<errand::end> errand::look(std::uint64_t now_ns) {
    pid_t one = 0;
    int status = 0;
    while ((one = waitpid(-1, &status, WNOHANG)) > 0) {
        if (one != id_) continue;
        ended_ = true;
        so_far_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        int reason = 0;
        if (read(failed_.get(), &reason, sizeof(reason)) == static_cast<ssize_t>(sizeof(reason)))
            so_far_.reason = reason;
    }
    if (one < 0 && errno == ECHILD) { // nothing of it is left
        so_far_.took_ns = now_ns - start_ns_;
        return so_far_;
    }
    if (now_ns < until_ns_) return std::nullopt;
    so_far_.killed = true;
    if (killed_ns_ == 0) {
        killed_ns_ = now_ns;
        so_far_.had_ended = ended_;
        kill_all(SIGTERM);
    } else if (now_ns - killed_ns_ >= grace_ns) {
        kill_all(SIGKILL); // again and again: what a killed one leaves behind is adopted only then
    }
    return std::nullopt;
}

} // namespace irqscope::host

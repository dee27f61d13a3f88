// SPDX-License-Identifier: BSD-2-Clause
#include "host/child.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace irqscope::host {

namespace {

struct channel {
    int read_end = -1;
    int write_end = -1;

    bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read_end = ends[0];
        write_end = ends[1];
        return true;
    }
    static void close_end(int& end) {
        if (end >= 0) close(end);
        end = -1;
    }
    void close_both() {
        close_end(read_end);
        close_end(write_end);
    }
};

// Between fork and exec: nothing but system calls.
[[noreturn]] void become(char* const* arguments, pid_t parent, int out, int err) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() == parent && dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0)
        execv("/proc/self/exe", arguments);
    _exit(127);
}

} // namespace

struct child::implementation {
    pid_t id = -1;
    channel out;
    channel err;
    std::mutex guard; // of what follows
    std::condition_variable changed;
    std::string out_text;
    std::string err_text;
    bool ended = false; // both pipes are closed
    std::thread reader;

    implementation() = default;
    implementation(const implementation&) = delete;
    implementation& operator=(const implementation&) = delete;
    implementation(implementation&&) = delete;
    implementation& operator=(implementation&&) = delete;
    ~implementation() {
        if (id > 0) {
            kill(id, SIGKILL);
            reap();
        }
        if (reader.joinable()) reader.join();
        out.close_both();
        err.close_both();
    }

    void read_all();
    int reap();
};

void child::implementation::read_all() {
    std::array<pollfd, 2> both{pollfd{out.read_end, POLLIN, 0}, pollfd{err.read_end, POLLIN, 0}};
    std::array<std::string*, 2> to{&out_text, &err_text};
    std::array<char, 65536> piece{};
    while (both[0].fd >= 0 || both[1].fd >= 0) {
        if (poll(both.data(), both.size(), -1) < 0 && errno != EINTR) break;
        for (std::size_t i = 0; i < both.size(); i++) {
            if (both.at(i).fd < 0 || both.at(i).revents == 0) continue;
            const ssize_t got = read(both.at(i).fd, piece.data(), piece.size());
            const std::lock_guard lock(guard);
            if (got > 0) to.at(i)->append(piece.data(), static_cast<std::size_t>(got));
            if (got == 0 || (got < 0 && errno != EINTR)) both.at(i).fd = -1; // poll passes over it
            changed.notify_all();
        }
    }
    const std::lock_guard lock(guard);
    ended = true;
    changed.notify_all();
}

int child::implementation::reap() {
    int status = 0;
    while (waitpid(id, &status, 0) < 0 && errno == EINTR) {
    }
    id = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

child::child() : inner_(std::make_unique<implementation>()) {}
child::child(child&& other) noexcept = default;
child& child::operator=(child&& other) noexcept = default;
child::~child() = default;

result<child> child::start(const std::vector<std::string>& arguments) {
    child made;
    implementation& inner = *made.inner_;
    if (!inner.out.open() || !inner.err.open())
        return failure(exit_status::failed, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    std::vector<std::string> words{"irqscope"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t id = fork();
    if (id < 0) return failure(exit_status::failed, fmt::format("cannot start a process: {}", std::strerror(errno)));
    if (id == 0) become(pointers.data(), parent, inner.out.write_end, inner.err.write_end);
    inner.id = id;
    channel::close_end(inner.out.write_end);
    channel::close_end(inner.err.write_end);
    inner.reader = std::thread([&inner] { inner.read_all(); });
    return made;
}

bool child::wait_for(const std::string& text, std::chrono::milliseconds time) {
    std::unique_lock lock(inner_->guard);
    const auto is_there = [&] { return inner_->err_text.find(text) != std::string::npos; };
    inner_->changed.wait_for(lock, time, [&] { return inner_->ended || is_there(); });
    return is_there();
}

child_outcome child::finish(std::chrono::milliseconds time) {
    kill(inner_->id, SIGINT);
    {
        std::unique_lock lock(inner_->guard);
        if (!inner_->changed.wait_for(lock, time, [this] { return inner_->ended; })) kill(inner_->id, SIGKILL);
    }
    const int status = inner_->reap();
    inner_->reader.join();
    return {status, std::move(inner_->out_text), std::move(inner_->err_text)};
}

} // namespace irqscope::host

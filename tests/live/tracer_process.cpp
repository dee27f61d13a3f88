// SPDX-License-Identifier: BSD-2-Clause
#include "live/tracer_process.hpp"

#include "host/files.hpp"
#include "host/system.hpp"
#include "live/support.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sched.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace irqscope::live {

namespace {

constexpr std::uint64_t to_attach_ns = 30'000'000'000;

// Between fork and exec: nothing but system calls.
[[noreturn]] void become(const char* path, char* const* arguments, int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0) execv(path, arguments);
    _exit(127);
}

} // namespace

tracer_process::tracer_process(const std::vector<std::string>& arguments) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const std::string path = binary();
    std::vector<std::string> words{path};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    id_ = fork();
    if (id_ == 0) become(path.c_str(), pointers.data(), ends[1]);
    close(ends[1]);
    pipe_ = ends[0];
    if (id_ < 0) throw std::runtime_error("no process");
    listener_ = std::thread([this] { listen(); });
    if (!first([](const std::string&) { return true; }, to_attach_ns))
        throw std::runtime_error("the tracer says nothing");
}

tracer_process::~tracer_process() {
    if (id_ > 0) {
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
    }
    listener_.join();
    close(pipe_);
}

void tracer_process::listen() {
    sched_param parameter{};
    parameter.sched_priority = sched_get_priority_max(SCHED_FIFO); // before the tracer's own threads
    sched_setscheduler(0, SCHED_FIFO, &parameter);
    std::string rest;
    std::array<char, 65536> piece{};
    while (true) {
        const ssize_t got = read(pipe_, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        const std::uint64_t now = host::monotonic_ns();
        const std::lock_guard lock(guard_);
        changed_.notify_all();
        if (got <= 0) break;
        rest.append(piece.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
            lines_.push_back({now, rest.substr(0, end)});
    }
    const std::lock_guard lock(guard_);
    ended_ = true;
}

void tracer_process::listen_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (pthread_setaffinity_np(listener_.native_handle(), sizeof(set), &set) != 0)
        throw std::runtime_error(fmt::format("no thread on CPU {}", cpu));
}

std::optional<told_line> tracer_process::first(const std::function<bool(const std::string& line)>& of,
                                               std::uint64_t patience_ns) {
    std::unique_lock lock(guard_);
    std::optional<told_line> found;
    std::size_t looked = 0;
    changed_.wait_for(lock, std::chrono::nanoseconds(patience_ns), [&] {
        for (; !found && looked < lines_.size(); looked++)
            if (of(lines_[looked].text)) found = lines_[looked];
        return found || ended_;
    });
    return found;
}

void tracer_process::forget() {
    const std::lock_guard lock(guard_);
    lines_.clear();
}

std::vector<pid_t> tracer_process::threads() const {
    std::vector<pid_t> all;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", id_)))
        all.push_back(std::stoi(entry.path().filename()));
    std::sort(all.begin(), all.end(), [this](pid_t a, pid_t b) { return (a == id_) != (b == id_) ? a == id_ : a < b; });
    return all;
}

// Field 39 of proc(5)'s stat; the second may hold anything up to its last ')'.
int tracer_process::cpu_of(pid_t thread) const {
    constexpr int fields_between = 37;
    const std::string line = must(host::read_file(fmt::format("/proc/{}/task/{}/stat", id_, thread)));
    std::size_t at = line.rfind(')');
    for (int i = 0; i < fields_between && at != std::string::npos; i++) at = line.find(' ', at + 1);
    int cpu = -1;
    if (at != std::string::npos) std::from_chars(line.data() + at + 1, line.data() + line.size(), cpu);
    if (cpu < 0) throw std::runtime_error(fmt::format("where does it run? {}", line));
    return cpu;
}

// The first number of schedstat (Documentation/scheduler/sched-stats.rst).
std::uint64_t tracer_process::cpu_time_ns() const {
    std::uint64_t sum = 0;
    for (const pid_t thread : threads())
        sum += std::stoull(must(host::read_file(fmt::format("/proc/{}/task/{}/schedstat", id_, thread))));
    return sum;
}

void tracer_process::interrupt() const { kill(id_, SIGINT); }

std::uint64_t tracer_process::gone() {
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    if (status != 0) throw std::runtime_error(fmt::format("the tracer ended with status {}", status));
    return host::monotonic_ns();
}

} // namespace irqscope::live

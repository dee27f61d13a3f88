// SPDX-License-Identifier: BSD-2-Clause
// The binary under test as a process of its own, each of its lines with the time at which it came out of the pipe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace irqscope::live {

struct told_line {
    std::uint64_t at_ns = 0; // CLOCK_MONOTONIC
    std::string text;
};

class tracer_process {
public:
    // Waits until it says something: that it watches, or an interval's line. Throws if it does not.
    explicit tracer_process(const std::vector<std::string>& arguments);
    tracer_process(const tracer_process&) = delete;
    tracer_process& operator=(const tracer_process&) = delete;
    tracer_process(tracer_process&&) = delete;
    tracer_process& operator=(tracer_process&&) = delete;
    ~tracer_process(); // ends it, if it has not ended

    // From now on lines are taken by a thread on that CPU.
    void listen_on(int cpu);
    // The first line that has come, or comes in that time, of which this holds.
    std::optional<told_line> first(const std::function<bool(const std::string& line)>& of, std::uint64_t patience_ns);
    // Lines that came before are no longer looked at.
    void forget();

    // Its threads, the main thread first.
    [[nodiscard]] std::vector<pid_t> threads() const;
    // Where that thread runs, or ran when it fell asleep.
    [[nodiscard]] int cpu_of(pid_t thread) const;

    // That its threads have had so far.
    [[nodiscard]] std::uint64_t cpu_time_ns() const;

    void interrupt() const; // SIGINT
    // Waits until it has gone; when that was. Throws if its status is not 0.
    std::uint64_t gone();

private:
    void listen();

    pid_t id_ = -1;
    int pipe_ = -1;
    std::mutex guard_; // of what follows
    std::condition_variable changed_;
    std::vector<told_line> lines_;
    bool ended_ = false;
    std::thread listener_;
};

} // namespace irqscope::live

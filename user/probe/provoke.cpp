// SPDX-License-Identifier: BSD-2-Clause
#include "probe/provoke.hpp"

#include "host/descriptor.hpp"
#include "host/files.hpp"
#include "host/system.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace irqscope::probe {

namespace {

using host::descriptor;
using model::injection;

tl::unexpected<error> broken(const char* what) {
    return failure(exit_status::failed, fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

void sleep_until(std::uint64_t ns) {
    timespec time{};
    time.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
    time.tv_nsec = static_cast<long>(ns % 1'000'000'000);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

constexpr std::uint64_t ms = 1'000'000;

void sleep_for(std::uint64_t ns) { sleep_until(host::monotonic_ns() + ns); }

// A thread on one CPU. Its end is waited for, but not at that CPU's mercy: when `over` says so and it has not ended
// shortly after (somebody else has the CPU for himself), it is sent to wherever this process may run.
class pinned_thread {
public:
    pinned_thread(int cpu, std::function<bool()> over, std::function<result<void>()> work) : over_(std::move(over)) {
        sched_getaffinity(0, sizeof(anywhere_), &anywhere_);
        thread_ = std::thread([this, cpu, work = std::move(work)] {
            {
                const std::lock_guard lock(guard_);
                id_ = gettid();
            }
            auto done = pin(cpu);
            if (done) done = work();
            const std::lock_guard lock(guard_);
            outcome_ = std::move(done);
            ended_ = true;
            changed_.notify_all();
        });
    }
    pinned_thread(const pinned_thread&) = delete;
    pinned_thread& operator=(const pinned_thread&) = delete;
    pinned_thread(pinned_thread&&) = delete;
    pinned_thread& operator=(pinned_thread&&) = delete;
    ~pinned_thread() {
        if (thread_.joinable()) join();
    }

    result<void> join() {
        {
            std::unique_lock lock(guard_);
            bool late = false;
            while (!changed_.wait_for(lock, std::chrono::milliseconds(300), [this] { return ended_; })) {
                // one more turn after it is over, so that it ends in peace
                if (late && id_ != 0) sched_setaffinity(id_, sizeof(anywhere_), &anywhere_);
                late = over_();
            }
        }
        thread_.join();
        return outcome_;
    }

private:
    static result<void> pin(int cpu) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(cpu), &set);
        if (sched_setaffinity(0, sizeof(set), &set) == 0) return {};
        return failure(exit_status::usage, fmt::format("cannot run a thread on CPU {}: {}", cpu, std::strerror(errno)));
    }

    std::function<bool()> over_;
    cpu_set_t anywhere_{};
    std::mutex guard_;
    std::condition_variable changed_;
    pid_t id_ = 0;
    bool ended_ = false;
    result<void> outcome_;
    std::thread thread_;
};

result<std::uint32_t> self(const stage& on) {
    if (const auto number = on.who()) return *number;
    return failure(exit_status::failed, "the kernel does not tell a BPF program which thread runs it");
}

// A UDP socket whose datagrams go over loopback, to one that nobody reads: its queue fills, and the rest is dropped,
// with no answer on the wire.
class loopback {
public:
    static result<loopback> make() {
        loopback made;
        made.receiver_ = descriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        made.sender_ = descriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* where = reinterpret_cast<sockaddr*>(&address); // the socket API's way
        if (made.receiver_.get() < 0 || made.sender_.get() < 0 || bind(made.receiver_.get(), where, size) != 0 ||
            getsockname(made.receiver_.get(), where, &size) != 0 || connect(made.sender_.get(), where, size) != 0)
            return no_network();
        return made;
    }

    [[nodiscard]] result<void> send() const {
        const char byte = 0;
        if (::send(sender_.get(), &byte, 1, 0) == 1) return {};
        return no_network();
    }

private:
    static tl::unexpected<error> no_network() {
        return failure(exit_status::not_possible,
                       fmt::format("cannot send over the loopback interface: {}", std::strerror(errno)));
    }

    descriptor receiver_;
    descriptor sender_;
};

// 'S' of "812 (irqscope) S 1 ...", proc(5); the name may hold anything.
bool sleeps(pid_t thread) {
    const auto line = host::read_line(fmt::format("/proc/self/task/{}/stat", thread));
    const std::size_t end = line ? line->rfind(')') : std::string::npos;
    return end != std::string::npos && end + 2 < line->size() && (*line)[end + 2] == 'S';
}

// Wakes a thread that sleeps on a pipe of its own. The calling thread holds the CPU; the woken one is there too, so that
// no other CPU has a part in it.
result<void> wake(const stage& on) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return broken("make a pipe");
    const descriptor read_end(ends[0]);
    descriptor write_end(ends[1]);

    std::mutex guard;
    pid_t id = 0;
    result<std::uint32_t> number = failure(exit_status::failed, "");
    pinned_thread sleeper(on.cpu, on.over, [&]() -> result<void> {
        {
            const std::lock_guard lock(guard);
            number = self(on);
            id = gettid();
        }
        char byte = 0;
        while (read(read_end.get(), &byte, 1) == 1) {
        }
        return {};
    });
    const auto is_asleep = [&] {
        const std::lock_guard lock(guard);
        return id != 0 && sleeps(id);
    };
    while (!on.over() && !is_asleep()) sleep_for(ms / 4);
    {
        const std::lock_guard lock(guard);
        if (number) on.arm(*number);
    }
    result<void> written;
    while (written && !on.over()) {
        const char byte = 0;
        if (is_asleep() && write(write_end.get(), &byte, 1) != 1) written = broken("write to a pipe");
        if (!on.over()) sleep_for(ms);
    }
    write_end.reset(); // ends the sleeper, also when the write failed
    if (auto done = sleeper.join(); !done) return done;
    return number ? written : tl::unexpected(number.error());
}

result<void> send_packets(const stage& on, std::uint64_t pause_ns) {
    const auto number = self(on);
    if (!number) return tl::unexpected(number.error());
    const auto packets = loopback::make();
    if (!packets) return tl::unexpected(packets.error());
    on.arm(*number);
    while (!on.over()) {
        if (auto done = packets->send(); !done) return done;
        if (pause_ns != 0 && !on.over()) sleep_for(pause_ns);
    }
    return {};
}

// Packets all the time, and beside them a timer of the timer wheel on the same CPU that is due at each tick: sleepers
// have hrtimers today, but a socket's receive timeout is one (schedule_timeout).
result<void> send_packets_before_timers(const stage& on) {
    pinned_thread timers(on.cpu, on.over, [&on]() -> result<void> {
        const descriptor silent(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const timeval soon{0, 1000};
        if (silent.get() < 0 || setsockopt(silent.get(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)) != 0)
            return broken("set a socket's timeout");
        char byte = 0;
        while (!on.over()) (void)recv(silent.get(), &byte, 1, 0);
        return {};
    });
    auto sent = send_packets(on, 0);
    auto timed = timers.join();
    return sent ? timed : sent;
}

// In user space, so that a perf event on this CPU finds neither the idle task nor the kernel.
result<void> keep_busy(const stage& on) {
    on.arm(0);
    std::uint64_t until = 0;
    while (!on.over())
        for (until = host::monotonic_ns() + ms / 4; host::monotonic_ns() < until;) {
        }
    return {};
}

// Queues of a disk belong to CPUs: what this CPU asks for is answered by an interrupt of its own, or by the one CPU that
// the disk's only interrupt goes to.
result<void> read_disk(const stage& on) {
    constexpr std::size_t block = 4096;
    const descriptor file(open(on.file.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
    struct stat status {};
    const std::unique_ptr<void, decltype(&std::free)> room(std::aligned_alloc(block, block), std::free);
    const auto no_disk = [&on](const std::string& why) {
        return failure(exit_status::not_possible,
                       fmt::format("cannot read {} from its disk with O_DIRECT: {}", on.file, why));
    };
    if (file.get() < 0 || fstat(file.get(), &status) != 0) return no_disk(std::strerror(errno));
    const std::uint64_t blocks = static_cast<std::uint64_t>(status.st_size) / block;
    if (blocks == 0 || !room) return no_disk("it is smaller than 4 KiB");
    on.arm(0);
    for (std::uint64_t i = 0; !on.over(); i++) {
        if (pread(file.get(), room.get(), block, static_cast<off_t>(i % blocks * block)) < 0)
            return no_disk(std::strerror(errno));
        if (!on.over()) sleep_for(ms);
    }
    return {};
}

// Sleeps, so that the CPU goes idle if nobody else wants it, and an hrtimer of this thread's ends that.
result<void> sleep_again_and_again(const stage& on, std::uint64_t length_ns) {
    const auto number = self(on);
    if (!number) return tl::unexpected(number.error());
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); // of this thread alone: due when it is due
    std::uint64_t due = on.at_ns.value_or(host::monotonic_ns() + length_ns);
    on.arm(*number);
    while (!on.over()) {
        sleep_until(due);
        due = host::monotonic_ns() + length_ns;
    }
    return {};
}

result<void> work(injection what, const stage& on) {
    switch (what) {
    case injection::irq_off: return wake(on);
    case injection::softirq_off:
    case injection::net_rx_softirq: return send_packets(on, ms);
    case injection::timer_interrupt: return keep_busy(on);
    case injection::device_interrupt: return read_disk(on);
    case injection::timer_softirq: return send_packets_before_timers(on);
    case injection::timer_hold:
    case injection::idle_entry:
    case injection::idle_leave: return sleep_again_and_again(on, 2 * ms);
    }
    return {};
}

} // namespace

result<void> provoke(injection what, const stage& on) {
    return pinned_thread(on.cpu, on.over, [what, &on] { return work(what, on); }).join();
}

} // namespace irqscope::probe

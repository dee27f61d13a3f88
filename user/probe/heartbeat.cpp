// SPDX-License-Identifier: BSD-2-Clause
#include "probe/heartbeat.hpp"

#include "wire.h"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <linux/perf_event.h>
#include <mutex>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace irqscope::probe {

namespace {

constexpr auto patience = std::chrono::seconds(1); // with all CPUs together

// Runs the work in a thread of its own each and waits for all of them together, but for no longer than our patience.
// A thread that a CPU keeps waiting stays behind, and owns what it works on.
template <typename T, typename F>
void on_each(const std::vector<std::shared_ptr<T>>& objects, F work) {
    struct progress {
        std::mutex guard;
        std::condition_variable changed;
        std::size_t left = 0;
    };
    const auto all = std::make_shared<progress>();
    all->left = objects.size();
    // None of them takes the Ctrl-C for which somebody else waits: one that stays behind would, and end the process.
    sigset_t every;
    sigset_t before;
    sigfillset(&every);
    pthread_sigmask(SIG_BLOCK, &every, &before);
    for (const auto& object : objects)
        std::thread([all, object, work] {
            work(*object);
            const std::lock_guard lock(all->guard);
            all->left--;
            all->changed.notify_one();
        }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::unique_lock lock(all->guard);
    all->changed.wait_for(lock, patience, [&all] { return all->left == 0; });
}

} // namespace

int open_beat(int cpu, std::uint64_t period_ns, std::uint64_t mark) {
    perf_event_attr attributes{};
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.size = sizeof(attributes);
    attributes.config = PERF_COUNT_SW_CPU_CLOCK;
    attributes.sample_period = period_ns;
    attributes.exclude_user = 1;
    attributes.exclude_kernel = 1;
    attributes.pinned = 1; // not stopped and started whenever other people's events come and go
    attributes.config1 = mark;
    const long descriptor = syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    return descriptor < 0 ? -errno : static_cast<int>(descriptor);
}

struct heartbeat::opening {
    int cpu = 0;
    std::mutex guard;
    int descriptor = -1;
    int reason = 0;
    bool abandoned = false; // nobody wants it any more

    ~opening() {
        if (descriptor >= 0) close(descriptor);
    }
    opening() = default;
    opening(const opening&) = delete;
    opening& operator=(const opening&) = delete;
    opening(opening&&) = delete;
    opening& operator=(opening&&) = delete;

    void open(std::uint64_t period_ns, std::uint64_t mark) {
        const int opened = open_beat(cpu, period_ns, mark);
        const std::lock_guard lock(guard);
        if (opened < 0)
            reason = -opened;
        else if (abandoned)
            close(opened);
        else
            descriptor = opened;
    }
    void shut() {
        int open = -1;
        {
            const std::lock_guard lock(guard);
            abandoned = true;
            open = std::exchange(descriptor, -1);
        }
        if (open >= 0) close(open);
    }
    bool beats() {
        const std::lock_guard lock(guard);
        return descriptor >= 0;
    }
};

heartbeat::heartbeat(std::uint64_t period_ns, std::uint64_t run_mark) : period_ns_(period_ns), run_mark_(run_mark) {}

heartbeat::~heartbeat() {
    std::vector<int> all;
    for (const auto& [cpu, event] : events_) all.push_back(cpu);
    stop(all);
}

void heartbeat::start(const std::vector<int>& cpus) {
    stop(cpus);
    generation_ = (generation_ + 1) & WIRE_BEAT_GENERATIONS;
    std::vector<std::shared_ptr<opening>> wanted;
    for (const int cpu : cpus) {
        auto event = std::make_shared<opening>();
        event->cpu = cpu;
        events_[cpu] = event;
        wanted.push_back(std::move(event));
    }
    const std::uint64_t mark = run_mark_ | generation_;
    on_each(wanted, [period = period_ns_, mark](opening& event) { event.open(period, mark); });
    for (const auto& event : wanted) {
        const std::lock_guard lock(event->guard);
        if (event->reason != 0) refused_ = event->reason;
    }
}

void heartbeat::stop(const std::vector<int>& cpus) {
    std::vector<std::shared_ptr<opening>> unwanted;
    for (const int cpu : cpus)
        if (const auto found = events_.find(cpu); found != events_.end()) {
            unwanted.push_back(found->second);
            events_.erase(found);
        }
    on_each(unwanted, [](opening& event) { event.shut(); });
}

std::vector<int> heartbeat::beating() const {
    std::vector<int> cpus;
    for (const auto& [cpu, event] : events_)
        if (event->beats()) cpus.push_back(cpu);
    return cpus;
}

std::vector<int> heartbeat::asked_for() const {
    std::vector<int> cpus;
    for (const auto& [cpu, event] : events_) cpus.push_back(cpu);
    return cpus;
}

} // namespace irqscope::probe

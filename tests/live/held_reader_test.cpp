// SPDX-License-Identifier: BSD-2-Clause
// The very CPU that one of the tool's own threads sleeps on is held: what is to be told must not wait for it.
#include "host/cpus.hpp"
#include "host/descriptor.hpp"
#include "host/system.hpp"
#include "live/hog.hpp"
#include "live/support.hpp"
#include "live/tracer_process.hpp"
#include "load/load.hpp"
#include "probe/injector.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <future>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>

namespace irqscope::live {

namespace {

using model::injection;
using model::truth;
using probe::injector;

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t hold_ns = 190 * ms;
constexpr int times = 10;
constexpr int enough = 9; // the hypervisor may spoil one

using words = std::vector<std::string>;

void sleep_ms(std::uint64_t count) { std::this_thread::sleep_for(std::chrono::milliseconds(count)); }

double in_ms(std::uint64_t from_ns, std::uint64_t to_ns) {
    return (static_cast<double>(to_ns) - static_cast<double>(from_ns)) / 1e6;
}

int another_than(int cpu) {
    const auto cpus = must(host::online_cpus());
    return cpus.back() != cpu ? cpus.back() : cpus.front();
}

// Whether the line is of a stall like that in the middle of the truth.
std::function<bool(const std::string&)> stall_of(const truth& what, std::string_view kind, std::string_view state) {
    return [what, kind, state](const std::string& line) {
        if (!line.starts_with('{')) return false;
        const auto told = nlohmann::json::parse(line);
        if (told["schema"] != "irqscope.stall/1") return false;
        const auto start_ns = told["start_ns"].get<std::uint64_t>();
        return told["kind"] == kind && told["state"] == state && told["cpu"] == what.cpu && start_ns < what.end_ns &&
               start_ns + told["at_least_ns"].get<std::uint64_t>() > what.start_ns;
    };
}

bool is_summary(const std::string& line) { return line.find("irqscope.stalls_summary") != std::string::npos; }

// The calling thread, to any CPU: an injection needs the one that it holds.
void run_anywhere() {
    cpu_set_t all;
    CPU_ZERO(&all);
    for (const int cpu : must(host::online_cpus())) CPU_SET(static_cast<std::size_t>(cpu), &all);
    sched_setaffinity(0, sizeof(all), &all);
}

// Each packet over loopback is a NET_RX softirq on its sender's CPU. Made beforehand: a process that gives up memory, as
// load::send_datagrams() does with its threads, waits for each CPU that it has run on.
class packet_source {
public:
    packet_source() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* where = reinterpret_cast<sockaddr*>(&address); // the socket API's way
        if (bind(socket_.get(), where, size) != 0 || getsockname(socket_.get(), where, &size) != 0 ||
            connect(socket_.get(), where, size) != 0)
            throw std::runtime_error("no loopback");
    }
    void send() const {
        const char byte = 0;
        (void)::send(socket_.get(), &byte, 1, MSG_DONTWAIT);
    }

private:
    host::descriptor socket_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

// How long after the hold's begin each line came, and how many came while it went on.
class verdict {
public:
    explicit verdict(std::string what) : what_(std::move(what)) {}
    void add(const truth& hold, const std::optional<told_line>& line) {
        tried_++;
        if (!line) return;
        in_time_ += line->at_ns < hold.end_ns ? 1 : 0;
        after_.push_back(in_ms(hold.start_ns, line->at_ns));
    }
    [[nodiscard]] int tried() const { return tried_; }
    void judge() {
        std::sort(after_.begin(), after_.end());
        fmt::print("{}: {} of {} told while it was held; after {:.0f} ms\n", what_, in_time_, tried_,
                   fmt::join(after_, ", "));
        EXPECT_EQ(tried_, times) << what_;
        EXPECT_GE(in_time_, enough) << what_;
    }

private:
    std::string what_;
    std::vector<double> after_;
    int tried_ = 0;
    int in_time_ = 0;
};

// Whether the other CPU runs anything at all while one is held: for as long as interrupts are off there, a task on the
// other one that waits for its answer (it has given memory back, say) keeps everybody from it, whatever their priority.
class lookout {
public:
    explicit lookout(int cpu)
        : thread_([this, cpu] {
              load::pin(cpu);
              sched_param parameter{};
              parameter.sched_priority = sched_get_priority_max(SCHED_FIFO);
              sched_setscheduler(0, SCHED_FIFO, &parameter);
              for (std::uint64_t last = host::monotonic_ns(); !over_;) {
                  sleep_ms(2);
                  const std::uint64_t now = host::monotonic_ns();
                  longest_ns_ = std::max<std::uint64_t>(longest_ns_, now - last);
                  last = now;
              }
          }) {}
    lookout(const lookout&) = delete;
    lookout& operator=(const lookout&) = delete;
    lookout(lookout&&) = delete;
    lookout& operator=(lookout&&) = delete;
    ~lookout() { end(); }

    // The longest time for which nothing ran.
    std::uint64_t end() {
        over_ = true;
        if (thread_.joinable()) thread_.join();
        return longest_ns_;
    }

private:
    std::atomic<bool> over_ = false;
    std::atomic<std::uint64_t> longest_ns_ = 0;
    std::thread thread_;
};

class held_reader : public testing::Test {
protected:
    void SetUp() override {
        if (must(host::online_cpus()).size() < 2) GTEST_SKIP() << "one CPU is online";
    }
    void TearDown() override { run_anywhere(); }

    // The CPU of each of the tracer's threads is held, again and again: what `hold` does there, and the line of it. Where
    // the other CPU was away, too, it does not count, unless it was the tracer that had that CPU.
    static void hold_each(tracer_process& tracer, const std::string& how, const std::function<truth(int cpu)>& hold,
                          const std::function<std::optional<told_line>(const truth& held)>& line) {
        const auto threads = tracer.threads();
        EXPECT_GE(threads.size(), 2U);
        for (std::size_t i = 0; i < threads.size(); i++) {
            verdict seen(fmt::format("the CPU of thread {}, {}", i, how));
            for (int n = 0; n < 3 * times && seen.tried() < times; n++) {
                const int cpu = tracer.cpu_of(threads[i]);
                tracer.listen_on(another_than(cpu));
                sleep_ms(100 + static_cast<std::uint64_t>(n) * 37 % 100); // anywhere in a turn
                tracer.forget();
                const std::uint64_t before_ns = tracer.cpu_time_ns();
                lookout other(another_than(cpu));
                const truth held = hold(cpu);
                const std::uint64_t away_ns = other.end();
                if (away_ns < 50 * ms || tracer.cpu_time_ns() - before_ns > away_ns / 2) seen.add(held, line(held));
            }
            seen.judge();
        }
        tracer.interrupt();
        tracer.gone();
    }
};

} // namespace

// Interrupts are on: the reader's timer fires, and the reader does not get the CPU.
TEST_F(held_reader, softirq_that_holds_it_is_told_while_it_runs) {
    auto with = must(injector::load(injection::net_rx_softirq));
    tracer_process tracer(words{"stalls", "--json", "--softirq-run", "10ms"});
    hold_each(
        tracer, "in a softirq", [&](int cpu) { return must(with.inject(cpu, hold_ns)); },
        [&](const truth& held) { return tracer.first(stall_of(held, "softirq_run", "open"), 500 * ms); });
}

// What happens on another CPU meanwhile: every softirq there is called a stall, and each must be told.
class stalls_elsewhere : public held_reader {
protected:
    // Does it with the CPU and sends packets from another one until it is over.
    void send_while(int cpu, const std::function<truth()>& hold) {
        load::pin(another_than(cpu));
        auto held = std::async(std::launch::async, [&hold] {
            run_anywhere();
            return hold();
        });
        while (held.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) packets_.send();
        run_anywhere();
        last_ = held.get();
    }
    void hold_each_by(const std::string& how, const std::function<truth(int cpu)>& hold) {
        tracer_process tracer(words{"stalls", "--json", "--softirq-run", "1us", "--rate", "100000"});
        hold_each(
            tracer, how,
            [&](int cpu) {
                send_while(cpu, [&] { return hold(cpu); });
                return last_;
            },
            [&](const truth& held) {
                truth elsewhere = held;
                elsewhere.cpu = another_than(held.cpu);
                return tracer.first(stall_of(elsewhere, "softirq_run", "ended"), 500 * ms);
            });
    }

private:
    packet_source packets_;
    truth last_;
};

// Not even the reader's timer fires. Of the hold itself nobody can tell before it is over.
TEST_F(stalls_elsewhere, are_told_while_interrupts_are_off) {
    auto with = must(injector::load(injection::irq_off));
    hold_each_by("interrupts off", [&](int cpu) { return must(with.inject(cpu, hold_ns)); });
}

TEST_F(stalls_elsewhere, are_told_while_a_task_of_higher_priority_runs) {
    hold_each_by("behind a hog", [](int cpu) {
        truth held;
        held.cpu = cpu;
        const hog there(cpu);
        held.start_ns = host::monotonic_ns();
        sleep_ms(hold_ns / ms);
        held.end_ns = host::monotonic_ns();
        return held;
    });
}

// The line of an interval that ends in the middle of it.
TEST_F(held_reader, interval_is_told_while_interrupts_are_off) {
    auto with = must(injector::load(injection::irq_off));
    tracer_process tracer(words{"hist", "--json", "-I", "100ms"});
    hold_each(
        tracer, "and intervals", [&](int cpu) { return must(with.inject(cpu, hold_ns)); },
        [&](const truth& held) {
            const auto ends_there = [&held](const std::string& line) {
                if (!line.starts_with('{')) return false;
                const auto told = nlohmann::json::parse(line);
                return told["start_ns"].get<std::uint64_t>() + told["duration_ns"].get<std::uint64_t>() > held.start_ns;
            };
            return tracer.first(ends_there, 500 * ms);
        });
}

// Ctrl-C while the main thread's CPU is held.
TEST_F(held_reader, report_does_not_wait_for_it) {
    for (const auto kind : {injection::net_rx_softirq, injection::irq_off}) {
        auto with = must(injector::load(kind));
        verdict seen(fmt::format("Ctrl-C, the CPU of the main thread in {}", model::name_of(kind)));
        std::vector<double> gone; // after the hold's end
        for (int n = 0; n < 3 * times && seen.tried() < times; n++) {
            run_anywhere(); // the tracer may run where this thread may
            tracer_process tracer(words{"stalls", "--json"});
            const int cpu = tracer.cpu_of(tracer.threads().front());
            tracer.listen_on(another_than(cpu));
            load::pin(another_than(cpu));
            sleep_ms(200 + static_cast<std::uint64_t>(n) * 37 % 100);
            auto held = std::async(std::launch::async, [&] {
                run_anywhere();
                return must(with.inject(cpu, hold_ns));
            });
            sleep_ms(60);
            const std::uint64_t asked = host::monotonic_ns();
            tracer.interrupt();
            const std::uint64_t left = tracer.gone();
            const truth hold = held.get();
            if (asked < hold.start_ns || asked + 130 * ms > hold.end_ns) continue; // not in the middle of it
            seen.add(hold, tracer.first(is_summary, 500 * ms));
            gone.push_back(in_ms(hold.end_ns, left));
        }
        seen.judge();
        fmt::print("gone {:.0f} ms after its end\n", fmt::join(gone, ", "));
        // With interrupts off it has to wait: the kernel patches its code when the last program goes from a tracepoint.
        const auto early = std::count_if(gone.begin(), gone.end(), [](double after) { return after < 0; });
        EXPECT_GE(early, kind == injection::net_rx_softirq ? enough : 0);
    }
}

} // namespace irqscope::live

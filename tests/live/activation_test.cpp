// SPDX-License-Identifier: BSD-2-Clause
// ksoftirqd starved, hardirq-bound and overloaded, each with a truth that something else wrote down.
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "live/disk_cpus.hpp"
#include "live/storm.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "load/load.hpp"
#include "probe/injector.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace irqscope::live {

namespace {

using model::cause;
using model::part;
using model::stall;
using model::stall_kind;

constexpr int repetitions = 20;
constexpr int needed = 19;
constexpr unsigned packets = 400;
constexpr std::uint64_t ms = 1'000'000;

struct two_cpus {
    int thread; // whose ksoftirqd it is
    int sender;
};

two_cpus places(int thread) {
    const auto cpus = must(host::online_cpus());
    for (const int other : cpus)
        if (other != thread) return {thread, other};
    throw std::runtime_error("one CPU is online");
}

// The longest activation that has ended there, since the last forget().
std::optional<stall> activation_on(const watched& tracer, int cpu) {
    std::optional<stall> longest;
    for (const stall& one : tracer.told())
        if (one.kind == stall_kind::ksoftirqd && one.state == model::stall_state::ended && one.cpu == cpu &&
            (!longest || one.at_least_ns > longest->at_least_ns))
            longest = one;
    return longest;
}

double share(std::uint64_t ns, std::uint64_t of) { return static_cast<double>(ns) / static_cast<double>(of); }

std::string words(const stall& one) {
    std::string text = fmt::format("{:.2f} ms {}", static_cast<double>(one.at_least_ns) / 1e6, model::culprit_of(one));
    for (const part which : model::all_parts)
        if (one.where->at(which) != 0)
            text += fmt::format(" {} {:.1f}%", model::name_of(which),
                                100 * share(one.where->at(which), one.where->length_ns()));
    return text;
}

// Runs it so often, and wants one right activation each time but once.
void expect_right(int cpu, const std::function<void()>& make,
                  const std::function<std::string(const stall&)>& wrong_with) {
    watched tracer({{stall_kind::ksoftirqd, 10 * ms}});
    int right = 0;
    for (int i = 0; i < repetitions; i++) {
        tracer.forget();
        make();
        tracer.settle();
        const auto seen = activation_on(tracer, cpu);
        const std::string wrong = seen ? wrong_with(*seen) : "no activation was told";
        right += wrong.empty() ? 1 : 0;
        fmt::print("{:>2} {}{}{}\n", i, seen ? words(*seen) : "", wrong.empty() ? "" : "  WRONG: ", wrong);
    }
    EXPECT_GE(right, needed) << "of " << repetitions;
}

std::uint64_t count_in(const std::vector<storm_spin>& spins, std::uint64_t start_ns, std::uint64_t end_ns) {
    return static_cast<std::uint64_t>(std::count_if(spins.begin(), spins.end(), [&](const storm_spin& one) {
        return one.start_ns >= start_ns && one.end_ns != 0 && one.end_ns <= end_ns;
    }));
}

} // namespace

TEST(activation, overloaded_by_slow_packets) {
    const auto [cpu, sender] = places(must(host::online_cpus()).back());
    const steered_loopback network(cpu);
    std::unique_ptr<storm> slow;
    expect_right(
        cpu,
        [&, sender = sender, cpu = cpu] {
            slow = std::make_unique<storm>(storm_options{.cpu = cpu});
            network.send(sender, packets);
            sleep_ms(80);
        },
        [&](const stall& one) -> std::string {
            const auto& how = *one.activation;
            if (model::cause_of(*one.where) != cause::overloaded) return "the verdict";
            if (how.vectors.empty() || how.vectors.front().vector != "NET_RX") return "the vector";
            if (how.devices.empty() || how.devices.front().name != "lo" || !how.devices.front().backlog)
                return "the device";
            return how.devices.front().items == 0 ? "no packets" : "";
        });
}

// A task that keeps the CPU for 60 ms more when there is work for ksoftirqd.
TEST(activation, starved_by_a_fifo_hog) {
    const auto [cpu, sender] = places(must(host::online_cpus()).back());
    const steered_loopback network(cpu);
    const storm slow({.cpu = cpu});
    int hog = 0;
    expect_right(
        cpu,
        [&, sender = sender, cpu = cpu] {
            std::atomic<bool> running = false;
            std::atomic<std::uint64_t> until = ~std::uint64_t{0};
            std::thread there([&, cpu] {
                sched_param parameter{};
                parameter.sched_priority = 50;
                if (sched_setscheduler(0, SCHED_FIFO, &parameter) != 0) throw std::runtime_error("SCHED_FIFO");
                load::pin(cpu);
                hog = gettid();
                running = true;
                while (host::monotonic_ns() < until) {
                }
            });
            while (!running) sched_yield();
            network.send(sender, packets / 4);
            until = host::monotonic_ns() + 60 * ms;
            there.join();
            sleep_ms(20);
        },
        [&](const stall& one) -> std::string {
            const auto& how = *one.activation;
            if (model::cause_of(*one.where) != cause::starved) return "the verdict";
            if (how.tasks.empty() || how.tasks.front().pid != hog) return "the task";
            if (model::class_of(how.tasks.front().how) != "SCHED_FIFO") return "its class";
            return model::rt_priority_of(how.tasks.front().how) == 50 ? "" : "its priority";
        });
}

TEST(activation, hardirq_bound_by_the_timer) {
    const auto [cpu, sender] = places(must(host::online_cpus()).back());
    const steered_loopback network(cpu);
    std::unique_ptr<storm> slow;
    expect_right(
        cpu,
        [&, sender = sender, cpu = cpu] {
            slow = std::make_unique<storm>(
                storm_options{.cpu = cpu, .from = thief::timer, .interrupt_ns = 2 * ms, .period_ns = 3 * ms});
            network.send(sender, packets);
            sleep_ms(150);
        },
        [&](const stall& one) -> std::string {
            const auto& how = *one.activation;
            const std::uint64_t window = one.where->length_ns();
            const double truth = share(slow->spun_in(one.where->start_ns, one.where->end_ns), window);
            if (model::cause_of(*one.where) != cause::hardirq_bound) return "the verdict";
            if (how.interrupts.empty() || how.interrupts.front().id.key != "local_timer") return "the source";
            const double seen = share(how.interrupts.front().ns, window);
            return std::abs(seen - truth) <= 0.05 * truth
                       ? ""
                       : fmt::format("{:.1f} % of {:.1f} %", 100 * seen, 100 * truth);
        });
}

// The disk's completions are BLOCK softirqs on the same CPU: what a packet costs must be little, or they and with them the
// next interrupts wait behind NET_RX.
TEST(activation, hardirq_bound_by_the_disk) {
    const auto disk = disk_cpus();
    ASSERT_FALSE(disk.empty()) << "no CPU here gets an interrupt of the disk's";
    const auto [cpu, sender] = places(disk.back());
    auto with = must(probe::injector::load(model::injection::device_interrupt));
    const auto known = must(with.inject(cpu, probe::injector::shortest_ns));
    const steered_loopback network(cpu);
    std::unique_ptr<storm> slow;
    expect_right(
        cpu,
        [&, sender = sender, cpu = cpu] {
            slow = std::make_unique<storm>(storm_options{.cpu = cpu,
                                                         .packet_ns = 20'000,
                                                         .from = thief::device,
                                                         .interrupt_ns = 5 * ms,
                                                         .irq = known.irq.value_or(0)});
            std::thread fio([sender] {
                (void)run(fmt::format(
                    "nice -n -20 fio --name=irqscope --filename=fio-activation.tmp --size=64m --rw=randread --bs=4k "
                    "--direct=1 --ioengine=libaio --iodepth=32 --time_based --runtime=1 "
                    "--cpus_allowed={} --minimal",
                    sender));
            });
            sleep_ms(500);
            network.send(sender, 2 * packets);
            fio.join();
        },
        [&](const stall& one) -> std::string {
            const auto& how = *one.activation;
            const std::uint64_t window = one.where->length_ns();
            const double truth = share(slow->spun_in(one.where->start_ns, one.where->end_ns), window);
            if (model::cause_of(*one.where) != cause::hardirq_bound) return "the verdict";
            if (how.interrupts.empty() || how.interrupts.front().id.irq != known.irq) return "the source";
            const std::uint64_t count = count_in(slow->spins(), one.where->start_ns, one.where->end_ns);
            if (how.interrupts.front().count < count) return "the count";
            const double seen = share(how.interrupts.front().ns, window);
            return std::abs(seen - truth) <= 0.05 * truth
                       ? ""
                       : fmt::format("{:.1f} % of {:.1f} %", 100 * seen, 100 * truth);
        });
    (void)unlink("fio-activation.tmp");
}

} // namespace irqscope::live

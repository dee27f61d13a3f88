// SPDX-License-Identifier: BSD-2-Clause
// Holds in places where simple tracers look away or blame the wrong one: idle CPUs, other people's timers, a heartbeat
// that is restarted, two CPUs at once, vectors that wait for each other, what never ends.
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "live/disk_cpus.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "load/load.hpp"
#include "probe/heartbeat.hpp"
#include "probe/injector.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

namespace irqscope::live {

namespace {

using model::injection;
using model::stall;
using model::stall_kind;
using model::stall_state;
using model::truth;
using probe::injector;

constexpr std::uint64_t ms = 1'000'000;

std::optional<stall> longest(const std::vector<stall>& all, stall_kind kind, stall_state state) {
    std::optional<stall> found;
    for (const stall& one : all)
        if (one.kind == kind && one.state == state && (!found || one.at_least_ns > found->at_least_ns)) found = one;
    return found;
}

bool has_frame(const stall& one, std::string_view function) {
    return std::any_of(one.stack.begin(), one.stack.end(),
                       [function](const std::string& frame) { return frame.starts_with(function); });
}

std::string all_words(const std::vector<stall>& all) {
    std::string text;
    for (const stall& one : all) text += "  " + words_of(one) + '\n';
    return text.empty() ? "  nothing was told\n" : text;
}

// The injection, and what was told of it.
struct outcome_of {
    truth what;
    std::vector<stall> told;
};

std::vector<outcome_of> inject(watched& tracer, injector& with, int cpu, std::uint64_t length_ns, int times) {
    std::vector<outcome_of> all;
    for (int i = 0; i < times; i++) {
        all.push_back({must(with.inject(cpu, length_ns)), {}});
        std::this_thread::sleep_for(std::chrono::microseconds(30'000 + i * 191 % 1000));
        tracer.look();
    }
    tracer.settle();
    for (outcome_of& one : all) one.told = tracer.at(one.what);
    return all;
}

} // namespace

// The disk's interrupt comes when the CPU has gone idle, waiting for it.
TEST(scenario, long_device_interrupt_on_an_idle_cpu) {
    const auto cpus = disk_cpus();
    ASSERT_FALSE(cpus.empty()) << "no CPU here gets an interrupt of the disk's";
    auto with = must(injector::load(injection::device_interrupt));
    watched tracer(default_thresholds());
    int named = 0;
    for (const auto& [what, told] : inject(tracer, with, cpus.back(), 5 * ms, 20)) {
        const auto run = longest(told, stall_kind::hardirq_run, stall_state::ended);
        EXPECT_TRUE(run) << all_words(told);
        named += run && run->of->key == what.action ? 1 : 0;
        // its lateness is the handler's too, and no way out of idle
        const auto off = longest(told, stall_kind::irq_off, stall_state::ended);
        EXPECT_TRUE(off && off->culprit && off->culprit->key == what.action) << all_words(told);
    }
    EXPECT_EQ(named, 20);
}

TEST(scenario, long_net_rx_on_an_otherwise_idle_cpu) {
    auto with = must(injector::load(injection::net_rx_softirq));
    watched tracer(low_thresholds());
    int named = 0;
    for (const auto& [what, told] : inject(tracer, with, last_cpu(), 5 * ms, 20)) {
        const auto run = longest(told, stall_kind::softirq_run, stall_state::ended);
        EXPECT_TRUE(run) << all_words(told);
        named += run && run->of->key == "NET_RX" ? 1 : 0;
    }
    EXPECT_EQ(named, 20);
}

// The clock, and not the batch's `now`: another timer's callback holds just before ours is served, in the same interrupt.
TEST(scenario, other_peoples_timer_just_before_the_heartbeat) {
    auto with = must(injector::load(injection::timer_hold));
    watched tracer(default_thresholds());
    std::vector<truth> truths;
    const int cpu = last_cpu();
    for (int tries = 0; truths.size() < 20 && tries < 400; tries++) {
        // our next beats are on the grid of the last; 20 us before one of them
        const auto state = must(tracer.measurement().programs().states()).at(cpu);
        const truth one = must(with.inject(cpu, 5 * ms, state.due_ns + 40 * ms - 20'000));
        sleep_ms(30);
        tracer.look();
        // one that the hypervisor disturbed does not count
        const auto steal_ns = must(tracer.measurement().programs().states()).at(cpu).steal_ns - state.steal_ns;
        if (one.away_ns < ms / 4 && steal_ns < ms) truths.push_back(one);
    }
    tracer.settle();
    int named = 0;
    for (const truth& one : truths) {
        const auto off = longest(tracer.at(one), stall_kind::irq_off, stall_state::ended);
        EXPECT_TRUE(off) << all_words(tracer.at(one));
        if (!off) continue;
        EXPECT_GE(off->at_least_ns, 4 * ms) << words_of(*off);
        named += off->culprit && off->culprit->key == "local_timer" && off->timer_function == "hrtimer_wakeup" ? 1 : 0;
    }
    EXPECT_EQ(named, 20) << truths.size() << " injections that count";
}

TEST(scenario, irq_off_that_begins_in_idle) {
    auto with = must(injector::load(injection::idle_leave));
    watched tracer(default_thresholds());
    for (const auto& [what, told] : inject(tracer, with, last_cpu(), 20 * ms, 5)) {
        const auto off = longest(told, stall_kind::irq_off, stall_state::ended);
        ASSERT_TRUE(off) << all_words(told);
        EXPECT_LE(off->at_least_ns, what.length_ns() + ms / 10);
        EXPECT_GT(*off->less_than_ns + ms / 10, what.length_ns());
        EXPECT_FALSE(off->culprit) << words_of(*off);
        EXPECT_TRUE(has_frame(*off, "finish_task_switch") || has_frame(*off, "__schedule")) << words_of(*off);
    }
}

// A pinned event of somebody else's makes perf stop and start all pinned ones there (ctx_resched): ours too, which was
// overdue, and forgets it.
TEST(scenario, irq_off_across_a_restart_of_the_heartbeat) {
    auto with = must(injector::load(injection::irq_off));
    watched tracer(default_thresholds());
    const int cpu = last_cpu();
    int restarted = 0;
    for (int i = 0; i < 5; i++) {
        const auto restarts = [&] { return must(tracer.measurement().programs().states()).at(cpu).beats.restarts; };
        const auto before = restarts();
        auto held = std::async(std::launch::async, [&] { return must(with.inject(cpu, 50 * ms)); });
        for (int tries = 0; tries < 1000; tries++) { // until its beats stop coming: it is held
            const auto state = must(tracer.measurement().programs().states()).at(cpu);
            if (host::monotonic_ns() > state.due_ns + 5 * ms) break;
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        const int event = probe::open_beat(cpu, 100 * ms, 0); // the CPU answers when it lets go
        const truth what = held.get();
        sleep_ms(30);
        if (event >= 0) close(event);
        tracer.settle();
        const auto off = longest(tracer.at(what), stall_kind::irq_off, stall_state::ended);
        ASSERT_TRUE(off) << all_words(tracer.at(what));
        EXPECT_LE(off->at_least_ns, what.length_ns() + ms / 10) << words_of(*off);
        EXPECT_GT(*off->less_than_ns + ms / 10, what.length_ns()) << words_of(*off);
        restarted += restarts() > before ? 1 : 0;
    }
    EXPECT_GT(restarted, 0) << "no restart came in the middle of a hold: nothing was tested";
}

TEST(scenario, both_cpus_at_once) {
    const auto cpus = must(host::online_cpus());
    if (cpus.size() < 2) GTEST_SKIP() << "one CPU is online";
    watched tracer(default_thresholds());
    std::vector<std::future<truth>> held;
    for (const int cpu : {cpus.front(), cpus.back()})
        held.push_back(std::async(std::launch::async, [cpu] {
            auto with = must(injector::load(injection::irq_off));
            std::optional<truth> last;
            for (int i = 0; i < 5; i++) last = must(with.inject(cpu, 20 * ms));
            return *last;
        }));
    std::vector<truth> truths;
    for (auto& each : held) truths.push_back(each.get());
    tracer.settle();
    for (const truth& one : truths) {
        const auto off = longest(tracer.at(one), stall_kind::irq_off, stall_state::ended);
        ASSERT_TRUE(off) << "CPU " << one.cpu << ":\n" << all_words(tracer.at(one));
        EXPECT_GE(*off->less_than_ns + ms / 10, one.length_ns()) << words_of(*off);
        EXPECT_TRUE(has_frame(*off, "anon_pipe_write") || has_frame(*off, "pipe_write")) << words_of(*off);
    }
}

// NET_RX waits behind TIMER in the same pass: it had latency, and softirqs were not off.
TEST(scenario, net_rx_that_waits_behind_a_long_timer_softirq) {
    auto with = must(injector::load(injection::timer_softirq));
    watched tracer(low_thresholds());
    for (const auto& [what, told] : inject(tracer, with, last_cpu(), 20 * ms, 5)) {
        const auto run = longest(told, stall_kind::softirq_run, stall_state::ended);
        ASSERT_TRUE(run) << all_words(told);
        EXPECT_EQ(run->of->key, "TIMER");
        const bool waited = std::any_of(told.begin(), told.end(), [](const stall& one) {
            return one.kind == stall_kind::softirq_latency && one.of->key == "NET_RX" && one.at_least_ns >= 19 * ms;
        });
        EXPECT_TRUE(waited) << all_words(told);
        EXPECT_FALSE(longest(told, stall_kind::softirq_off, stall_state::ended)) << all_words(told);
    }
}

// What is raised in a pass that takes too long is left to ksoftirqd. When it serves that, the culprit has gone; the beat
// has seen it while it went on.
TEST(scenario, wait_that_ends_in_ksoftirqd) {
    auto with = must(injector::load(injection::net_rx_softirq));
    watched tracer(low_thresholds());
    int ended_there = 0;
    int walked = 0;
    for (const auto& [what, told] : inject(tracer, with, last_cpu(), 20 * ms, 5))
        for (const stall& one : told) {
            if (one.kind != stall_kind::softirq_latency || one.state != stall_state::ended ||
                !one.current.comm.starts_with("ksoftirqd"))
                continue;
            const auto open = std::find_if(told.begin(), told.end(), [&one](const stall& other) {
                return other.state == stall_state::open && other.kind == one.kind && other.of == one.of &&
                       other.start_ns == one.start_ns;
            });
            if (open == told.end()) continue; // too young when the last beat came
            ended_there++;
            EXPECT_EQ(open->stack_is, model::stack_kind::ongoing);
            EXPECT_TRUE(ends_in_a_thunk(*open) || has_frame(*open, "__netif_receive_skb")) << words_of(*open);
            walked += ends_in_a_thunk(*open) ? 0 : 1;
            EXPECT_EQ(open->incident, one.incident);
        }
    EXPECT_GE(ended_there, 5);
    EXPECT_GE(walked * 2, ended_there);
}

TEST(scenario, softirq_that_does_not_end_while_we_watch) {
    auto with = must(injector::load(injection::net_rx_softirq));
    watched tracer(low_thresholds());
    auto held = std::async(std::launch::async, [&] { return must(with.inject(last_cpu(), 190 * ms)); });
    load::pin(must(host::online_cpus()).front()); // where nothing is held: this thread must run meanwhile
    std::vector<stall> open;
    for (int tries = 0; tries < 200 && open.empty(); tries++) {
        sleep_ms(5);
        tracer.look();
        for (const stall& one : tracer.told())
            if (one.kind == stall_kind::softirq_run && one.state == stall_state::open) open.push_back(one);
    }
    const auto report = tracer.finish(); // it runs on
    const std::uint64_t end = host::monotonic_ns();
    const truth what = held.get();
    EXPECT_LT(end, what.end_ns) << "looking took longer than it";
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(open[0].of->key, "NET_RX");
    EXPECT_TRUE(ends_in_a_thunk(open[0]) || has_frame(open[0], "__netif_receive_skb")) << words_of(open[0]);
    const auto still = std::find_if(report.open.begin(), report.open.end(),
                                    [](const stall& one) { return one.kind == stall_kind::softirq_run; });
    ASSERT_NE(still, report.open.end()) << "it had ended before we looked away:\n" << all_words(tracer.told());
    EXPECT_GE(still->at_least_ns, open[0].at_least_ns);
    EXPECT_FALSE(still->stack.empty());
    EXPECT_EQ(report.cpus.at(last_cpu()).incidents, 1U);
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// The flight recorder on this kernel: against the stream, against what was injected, and under a flood.
#include "host/system.hpp"
#include "live/disk_cpus.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "load/load.hpp"
#include "probe/injector.hpp"
#include "stream/flight_log.hpp"
#include "stream/ring_reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <thread>
#include <tuple>

namespace irqscope::live {

namespace {

using model::injection;
using model::part;
using model::stall;
using model::stall_kind;
using model::truth;
using probe::injector;

constexpr std::uint64_t ms = 1'000'000;

// start, length, what
using span = std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>;

class collector final : public stream::span_sink {
public:
    void on_interrupt(const wire_span& one) override {
        spans[static_cast<int>(one.cpu)].emplace_back(one.start_ns, one.duration_ns, one.histogram);
    }
    void on_softirq(const wire_softirq_span& one) override { on_interrupt(one.span); }
    std::map<int, std::vector<span>> spans;
};

// A session that tells no stall and records all the same.
probe::session_options recording(std::uint32_t flight_spans) {
    probe::session_options options;
    options.stalls = {{stall_kind::hardirq_run, 60'000 * ms}};
    options.flight_spans = flight_spans;
    return options;
}

// What an injection told, the longest of that kind.
std::optional<stall> told_of(watched& tracer, injector& with, int cpu, std::uint64_t length_ns, stall_kind kind,
                             truth& what) {
    tracer.forget();
    what = must(with.inject(cpu, length_ns));
    tracer.settle();
    std::optional<stall> found;
    for (const stall& one : tracer.at(what))
        if (one.kind == kind && one.state == model::stall_state::ended &&
            (!found || one.at_least_ns > found->at_least_ns))
            found = one;
    return found;
}

void expect_near(std::uint64_t ns, const truth& what) {
    const std::uint64_t length_ns = what.length_ns();
    EXPECT_GE(ns, length_ns - length_ns / 50);
    EXPECT_LE(ns, length_ns + length_ns / 50);
}

} // namespace

TEST(flight, spans_are_those_of_the_stream) {
    probe::session_options options = recording(1U << 16);
    options.stream = true;
    options.ring_bytes = 1U << 23;
    auto session = attached(options);
    collector streamed;
    auto reader = must(stream::ring_reader::open(session.rings(), streamed));
    std::map<int, std::pair<stream::flight_ring, stream::flight_ring>> rings;
    for (const auto& [cpu, memory] : session.flights())
        rings.emplace(cpu, std::pair{stream::flight_ring(memory.first(memory.size() / 3 * 2)),
                                     stream::flight_ring(memory.last(memory.size() / 3))});
    ASSERT_EQ(rings.size(), must(host::online_cpus()).size());
    std::map<int, std::vector<wire_flight>> entries;
    std::vector<stream::flight_ring::loss> lost;
    const auto read = [&] {
        while (reader.drain()) {
        }
        for (auto& [cpu, both] : rings) {
            both.first.read(entries[cpu], lost);
            both.second.read(entries[cpu], lost);
        }
    };
    load::direct_file file(".");
    for (int turn = 0; turn < 20; turn++) {
        load::send_datagrams(must(host::online_cpus()), 200);
        load::interrupt_each_other(must(host::online_cpus()), 50);
        file.read(20);
        sleep_ms(10);
        read();
    }
    session.detach();
    read();
    EXPECT_TRUE(lost.empty());
    const auto states = must(session.states());
    for (const auto& [cpu, all] : entries) {
        std::vector<span> recorded;
        std::uint64_t last_ns = 0;
        std::uint64_t tasks = 0;
        std::uint64_t gaps = 0;
        for (const wire_flight& one : all)
            if (one.what != WIRE_FLIGHT_TASK) {
                recorded.emplace_back(one.start_ns, one.end_ns - one.start_ns, one.what);
            } else {
                EXPECT_GE(one.start_ns, last_ns);
                gaps += last_ns != 0 && one.start_ns != last_ns ? 1 : 0;
                last_ns = one.end_ns;
                tasks++;
            }
        auto& expected = streamed.spans[cpu];
        std::sort(recorded.begin(), recorded.end());
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(recorded, expected) << "CPU " << cpu;
        EXPECT_GT(recorded.size(), 4'000U) << "CPU " << cpu;
        EXPECT_GT(tasks, 10U) << "CPU " << cpu;
        EXPECT_LE(gaps, states.at(cpu).lost[WIRE_LOST_SWITCH]) << "tasks follow each other, but for an unseen switch";
    }
}

TEST(flight, device_interrupt_that_held_is_named_with_its_time) {
    const auto cpus = disk_cpus();
    ASSERT_FALSE(cpus.empty()) << "no CPU here gets an interrupt of the disk's";
    auto with = must(injector::load(injection::device_interrupt));
    watched tracer(default_thresholds());
    for (int i = 0; i < 5; i++) {
        truth what;
        const auto one = told_of(tracer, with, cpus.back(), 10 * ms, stall_kind::irq_off, what);
        ASSERT_TRUE(one && one->where && one->where->most);
        ASSERT_TRUE(one->where->most->hardirq) << words_of(*one);
        EXPECT_EQ(one->where->most->hardirq->of.key, what.action);
        EXPECT_EQ(one->where->most->hardirq->of.irq, what.irq);
        expect_near(one->where->most->hardirq->ns, what);
        EXPECT_TRUE(one->where->most->complete);
    }
}

TEST(flight, timer_interrupt_that_held_is_named_with_its_time) {
    auto with = must(injector::load(injection::timer_hold));
    watched tracer(default_thresholds());
    for (int i = 0; i < 5; i++) {
        truth what;
        const auto one = told_of(tracer, with, last_cpu(), 10 * ms, stall_kind::irq_off, what);
        ASSERT_TRUE(one && one->where && one->where->most);
        ASSERT_TRUE(one->where->most->sysvec) << words_of(*one);
        EXPECT_EQ(one->where->most->sysvec->of.key, "local_timer");
        expect_near(one->where->most->sysvec->ns, what);
        EXPECT_TRUE(one->where->most->complete);
    }
}

TEST(flight, softirq_that_held_is_named_with_its_time) {
    auto with = must(injector::load(injection::net_rx_softirq));
    watched tracer(default_thresholds());
    for (int i = 0; i < 5; i++) {
        truth what;
        const auto one = told_of(tracer, with, last_cpu(), 20 * ms, stall_kind::softirq_run, what);
        ASSERT_TRUE(one && one->where && one->where->most);
        const auto& most = *one->where->most;
        ASSERT_TRUE(most.softirq || most.ksoftirqd) << words_of(*one);
        const model::top& top = most.softirq ? *most.softirq : *most.ksoftirqd;
        EXPECT_EQ(top.of.key, "NET_RX");
        // interrupts were on
        const std::uint64_t others = one->where->at(part::hardirq) + one->where->at(part::sysvec);
        expect_near(top.ns + others, what);
        EXPECT_TRUE(most.complete);
    }
}

// The same clocks, the same charging: what the edges summed up and what the spans add up to.
TEST(flight, parts_of_a_stall_are_the_sums_of_its_spans) {
    watched tracer(default_thresholds(), 1'000'000, 1U << 16);
    const auto cpus = must(host::online_cpus());
    std::map<int, stream::flight_log> logs;
    for (const auto& [cpu, memory] : tracer.measurement().programs().flights())
        logs.emplace(cpu, stream::flight_log(memory));
    int compared = 0;
    for (const injection kind : {injection::irq_off, injection::softirq_off, injection::net_rx_softirq}) {
        auto with = must(injector::load(kind));
        for (int i = 0; i < 5; i++) {
            tracer.forget();
            const truth what = must(with.inject(cpus.back(), 15 * ms));
            load::send_datagrams(cpus, 500);
            tracer.settle();
            auto& log = logs.at(what.cpu);
            log.read();
            for (const stall& one : tracer.at(what)) {
                if (!one.where || one.where->at(part::steal) != 0 || one.where->at(part::unexplained) != 0) continue;
                const auto window = log.window(one.where->start_ns, one.where->end_ns, {});
                const auto shares = model::share(window);
                ASSERT_TRUE(window.whole);
                if (shares.unknown_ns != 0) continue; // the task that ran then has not left the CPU yet
                compared++;
                for (const part which : model::all_parts)
                    EXPECT_NEAR(static_cast<double>(shares.at(which)), static_cast<double>(one.where->at(which)), 2'000)
                        << model::name_of(which) << ": " << words_of(one);
                if (one.where->most->task) {
                    EXPECT_LE(one.where->most->task->ns, one.where->at(part::task) + 2'000);
                }
            }
        }
    }
    EXPECT_GE(compared, 10);
}

TEST(flight, overwriting_is_noticed_under_a_flood) {
    constexpr std::uint32_t spans = 64;
    auto session = attached(recording(spans));
    std::map<int, stream::flight_log> logs;
    for (const auto& [cpu, memory] : session.flights()) logs.emplace(cpu, stream::flight_log(memory));
    const int cpu = last_cpu();
    const std::uint64_t start_ns = host::monotonic_ns();
    load::send_datagrams({cpu}, 20'000);
    session.detach();
    const std::uint64_t end_ns = host::monotonic_ns(); // of all that the recorder holds
    auto& log = logs.at(cpu);
    log.read();
    const auto window = log.window(start_ns, end_ns, {});
    EXPECT_FALSE(window.whole);
    std::uint64_t overwritten = 0;
    for (const model::flight_lost& one : window.lost) overwritten += one.overwritten;
    EXPECT_GE(overwritten, 20'000U - spans / 2);
    EXPECT_GE(window.spans.size(), spans / 2);
    const std::uint64_t known_ns = window.lost.back().to_ns;
    ASSERT_LT(known_ns, end_ns);
    EXPECT_TRUE(log.window(std::max(known_ns, window.lost.front().to_ns), end_ns, {}).whole);
}

TEST(flight, a_stall_in_a_flood_says_that_it_is_not_complete) {
    auto with = must(injector::load(injection::softirq_off));
    watched tracer(default_thresholds(), 1'000'000, 64);
    const int cpu = last_cpu();
    // softirqs wait, and behind them come more than the recorder holds before it can be read
    auto flood = std::thread([cpu] {
        for (int i = 0; i < 20; i++) load::send_datagrams({cpu}, 5'000);
    });
    bool seen = false;
    for (int i = 0; i < 10 && !seen; i++) {
        must(with.inject(cpu, 10 * ms));
        tracer.settle();
        seen = std::any_of(tracer.told().begin(), tracer.told().end(), [](const stall& one) {
            return one.where && one.where->most && !one.where->most->complete && one.where->most->lost != 0;
        });
    }
    flood.join();
    EXPECT_TRUE(seen);
}

TEST(flight, is_in_the_memory_that_the_report_tells) {
    const auto bytes = [](std::uint32_t spans) {
        watched tracer(default_thresholds(), 1'000'000, spans);
        return tracer.finish().whole.cost.kernel_bytes;
    };
    const std::uint64_t cpus = must(host::online_cpus()).size();
    EXPECT_GE(bytes(WIRE_FLIGHT_SPANS), bytes(0) + cpus * (384U << 10));
}

} // namespace irqscope::live

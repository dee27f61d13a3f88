// SPDX-License-Identifier: BSD-2-Clause
// Where the time of a stall went, against spins that something else wrote down.
#include "host/cpus.hpp"
#include "live/busy.hpp"
#include "live/disk_cpus.hpp"
#include "live/storm.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "load/load.hpp"
#include "probe/injector.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <thread>

namespace irqscope::live {

namespace {

using model::part;
using model::stall;
using model::stall_kind;

constexpr std::uint64_t ms = 1'000'000;
constexpr int repetitions = 20;
constexpr double tolerance = 0.02;

double as_ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

bool is_near(std::uint64_t seen, std::uint64_t truth) {
    return std::abs(static_cast<double>(seen) - static_cast<double>(truth)) <= tolerance * static_cast<double>(truth);
}

int other_than(int cpu) {
    for (const int other : must(host::online_cpus()))
        if (other != cpu) return other;
    throw std::runtime_error("one CPU is online");
}

std::uint64_t sum_of(const model::breakdown& where) {
    std::uint64_t sum = 0;
    for (const part which : model::all_parts) sum += where.at(which);
    return sum;
}

// The NET_RX softirq of one packet that takes 20 ms, with spins in the middle; and whatever waited meanwhile.
struct outcome_of {
    std::optional<stall> run;
    std::vector<stall> waits; // softirq_latency on that CPU, ended
};

outcome_of look_at(const watched& tracer, int cpu) {
    outcome_of found;
    for (const stall& one : tracer.told()) {
        if (one.cpu != cpu || one.state != model::stall_state::ended || !one.where) continue;
        if (one.kind == stall_kind::softirq_run && (!found.run || one.at_least_ns > found.run->at_least_ns))
            found.run = one;
        if (one.kind == stall_kind::softirq_latency) found.waits.push_back(one);
    }
    return found;
}

} // namespace

// 12 ms of 20 are the timer interrupt's, in three spins. What waited for that softirq began at other times, and each has
// the spins of its own time only.
TEST(breakdown, timer_spins_inside_a_softirq_and_the_waits_behind_it) {
    const int cpu = must(host::online_cpus()).back();
    const steered_loopback network(cpu);
    const busy there({cpu});
    watched tracer(low_thresholds());
    int right = 0;
    int waits = 0;
    int right_waits = 0;
    for (int i = 0; i < repetitions; i++) {
        tracer.forget();
        const storm slow({.cpu = cpu,
                          .packet_ns = 20 * ms,
                          .from = thief::timer,
                          .interrupt_ns = 4 * ms,
                          .period_ns = 6 * ms,
                          .most_interrupts = 3});
        network.send(other_than(cpu), 1);
        sleep_ms(40);
        tracer.settle();
        const auto [run, waiting] = look_at(tracer, cpu);
        if (!run) {
            fmt::print("{:>2} no run was told  WRONG\n", i);
            continue;
        }
        const auto& where = *run->where;
        const std::uint64_t spun = slow.spun_in(where.start_ns, where.end_ns);
        const std::uint64_t rest = where.length_ns() - spun;
        const bool is_right = is_near(where.at(part::sysvec), spun) && is_near(where.at(part::softirq), rest);
        fmt::print("{:>2} {:.3f} ms: sysvec {:.3f} of {:.3f}, softirq {:.3f} of {:.3f}, unexplained {:.3f}{}\n", i,
                   as_ms(where.length_ns()), as_ms(where.at(part::sysvec)), as_ms(spun), as_ms(where.at(part::softirq)),
                   as_ms(rest), as_ms(where.at(part::unexplained)), is_right ? "" : "  WRONG");
        right += is_right ? 1 : 0;
        EXPECT_EQ(sum_of(where), where.length_ns());
        for (const stall& one : waiting) {
            const auto& its = *one.where;
            EXPECT_EQ(sum_of(its), its.length_ns());
            EXPECT_EQ(its.start_ns, one.start_ns); // its own time, to the nanosecond
            const std::uint64_t its_spins = slow.spun_in(its.start_ns, its.end_ns);
            if (its_spins < ms) continue;
            waits++;
            const bool wait_is_right = is_near(its.at(part::sysvec), its_spins);
            right_waits += wait_is_right ? 1 : 0;
            if (!wait_is_right)
                fmt::print("   {} waited {:.3f} ms: sysvec {:.3f} of {:.3f}\n", one.of->key, as_ms(its.length_ns()),
                           as_ms(its.at(part::sysvec)), as_ms(its_spins));
        }
    }
    fmt::print("{} of {} runs, {} of {} waits\n", right, repetitions, right_waits, waits);
    EXPECT_GE(right, repetitions - 1);
    EXPECT_GE(waits, repetitions); // or there was nothing to compare
    EXPECT_GE(right_waits * 20, waits * 19);
}

// The same by a device: one interrupt of 12 ms in a softirq of 20.
TEST(breakdown, a_device_interrupt_inside_a_softirq) {
    const auto disk = disk_cpus();
    ASSERT_FALSE(disk.empty()) << "no CPU here gets an interrupt of the disk's";
    const int cpu = disk.back();
    auto with = must(probe::injector::load(model::injection::device_interrupt));
    const auto known = must(with.inject(cpu, probe::injector::shortest_ns));
    const steered_loopback network(cpu);
    watched tracer(low_thresholds());
    int right = 0;
    int made = 0;
    for (int i = 0; made < repetitions && i < 10 * repetitions; i++) {
        tracer.forget();
        const storm slow({.cpu = cpu,
                          .packet_ns = 20 * ms,
                          .from = thief::device,
                          .interrupt_ns = 12 * ms,
                          .most_interrupts = 1,
                          .irq = known.irq.value_or(0)});
        std::thread reader([&] {
            load::pin(other_than(cpu));
            load::direct_file file(".");
            file.read(200);
        });
        sleep_ms(5);
        network.send(other_than(cpu), 1);
        reader.join();
        tracer.settle();
        const auto run = look_at(tracer, cpu).run;
        if (!run) continue;
        const auto& where = *run->where;
        const std::uint64_t spun = slow.spun_in(where.start_ns, where.end_ns);
        if (spun < 11 * ms) continue; // no interrupt of the disk's came in time
        made++;
        const bool is_right = is_near(where.at(part::hardirq), spun);
        fmt::print("{:>2} {:.3f} ms: hardirq {:.3f} of {:.3f}, softirq {:.3f}, sysvec {:.3f}{}\n", made,
                   as_ms(where.length_ns()), as_ms(where.at(part::hardirq)), as_ms(spun),
                   as_ms(where.at(part::softirq)), as_ms(where.at(part::sysvec)), is_right ? "" : "  WRONG");
        right += is_right ? 1 : 0;
        EXPECT_EQ(sum_of(where), where.length_ns());
    }
    EXPECT_EQ(made, repetitions);
    EXPECT_GE(right, repetitions - 1);
}

} // namespace irqscope::live

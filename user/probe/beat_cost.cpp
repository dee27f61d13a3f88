// SPDX-License-Identifier: BSD-2-Clause
#include "probe/beat_cost.hpp"

#include "host/system.hpp"
#include "probe/heartbeat.hpp"

#include <algorithm>
#include <array>
#include <sched.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace irqscope::probe {

namespace {

constexpr std::uint64_t slice_ns = 20'000'000;
constexpr std::uint64_t period_ns = 250'000; // 80 beats a slice
constexpr int pairs = 10;

// How often a loop goes round in a nanosecond.
double pace() {
    const std::uint64_t start = host::monotonic_ns();
    std::uint64_t rounds = 0;
    std::uint64_t now = start;
    while (now - start < slice_ns) {
        now = host::monotonic_ns();
        rounds++;
    }
    return static_cast<double>(rounds) / static_cast<double>(now - start);
}

std::optional<beat_cost> measure_here() {
    const int cpu = sched_getcpu();
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < 0 || cpu >= CPU_SETSIZE) return std::nullopt;
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) return std::nullopt;
    std::vector<double> costs;
    for (int pair = 0; pair < pairs; pair++) {
        const double without = pace();
        const int beat = open_beat(cpu, period_ns, 0);
        if (beat < 0) return std::nullopt;
        const double with = pace();
        close(beat);
        costs.push_back(std::max(0.0, (1 - with / without) * static_cast<double>(period_ns)));
    }
    std::sort(costs.begin(), costs.end());
    const auto at = [&costs](std::size_t index) { return static_cast<std::uint64_t>(costs.at(index)); };
    return beat_cost{cpu, at(pairs / 2), at(pairs / 4), at(pairs * 3 / 4)};
}

} // namespace

std::optional<beat_cost> measure_beat_cost() {
    std::optional<beat_cost> measured;
    std::thread([&measured] { measured = measure_here(); }).join(); // a thread of its own: its place is its own too
    return measured;
}

std::uint64_t suggest_beat_ns(std::uint64_t cost_ns) {
    constexpr std::array<std::uint64_t, 5> usual{1'000'000, 2'000'000, 4'000'000, 10'000'000, 100'000'000};
    for (const std::uint64_t period : usual)
        if (cost_ns * 100 <= period) return period;
    return usual.back();
}

} // namespace irqscope::probe

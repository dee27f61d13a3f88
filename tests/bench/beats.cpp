// SPDX-License-Identifier: BSD-2-Clause
// irqscope_beats_bench [ROUNDS]: what the heartbeats' own BPF work takes from a CPU, above the same timers empty, all in
// one run. A thread that only reads the clock sees what is taken from it as gaps between two readings; the median gap of
// a turn is a beat's, undisturbed by what else comes. In each round every contestant has its turn, beginning with another
// one each time.
#include "host/system.hpp"
#include "load/load.hpp"
#include "model/stall.hpp"
#include "probe/heartbeat.hpp"
#include "probe/session.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using irqscope::model::metric;
using irqscope::model::stall_kind;
using irqscope::probe::session;
using irqscope::probe::session_options;

constexpr int load_cpu = 1;
constexpr std::uint64_t turn_ns = 100'000'000;
constexpr std::uint64_t beat_ns = 1'000'000;
constexpr std::uint64_t least_gap_ns = 1'000; // longer than two readings of the clock and a loop

// What is attached as long as it lives: programs with their beats, or a bare timer.
struct attached {
    std::optional<session> programs;
    int timer = -1;

    attached() = default;
    attached(const attached&) = delete;
    attached& operator=(const attached&) = delete;
    attached(attached&&) = delete;
    attached& operator=(attached&&) = delete;
    ~attached() {
        if (timer >= 0) close(timer);
    }
};

struct contestant {
    std::string name;
    std::function<std::unique_ptr<attached>()> attach;
    std::vector<double> ns; // that a beat takes, a turn each
};

template <typename T>
T must(irqscope::result<T> from) {
    if (!from) throw std::runtime_error(from.error().message);
    return std::move(*from);
}

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values.at(static_cast<std::size_t>(std::lround(q * static_cast<double>(values.size() - 1))));
}

// Nanoseconds that the median interruption of this thread takes.
double taken() {
    using irqscope::host::monotonic_ns;
    const std::uint64_t start = monotonic_ns();
    std::uint64_t last = start;
    std::vector<double> gaps;
    gaps.reserve(4096);
    while (last - start < turn_ns) {
        const std::uint64_t now = monotonic_ns();
        if (now - last >= least_gap_ns) gaps.push_back(static_cast<double>(now - last));
        last = now;
    }
    return gaps.empty() ? 0 : quantile(gaps, 0.5);
}

std::unique_ptr<attached> with_programs(const session_options& options) {
    auto made = std::make_unique<attached>();
    const auto kernel = must(irqscope::probe::kernel::inspect({}));
    made->programs.emplace(must(session::load(kernel, options)));
    if (const auto done = made->programs->attach(); !done) throw std::runtime_error(done.error().message);
    return made;
}

std::vector<contestant> contestants() {
    session_options beats;
    beats.metrics = {metric::irq_off, metric::idle_exit, metric::softirq_off};
    session_options stalls;
    for (const stall_kind kind : irqscope::model::all_stall_kinds) stalls.stalls[kind] = 10'000'000;
    stalls.ring_bytes = 1U << 17;
    const auto bare = [] {
        auto made = std::make_unique<attached>();
        made->timer = irqscope::probe::open_beat(load_cpu, beat_ns, 0);
        if (made->timer < 0) throw std::runtime_error("the kernel refuses the heartbeat");
        return made;
    };
    return {{"nothing", [] { return std::make_unique<attached>(); }, {}},
            {"the same timers, empty", bare, {}},
            {"hist --metric irq_off,idle_exit,softirq_off", [beats] { return with_programs(beats); }, {}},
            {"stalls", [stalls] { return with_programs(stalls); }, {}}};
}

void run(int rounds) {
    irqscope::load::pin(load_cpu);
    auto all = contestants();
    for (int round = 0; round < rounds; round++)
        for (std::size_t i = 0; i < all.size(); i++) {
            contestant& one = all[(i + static_cast<std::size_t>(round)) % all.size()];
            const auto there = one.attach();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            one.ns.push_back(taken());
        }
    const auto system = irqscope::host::read_system();
    fmt::print("{} {}, {} rounds of {} ms, a beat each {} ms on CPU {}\nnanoseconds that a beat takes from a task that "
               "computes (without any: a tick):\n\n",
               system.kernel, system.machine, rounds, turn_ns / 1'000'000, beat_ns / 1'000'000, load_cpu);
    fmt::print("| what is attached | median | quartiles | above the empty timers | of the CPU |\n"
               "| --- | --- | --- | --- | --- |\n");
    for (const contestant& one : all) {
        std::vector<double> above; // turn by turn of one round
        for (std::size_t i = 0; i < one.ns.size(); i++) above.push_back(one.ns[i] - all[1].ns[i]);
        fmt::print("| {} | {:.0f} | {:.0f} .. {:.0f} | {:+.0f} | {:+.3f} % |\n", one.name, quantile(one.ns, 0.5),
                   quantile(one.ns, 0.25), quantile(one.ns, 0.75), quantile(above, 0.5),
                   100 * quantile(above, 0.5) / static_cast<double>(beat_ns));
    }
}

} // namespace

int main(int count, char** arguments) {
    try {
        const int rounds = count > 1 ? std::atoi(arguments[1]) : 60; // NOLINT(*-pointer-arithmetic,cert-err34-c)
        if (rounds < 1) throw std::runtime_error("usage: irqscope_beats_bench [ROUNDS]");
        run(rounds);
    } catch (const std::exception& wrong) {
        fmt::print(stderr, "irqscope_beats_bench: {}\n", wrong.what());
        return 1;
    }
}

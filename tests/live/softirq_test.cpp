// SPDX-License-Identifier: BSD-2-Clause
// softirq_run and softirq_latency against /proc/softirqs.
#include "live/support.hpp"
#include "load/load.hpp"

#include <gtest/gtest.h>

namespace irqscope::live {

namespace {

constexpr std::uint32_t net_rx = 3;
constexpr std::uint64_t datagrams = 125'000; // from each CPU in a round
constexpr int rounds = 8;

struct moment {
    std::map<std::string, std::map<int, std::uint64_t>> ours; // vector -> CPU -> count
    host::proc_counts before;                                 // just before ours was read
    host::proc_counts after;                                  // and just after
};

// NET_RX is at rest; the other vectors go on, and lie between two reads.
moment look(const probe::session& session) {
    moment seen;
    at_rest(host::read_softirqs, {"NET_RX"}, [&] {
        seen.before = must(host::read_softirqs());
        for (std::uint32_t vector = 0; vector < WIRE_VECTORS; vector++)
            seen.ours[std::string(stream::vector_name(vector))] = counted_vector(session, vector);
        seen.after = must(host::read_softirqs());
    });
    return seen;
}

} // namespace

// /proc/softirqs counts in handle_softirqs() just before the entry tracepoint, we at the exit. About two million
// softirqs on both CPUs at once, in rounds: see load::exclusive for why not in one.
TEST(softirq, counts_of_a_run_equal_proc_softirqs) {
    const auto session = attached({});
    const auto cpus = must(host::online_cpus());
    std::map<int, std::uint64_t> sum;
    int expired = 0;
    for (int round = 0; round < rounds;) {
        const load::exclusive alone(cpus);
        const moment start = look(session);
        load::send_datagrams(cpus, datagrams);
        const moment end = look(session);
        if (alone.expired()) {
            ASSERT_LT(++expired, 20) << "this machine is too slow for " << datagrams << " datagrams in a round";
            continue;
        }
        round++;
        for (const int cpu : cpus) {
            const auto ours = [&](const std::string& vector) {
                return end.ours.at(vector).at(cpu) - start.ours.at(vector).at(cpu);
            };
            const auto between = [&](const host::proc_counts& from, const host::proc_counts& to,
                                     const std::string& vector) {
                return static_cast<std::int64_t>(to.at(vector).by_cpu.at(cpu) - from.at(vector).by_cpu.at(cpu));
            };
            EXPECT_GE(ours("NET_RX"), datagrams) << "CPU " << cpu << ": the load did not come to this CPU's softirqs";
            EXPECT_EQ(ours("NET_RX"), between(start.before, end.before, "NET_RX")) << "CPU " << cpu;
            for (const std::string_view name : model::vector_names) {
                const std::string vector(name);
                // One softirq a CPU may be under way in each moment: counted by /proc, and by us when it ends.
                EXPECT_GE(ours(vector) + 1, between(start.after, end.before, vector)) << vector << " CPU " << cpu;
                EXPECT_LE(ours(vector), between(start.before, end.after, vector) + 1) << vector << " CPU " << cpu;
            }
            sum[cpu] += ours("NET_RX");
        }
    }
    for (const int cpu : cpus) EXPECT_GE(sum[cpu], rounds * datagrams);
    for (const auto& [cpu, state] : must(session.states()))
        for (int kind = 0; kind < WIRE_LOST_KINDS; kind++) {
            if (kind == WIRE_LOST_SOFTIRQ_RAISE) continue; // raises from before the attach, and those hidden from BPF
            EXPECT_EQ(state.lost[kind], 0U) << "CPU " << cpu << ", enum wire_lost " << kind;
        }
    EXPECT_TRUE(session.recursion_misses().empty());
}

// Every run was raised: as many latencies as runs, but for raises from before the attach and runs not yet ended.
TEST(softirq, each_run_has_its_latency) {
    const auto session = attached({});
    const auto cpus = must(host::online_cpus());
    load::send_datagrams(cpus, 200'000);
    std::map<int, std::uint64_t> runs;
    std::map<int, std::uint64_t> latencies;
    at_rest(host::read_softirqs, {"NET_RX"}, [&] {
        runs = counted_vector(session, net_rx);
        latencies = counted(session, WIRE_HIST_SOFTIRQ_LATENCY + net_rx, 1);
    });
    const auto states = must(session.states());
    for (const int cpu : cpus) {
        EXPECT_GE(runs.at(cpu), 200'000U);
        EXPECT_EQ(latencies.at(cpu) + states.at(cpu).lost[WIRE_LOST_SOFTIRQ_RAISE], runs.at(cpu)) << "CPU " << cpu;
    }
}

// The word that tells a repeated raise from a new one must be the kernel's own: found on every CPU that needed it, and
// with nothing pending at rest but what the tick raises.
TEST(softirq, pending_word_is_found) {
    const auto session = attached({});
    EXPECT_TRUE(session.reraises()) << "this kernel's BTF places both per-CPU variables";
}

// Interrupts inside softirqs are charged once: all spans of a CPU, net of what is nested, fit into wall time.
TEST(softirq, spans_fit_into_wall_time) {
    const auto kernel = must(probe::kernel::inspect({}));
    auto running = must(probe::measurement::start(kernel, {}));
    const auto cpus = must(host::online_cpus());
    load::send_datagrams(cpus, 500'000);
    load::interrupt_each_other(cpus, 20'000);
    const auto seen = must(running.finish());
    for (const int cpu : cpus) {
        std::uint64_t net = 0;
        std::uint64_t nested = 0;
        for (const auto& one : seen.all) {
            if (one.cpu != cpu || one.id.what == model::metric::softirq_latency) continue;
            net += one.values.sum_ns() - one.values.nested_ns();
            nested += one.values.nested_ns();
        }
        EXPECT_GT(nested, 0U) << "no interrupt hit a softirq: nothing was tested";
        // At least a tenth, or the load was none; spans may end between our clock and the detach.
        EXPECT_GT(net, seen.duration_ns / 10) << "CPU " << cpu;
        EXPECT_LE(net, seen.duration_ns + 50'000'000) << "CPU " << cpu;
    }
}

} // namespace irqscope::live

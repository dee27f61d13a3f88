// SPDX-License-Identifier: BSD-2-Clause
// The same softirqs, seen by perf.
#include "live/running_perf.hpp"
#include "live/support.hpp"
#include "load/load.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <numeric>

namespace irqscope::live {

namespace {

constexpr std::uint32_t net_rx = 3;

std::uint64_t sum_of(const std::map<int, std::uint64_t>& by_cpu) {
    return std::accumulate(by_cpu.begin(), by_cpu.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

} // namespace

TEST(perf, stat_counts_the_same_net_rx) {
    const auto session = attached({});
    const auto cpus = must(host::online_cpus());
    const auto net_rx_of_proc = [] { return sum_of(must(host::read_softirqs()).at("NET_RX").by_cpu); };
    for (int attempt = 0;; attempt++) {
        ASSERT_LT(attempt, 10) << "packets of others came at the ends each time";
        const std::uint64_t before_perf = net_rx_of_proc();
        running_perf perf("stat -a -x, -o perf-stat.csv -e irq:softirq_entry --filter vec==3");
        std::uint64_t start = 0;
        std::uint64_t end = 0;
        std::uint64_t proc_start = 0;
        std::uint64_t proc_end = 0;
        bool expired = false;
        {
            const load::exclusive alone(cpus);
            at_rest(host::read_softirqs, {"NET_RX"}, [&] {
                start = sum_of(counted_vector(session, net_rx));
                proc_start = net_rx_of_proc();
            });
            load::send_datagrams(cpus, 100'000);
            at_rest(host::read_softirqs, {"NET_RX"}, [&] {
                end = sum_of(counted_vector(session, net_rx));
                proc_end = net_rx_of_proc();
            });
            expired = alone.expired();
        }
        const outcome done = perf.end();
        ASSERT_EQ(done.status, 0) << done.err;
        if (expired || before_perf != proc_start || proc_end != net_rx_of_proc()) continue;
        std::ifstream file("perf-stat.csv");
        std::string line;
        while (std::getline(file, line) && (line.empty() || line[0] == '#')) {
        }
        EXPECT_EQ(std::strtoull(line.c_str(), nullptr, 10), end - start) << "perf said: " << line;
        EXPECT_EQ(proc_end - proc_start, end - start);
        EXPECT_GE(end - start, 100'000U * cpus.size());
        return;
    }
}

} // namespace irqscope::live

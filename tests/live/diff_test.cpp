// SPDX-License-Identifier: BSD-2-Clause
// `irqscope diff` of recordings of a known load, once with the softirqs of one CPU slowed down.
#include "host/cpus.hpp"
#include "live/support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace irqscope::live {

namespace {

// slow: " CPU NS", or nothing.
void record_load(const std::string& name, const std::string& slow) {
    const outcome done = run(fmt::format("{} record -o {} -- {}{}", binary(), name, load_of(600'000), slow));
    ASSERT_EQ(done.status, 0) << done.err;
}

} // namespace

TEST(diff, names_the_cpu_whose_net_rx_is_slower_first) {
    record_load("fast.data", "");
    for (const int cpu : must(host::online_cpus())) {
        record_load("slow.data", fmt::format(" {} 3000", cpu));
        const outcome done = run(binary() + " diff --json fast.data slow.data");
        EXPECT_EQ(done.status, 4) << done.err;
        const auto found = nlohmann::json::parse(done.out);
        EXPECT_TRUE(found.at("changed"));
        const auto& first = found.at("rows").at(0);
        EXPECT_EQ(first.at("metric"), "softirq_run") << first.dump();
        EXPECT_EQ(first.at("key"), "NET_RX");
        EXPECT_EQ(first.at("cpu"), cpu);
        EXPECT_TRUE(first.at("p50").at("changed"));
        const double by = first.at("p50").at("after").get<double>() - first.at("p50").at("before").get<double>();
        EXPECT_GE(by, 2'000) << "3 us, less what a datagram that is not slowed takes in the queue, and a bucket";
        EXPECT_LE(by, 4'500);
        const outcome text = run(binary() + " diff fast.data slow.data");
        EXPECT_NE(text.out.find(fmt::format("CPU {}  softirq_run NET_RX", cpu)), std::string::npos) << text.out;
        if (cpu == 1) break; // two of them say enough
    }
}

TEST(diff, of_the_same_load_is_no_change) {
    record_load("same0.data", "");
    int unchanged = 0;
    for (int turn = 1; turn <= 3; turn++) {
        record_load(fmt::format("same{}.data", turn), "");
        const outcome done = run(fmt::format("{} diff same{}.data same{}.data", binary(), turn - 1, turn));
        EXPECT_TRUE(done.status == 0 || done.status == 4) << done.err;
        unchanged += done.status == 0 ? 1 : 0;
        if (done.status != 0) fmt::print("{}\n", done.out);
    }
    EXPECT_GE(unchanged, 2) << "of three, where 19 of 20 are asked for";
}

TEST(diff, says_what_it_cannot_compare) {
    ASSERT_EQ(run(binary() + " record -o short.data -d 0.15").status, 0);
    const outcome shorter = run(binary() + " diff short.data short.data");
    EXPECT_EQ(shorter.status, 1);
    EXPECT_NE(shorter.err.find("too short"), std::string::npos) << shorter.err;
    EXPECT_EQ(run(binary() + " diff short.data none.data").status, 1);
    EXPECT_EQ(run(binary() + " diff short.data").status, 2);
    const outcome elsewhere = run(binary() + " diff -C 4095 short.data short.data");
    EXPECT_EQ(elsewhere.status, 2) << "or nothing would be no change";
    EXPECT_NE(elsewhere.err.find("the recording is of CPUs"), std::string::npos) << elsewhere.err;
    EXPECT_EQ(run(binary() + " report -C 4095 short.data").status, 2);
    EXPECT_EQ(run(binary() + " script -F '' short.data").status, 2);
    EXPECT_EQ(run("mkfifo a-pipe; timeout 5 " + binary() + " report a-pipe").status, 1) << "nobody writes into it";
}

} // namespace irqscope::live

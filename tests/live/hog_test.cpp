// SPDX-License-Identifier: BSD-2-Clause
// A CPU that a SCHED_FIFO task has for itself: the tool must come, tell and go all the same.
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "live/hog.hpp"
#include "live/support.hpp"
#include "load/load.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace irqscope::live {

namespace {

constexpr double s = 1e9;

} // namespace

TEST(hog, keeps_nobody_waiting) {
    const auto cpus = must(host::online_cpus());
    if (cpus.size() < 2) GTEST_SKIP() << "one CPU is online";
    load::pin(cpus.front());
    const hog there(cpus.back());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    constexpr int watched_s = 3;
    const std::uint64_t start = host::monotonic_ns();
    // the shell's own clock when it begins to watch, when it has told the last line, and when it has gone
    const outcome done = run(fmt::format(
        "timeout 60 {0} stalls --json -d {1} 2>&1 >stalls-hog.json | while read -r line; do date +%s.%N; done; "
        "date +%s.%N; cat stalls-hog.json >&2",
        binary(), watched_s));
    const std::uint64_t end = host::monotonic_ns();
    std::istringstream times(done.out);
    double began = 0;
    double gone = 0;
    ASSERT_TRUE(times >> began >> gone) << done.out << done.err;
    const double all = static_cast<double>(end - start) / s;
    const double attach = all - (gone - began);
    fmt::print("with a hog on CPU {}: attached in {:.2f} s, watched {} s, told and gone {:.2f} s after\n", cpus.back(),
               attach, watched_s, gone - began - watched_s);
    EXPECT_LT(attach, 2);
    EXPECT_LT(gone - began - watched_s, 2);

    std::string last;
    std::istringstream lines(done.err);
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) last = line;
    const auto summary = nlohmann::json::parse(last);
    ASSERT_EQ(summary["schema"], "irqscope.stalls_summary/1");
    // It beats there too: interrupts are on, whoever hogs it.
    bool beats = false;
    for (const auto& one : summary["coverage"]["heartbeats"])
        if (one["cpu"] == cpus.back()) beats = one["seen"].get<std::uint64_t>() > 2500;
    EXPECT_TRUE(beats) << last;
}

} // namespace irqscope::live

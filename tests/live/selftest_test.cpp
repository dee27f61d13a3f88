// SPDX-License-Identifier: BSD-2-Clause
// `irqscope selftest` as users meet it: it asks, it refuses, and what it injects is seen.
#include "live/support.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace irqscope::live {

TEST(selftest_command, holds_nothing_unasked) {
    const outcome done = run(binary() + " selftest </dev/null");
    EXPECT_EQ(done.status, 2);
    EXPECT_TRUE(done.out.empty());
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    EXPECT_NE(done.err.find("--yes"), std::string::npos) << done.err;
}

TEST(selftest_command, refuses_what_could_hurt) {
    for (const char* arguments : {"--length 1ms", "--length 51ms", "--length 5", "--length 5ms,,6ms", "--cpu 0-1",
                                  "--cpu 99999", "--kind lockup", "--kind idle_entry --length 30ms", "--count 0"}) {
        const outcome done = run(binary() + " selftest --yes " + arguments);
        EXPECT_EQ(done.status, 2) << arguments << ": " << done.err;
        EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << arguments << ": " << done.err;
    }
}

TEST(selftest_command, sees_what_it_injects) {
    const outcome done = run(binary() + " selftest --yes --json --count 2 --length 3ms,8ms");
    ASSERT_TRUE(done.status == 0 || done.status == 4) << done.err << done.out;
    EXPECT_NE(done.err.find("other CPUs go on"), std::string::npos) << "it did not say what it does to them";
    const auto seen = nlohmann::json::parse(done.out);
    EXPECT_EQ(seen.at("schema"), "irqscope.selftest/1");
    EXPECT_EQ(seen.at("rows").size(), 10U);
    const auto injected = seen.at("injected").get<std::uint64_t>();
    const auto missed = injected - seen.at("seen").get<std::uint64_t>();
    EXPECT_GE(injected, 12U) << "only a device's interrupt may be missing here, and what the hypervisor spoilt";
    // where the kernel or the hypervisor hides something the tracer knows it, and says so
    std::uint64_t set_aside = 0;
    for (const auto& [why, count] : seen.at("set_aside").items()) set_aside += count.get<std::uint64_t>();
    EXPECT_LE(missed, set_aside) << done.out;
    EXPECT_EQ(done.status == 0, missed == 0);
    for (const auto& truth : seen.at("truths"))
        EXPECT_GE(truth.at("end_ns").get<std::uint64_t>() - truth.at("start_ns").get<std::uint64_t>(),
                  truth.at("asked_ns").get<std::uint64_t>());
}

} // namespace irqscope::live

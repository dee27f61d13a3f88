// SPDX-License-Identifier: BSD-2-Clause
#include "host/proc_stat.hpp"

#include <gtest/gtest.h>
#include <string>

namespace irqscope::host {

namespace {

// CPU 1 is offline: the numbers have a hole.
constexpr std::string_view text = "cpu  1032510 28261 166850 1363055 4467 0 36268 693 11 2\n"
                                  "cpu0 512680 16462 80762 684428 2457 7 18444 350 11 2\n"
                                  "cpu2 519830 11799 86087 678626 2010 0 17823 343 0 0\n"
                                  "intr 147369364 0 0 1 0\n"
                                  "ctxt 183456789012\n"
                                  "btime 1764038400\n"
                                  "softirq 4 0 1 2 1\n";

} // namespace

TEST(proc_stat, columns_belong_to_the_cpu_of_their_line_holes_and_all) {
    const auto stat = parse_proc_stat(text).value();
    ASSERT_EQ(stat.cpus.size(), 2U) << "the line of all of them is none";
    const cpu_ticks& zero = stat.cpus.at(0);
    EXPECT_EQ(zero.user, 512680U);
    EXPECT_EQ(zero.nice, 16462U);
    EXPECT_EQ(zero.system, 80762U);
    EXPECT_EQ(zero.idle, 684428U);
    EXPECT_EQ(zero.iowait, 2457U);
    EXPECT_EQ(zero.irq, 7U);
    EXPECT_EQ(zero.softirq, 18444U);
    EXPECT_EQ(zero.steal, 350U);
    EXPECT_EQ(stat.cpus.at(2).steal, 343U);
    EXPECT_EQ(stat.context_switches, 183'456'789'012U);
}

TEST(proc_stat, columns_that_an_old_kernel_has_not_are_zero) {
    const auto stat = parse_proc_stat("cpu0 1 2 3 4\ncpu1 1 2 3 4 5 6 7\n").value();
    EXPECT_EQ(stat.cpus.at(0).idle, 4U);
    EXPECT_EQ(stat.cpus.at(0).steal, 0U);
    EXPECT_EQ(stat.cpus.at(1).softirq, 7U);
    EXPECT_EQ(stat.cpus.at(1).steal, 0U);
    EXPECT_EQ(stat.context_switches, 0U);
}

TEST(proc_stat, columns_of_newer_kernels_are_passed_over) {
    EXPECT_EQ(parse_proc_stat("cpu0 1 2 3 4 5 6 7 8 9 10 11 twelve\n").value().cpus.at(0).steal, 8U);
}

TEST(proc_stat, lines_that_are_no_cpus_are_passed_over) {
    const auto stat = parse_proc_stat("cpu0 1 2 3 4 5 6 7 8\n"
                                      "cpu-1 1 2 3 4\n"
                                      "cpu65536 1 2 3 4\n"
                                      "cpu99999999999999999999 1 2 3 4\n"
                                      "cpux 1 2 3 4\n"
                                      "cpu3x 1 2 3 4\n"
                                      "cpu4 1 2 3\n"
                                      "cpu5 1 2 -3 4\n"
                                      "cpu6 1 2 3 99999999999999999999999\n"
                                      "cpu7\n"
                                      "cpu8 1 2 three 4\n"
                                      "ctxt nine\n"
                                      "\n"
                                      "   \n"
                                      "cpu")
                          .value();
    EXPECT_EQ(stat.cpus.size(), 1U);
    EXPECT_EQ(stat.context_switches, 0U);
}

TEST(proc_stat, last_line_may_have_no_newline) {
    EXPECT_EQ(parse_proc_stat("cpu8191 1 2 3 4 5 6 7 8").value().cpus.at(8191).steal, 8U);
}

TEST(proc_stat, text_without_a_cpu_fails) {
    for (const std::string& bad :
         {std::string(), std::string("\n"), std::string("cpu 1 2 3 4\n"), std::string("ctxt 5\n"),
          std::string("cpu0\0 1 2 3 4", 13), std::string(5000, 'c')}) {
        const auto stat = parse_proc_stat(bad);
        ASSERT_FALSE(stat) << bad;
        EXPECT_EQ(stat.error().status, exit_status::failed);
    }
}

TEST(proc_stat, file_of_this_machine_can_be_read) {
    const auto stat = read_proc_stat();
    ASSERT_TRUE(stat) << stat.error().message;
    EXPECT_FALSE(stat->cpus.empty());
    EXPECT_GT(stat->context_switches, 0U);
    EXPECT_GT(tick_ns(), 0U);
}

} // namespace irqscope::host

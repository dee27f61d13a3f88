// SPDX-License-Identifier: BSD-2-Clause
#include "host/cpus.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace irqscope::host {

namespace {

using list = std::vector<int>;

} // namespace

TEST(cpus, list_is_read_as_the_kernel_writes_it) {
    EXPECT_EQ(parse_cpu_list("0\n").value(), list{0});
    EXPECT_EQ(parse_cpu_list("0-3,8").value(), (list{0, 1, 2, 3, 8}));
    EXPECT_EQ(parse_cpu_list("0,2-3,65535").value(), (list{0, 2, 3, 65535}));
}

TEST(cpus, list_is_ascending_and_without_repetition) {
    EXPECT_EQ(parse_cpu_list("8,3,0-4,3").value(), (list{0, 1, 2, 3, 4, 8}));
    EXPECT_EQ(parse_cpu_list("5-5").value(), list{5});
}

TEST(cpus, what_is_no_list_is_a_usage_error_that_shows_it) {
    for (const char* text :
         {"",      "\n",  ",",     "0,",  ",0", "0,,1", "a",   "0-",    "-1",      "-",
          "0--1",  "3-1", "0-3-5", "1 2", " 1", "0, 1", "0x1", "65536", "0-65536", "99999999999999999999",
          "0-3;8", "all", "0:1"}) {
        const auto cpus = parse_cpu_list(text);
        ASSERT_FALSE(cpus) << text;
        EXPECT_EQ(cpus.error().status, exit_status::usage) << text;
        EXPECT_NE(cpus.error().message.find(text), std::string::npos) << text;
    }
}

TEST(cpus, list_is_written_with_ranges) {
    EXPECT_EQ(format_cpu_list({}), "");
    EXPECT_EQ(format_cpu_list({7}), "7");
    EXPECT_EQ(format_cpu_list({0, 1}), "0-1");
    EXPECT_EQ(format_cpu_list({0, 1, 2, 4, 8, 9}), "0-2,4,8-9");
}

TEST(cpus, list_survives_writing_and_reading) {
    for (const list& cpus : {list{0}, list{0, 2, 4, 6}, list{0, 1, 2, 3, 64, 65, 1023}})
        EXPECT_EQ(parse_cpu_list(format_cpu_list(cpus)).value(), cpus);
}

TEST(cpus, online_ones_of_this_machine_are_possible_ones) {
    const auto online = online_cpus();
    const auto possible = possible_cpus();
    ASSERT_TRUE(online) << online.error().message;
    ASSERT_TRUE(possible) << possible.error().message;
    EXPECT_FALSE(online->empty());
    EXPECT_TRUE(std::includes(possible->begin(), possible->end(), online->begin(), online->end()));
}

} // namespace irqscope::host

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/units.hpp"

#include <cstdlib>
#include <ctime>
#include <gtest/gtest.h>
#include <string>

namespace irqscope::sink {

TEST(units, times_have_three_digits_and_a_unit) {
    EXPECT_EQ(format_ns(0), "0 ns");
    EXPECT_EQ(format_ns(865), "865 ns");
    EXPECT_EQ(format_ns(999), "999 ns");
    EXPECT_EQ(format_ns(1000), "1.00 us");
    EXPECT_EQ(format_ns(3104), "3.10 us");
    EXPECT_EQ(format_ns(21'400'000), "21.4 ms");
    EXPECT_EQ(format_ns(214'000'000), "214 ms");
    EXPECT_EQ(format_ns(1'200'000'000), "1.20 s");
    EXPECT_EQ(format_ns(3'600'000'000'000), "3600 s");
}

TEST(units, times_that_round_up_go_to_the_next_unit_and_have_no_fourth_digit) {
    EXPECT_EQ(format_ns(9'994), "9.99 us");
    EXPECT_EQ(format_ns(9'996), "10.0 us");
    EXPECT_EQ(format_ns(99'949), "99.9 us");
    EXPECT_EQ(format_ns(99'951), "100 us");
    EXPECT_EQ(format_ns(999'499), "999 us");
    EXPECT_EQ(format_ns(999'500), "1.00 ms");
    EXPECT_EQ(format_ns(999'999'999), "1.00 s");
}

TEST(units, times_of_interest_fit_in_eight_columns) {
    for (std::uint64_t ns = 1; ns < 900'000'000'000'000; ns += ns / 7 + 1) // ten days
        ASSERT_LE(format_ns(ns).size(), 8U) << ns;
}

TEST(units, settings_are_printed_as_they_were_given) {
    EXPECT_EQ(format_setting(0), "0 ns");
    EXPECT_EQ(format_setting(999), "999 ns");
    EXPECT_EQ(format_setting(500'000), "500 us");
    EXPECT_EQ(format_setting(1'000'000), "1 ms");
    EXPECT_EQ(format_setting(1'500'000), "1.5 ms");
    EXPECT_EQ(format_setting(1'000'001), "1.000001 ms");
    EXPECT_EQ(format_setting(10'000'000), "10 ms");
    EXPECT_EQ(format_setting(100'000'000'000), "100 s");
}

TEST(units, range_is_in_one_unit) {
    EXPECT_EQ(format_range(4'210'000, 5'210'000), "4.21 .. 5.21 ms");
    EXPECT_EQ(format_range(107'000'000, 108'000'000), "107.0 .. 108.0 ms");
    EXPECT_EQ(format_range(900'000, 1'900'000), "0.90 .. 1.90 ms");
    EXPECT_EQ(format_range(0, 500), "0 .. 500 ns");
    EXPECT_EQ(format_range(1'500, 2'500), "1.50 .. 2.50 us");
}

TEST(units, range_holds_the_true_length) {
    EXPECT_EQ(format_range(4'219'999, 5'210'001), "4.21 .. 5.22 ms");
    EXPECT_EQ(format_range(0, UINT64_MAX), "0.0 .. 18446744073.8 s");
}

TEST(units, ends_of_a_range_differ) {
    EXPECT_EQ(format_range(12'345'600'000, 12'346'600'000), "12.345 .. 12.347 s");
    EXPECT_EQ(format_range(12'345'678'901, 12'345'678'902), "12.345678901 .. 12.345678902 s");
    EXPECT_EQ(format_range(5'000'000, 5'000'000), "5.000000 .. 5.000000 ms") << "empty";
    EXPECT_EQ(format_range(6'000'000, 5'000'000), "6.000000 .. 5.000000 ms") << "none";
}

TEST(units, rates_are_short) {
    EXPECT_EQ(format_rate(0), "0.0");
    EXPECT_EQ(format_rate(0.2), "0.2");
    EXPECT_EQ(format_rate(9.94), "9.9");
    EXPECT_EQ(format_rate(9.96), "10");
    EXPECT_EQ(format_rate(17.4), "17");
    EXPECT_EQ(format_rate(9999), "9999");
    EXPECT_EQ(format_rate(9999.6), "10.0k");
    EXPECT_EQ(format_rate(248'200), "248.2k");
    EXPECT_EQ(format_rate(999'960), "1.0M");
    EXPECT_EQ(format_rate(1'300'000), "1.3M");
    for (double rate = 0.01; rate < 1e9; rate *= 1.1) ASSERT_LE(format_rate(rate).size(), 7U) << rate;
}

TEST(units, counts_are_grouped_by_three) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1000), "1,000");
    EXPECT_EQ(format_count(100'000), "100,000");
    EXPECT_EQ(format_count(2'481'902), "2,481,902");
    EXPECT_EQ(format_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(units, bytes_are_binary) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(1023), "1023 B");
    EXPECT_EQ(format_bytes(1024), "1.00 KiB");
    EXPECT_EQ(format_bytes(12'897'485), "12.3 MiB");
    EXPECT_EQ(format_bytes(1U << 30), "1.00 GiB");
    EXPECT_EQ(format_bytes(std::uint64_t{5} << 40), "5120 GiB");
}

TEST(units, shares_are_of_one) {
    EXPECT_EQ(format_share(0), "0.00 %");
    EXPECT_EQ(format_share(0.003), "0.30 %");
    EXPECT_EQ(format_share(0.0123), "1.23 %");
    EXPECT_EQ(format_share(0.5), "50.0 %");
    EXPECT_EQ(format_share(1), "100.0 %");
    EXPECT_EQ(format_share(2.5), "250.0 %"); // of one CPU: many together may be more than 1
    EXPECT_EQ(format_share(9.994), "999.4 %");
    EXPECT_EQ(format_share(128), "12800 %");
}

TEST(units, rfc3339_is_utc_with_microseconds) {
    const std::chrono::system_clock::time_point time{std::chrono::microseconds(1'746'680'711'000'042)};
    EXPECT_EQ(format_rfc3339(time), "2025-05-08T05:05:11.000042Z");
    EXPECT_EQ(format_rfc3339({}), "1970-01-01T00:00:00.000000Z");
}

TEST(units, local_time_names_its_offset) {
    const char* had = std::getenv("TZ"); // NOLINT(concurrency-mt-unsafe): one thread
    const std::string before = had == nullptr ? "" : had;
    setenv("TZ", "XYZ-8", 1); // NOLINT(concurrency-mt-unsafe)
    tzset();
    EXPECT_EQ(format_local(std::chrono::system_clock::time_point{std::chrono::seconds(1'746'680'711)}),
              "2025-05-08 13:05:11 +0800");
    EXPECT_EQ(format_clock(std::chrono::system_clock::time_point{std::chrono::microseconds(1'746'680'711'007'999)}),
              "13:05:11.007");
    EXPECT_EQ(format_clock(std::chrono::system_clock::time_point{std::chrono::milliseconds(-1)}), "07:59:59.999");
    if (had == nullptr)
        unsetenv("TZ"); // NOLINT(concurrency-mt-unsafe)
    else
        setenv("TZ", before.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    tzset();
}

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/parse.hpp"

#include <gtest/gtest.h>
#include <string>

namespace irqscope::cli {

namespace {

template <typename T>
void expect_refused(const result<T>& value, std::string_view text) {
    ASSERT_FALSE(value) << "'" << text << "' gave " << *value;
    EXPECT_EQ(value.error().status, exit_status::usage) << text;
    EXPECT_NE(value.error().message.find("--option"), std::string::npos) << value.error().message;
    EXPECT_EQ(value.error().message.find('\n'), std::string::npos) << value.error().message;
}

} // namespace

TEST(parse_duration, units_are_those_that_people_write) {
    EXPECT_EQ(parse_duration("--option", "1ns").value(), 1U);
    EXPECT_EQ(parse_duration("--option", "500us").value(), 500'000U);
    EXPECT_EQ(parse_duration("--option", "10ms").value(), 10'000'000U);
    EXPECT_EQ(parse_duration("--option", "2s").value(), 2'000'000'000U);
    EXPECT_EQ(parse_duration("--option", "3m").value(), 180'000'000'000U);
    EXPECT_EQ(parse_duration("--option", "1h").value(), 3'600'000'000'000U);
}

TEST(parse_duration, bare_number_is_seconds) {
    EXPECT_EQ(parse_duration("--option", "10").value(), 10'000'000'000U);
    EXPECT_EQ(parse_duration("--option", "0.25").value(), 250'000'000U);
}

TEST(parse_duration, fractions_are_read) {
    EXPECT_EQ(parse_duration("--option", "1.5s").value(), 1'500'000'000U);
    EXPECT_EQ(parse_duration("--option", ".5ms").value(), 500'000U);
    EXPECT_EQ(parse_duration("--option", "0.001us").value(), 1U);
}

TEST(parse_duration, nothing_is_no_duration) {
    for (const char* text : {"0", "0s", "0ms", "0.0", "-0", "0.4ns", "-1", "-10s"})
        expect_refused(parse_duration("--option", text), text);
}

TEST(parse_duration, what_is_no_time_is_refused) {
    for (const char* text : {"", " ", "s", "ms", "ten", "1 s", " 1s", "1s ", "1x", "1S", "1sec", "1s2ms", "1,5s", "+1s",
                             "1..5s", "--1", "1h30m"})
        expect_refused(parse_duration("--option", text), text);
}

TEST(parse_duration, floating_point_words_and_notations_are_no_time) {
    for (const char* text : {"nan", "NaN", "nans", "nan(1)s", "inf", "-inf", "infinity", "infs", "INF", "1e3", "1e3s",
                             "1e-3s", "0x10", "0x10s", "0x1p3s", "0b1s"})
        expect_refused(parse_duration("--option", text), text);
}

TEST(parse_duration, year_is_the_longest) {
    EXPECT_EQ(parse_duration("--option", "8784h").value(), 366U * 86'400'000'000'000U);
    for (const std::string& text :
         {std::string("8785h"), std::string("31622401"), std::string("18446744073709551616ns"),
          std::string("99999999999999999999999h"), std::string(400, '9'), std::string(400, '9') + "ns"})
        expect_refused(parse_duration("--option", text), text);
}

TEST(parse_threshold, needs_its_unit) {
    for (const char* text : {"1", "10", "0.5", "1000000"}) {
        const auto value = parse_threshold("--option", text);
        expect_refused(value, text);
        EXPECT_NE(value.error().message.find(std::string(text) + "ms"), std::string::npos) << value.error().message;
    }
    EXPECT_EQ(parse_threshold("--option", "1ms").value(), 1'000'000U);
    EXPECT_EQ(parse_threshold("--option", "2s").value(), 2'000'000'000U);
    EXPECT_EQ(parse_threshold("--option", "250us").value(), 250'000U);
}

TEST(parse_threshold, refuses_what_a_duration_refuses) {
    for (const char* text : {"", "0ms", "-1ms", "nan", "infms", "0x1ms", "1e3us", "1 ms", "ms", "9999h"})
        expect_refused(parse_threshold("--option", text), text);
}

TEST(parse_threshold, nothing_needs_no_unit) {
    const auto none = parse_threshold("--option", "0");
    expect_refused(none, "0");
    EXPECT_EQ(none.error().message.find("0ms"), std::string::npos) << none.error().message;
}

TEST(parse_beat, refusal_speaks_of_its_period) {
    EXPECT_EQ(parse_beat("--option", "4ms").value(), 4'000'000U);
    for (const char* text : {"0", "0ms", "-1", "99us", "101ms"}) {
        const auto value = parse_beat("--option", text);
        expect_refused(value, text);
        EXPECT_NE(value.error().message.find("a heartbeat's period is 100us to 100ms"), std::string::npos)
            << value.error().message;
    }
    const auto bare = parse_beat("--option", "5");
    expect_refused(bare, "5");
    EXPECT_NE(bare.error().message.find("a heartbeat's period needs its unit; write it like 5us or 5ms"),
              std::string::npos)
        << bare.error().message;
    expect_refused(parse_beat("--option", "soon"), "soon");
}

TEST(parse_ring_size, units_are_binary) {
    EXPECT_EQ(parse_ring_size("--option", "4096").value(), 4096U);
    EXPECT_EQ(parse_ring_size("--option", "4K").value(), 4096U);
    EXPECT_EQ(parse_ring_size("--option", "64K").value(), 65'536U);
    EXPECT_EQ(parse_ring_size("--option", "1M").value(), 1'048'576U);
    EXPECT_EQ(parse_ring_size("--option", "1024M").value(), 1U << 30);
    EXPECT_EQ(parse_ring_size("--option", "1073741824").value(), 1U << 30);
}

TEST(parse_ring_size, what_a_ring_buffer_cannot_be_is_refused) {
    for (const char* text : {"",
                             "0",
                             "1",
                             "2048",
                             "2K",
                             "4095",
                             "4097",
                             "5000",
                             "3M",
                             "6K",
                             "2048M",
                             "2147483648",
                             "-4096",
                             "+4096",
                             "4k",
                             "4KB",
                             "4 K",
                             "K",
                             "1.5M",
                             "0x1000",
                             "1e6",
                             "64G",
                             " 4096",
                             "4294971392",
                             "18446744073709551616",
                             "18014398509481984K",
                             "18014398509481988K",
                             "17592186044416M",
                             "99999999999999999999999M",
                             "nan",
                             "inf"})
        expect_refused(parse_ring_size("--option", text), text);
}
TEST(parse_command, is_split_at_blanks_that_nothing_keeps) {
    const auto words = [](const char* text) { return parse_command("--on-stall", text).value(); };
    using list = std::vector<std::string>;
    EXPECT_EQ(words("perf record -a"), (list{"perf", "record", "-a"}));
    EXPECT_EQ(words("  sh\t-c 'echo l > /proc/sysrq-trigger' "), (list{"sh", "-c", "echo l > /proc/sysrq-trigger"}));
    EXPECT_EQ(words(R"(a "b \"c\" d" e\ f g"h i"j '' \\)"), (list{"a", "b \"c\" d", "e f", "gh ij", "", "\\"}));
    EXPECT_EQ(words("echo $HOME * ; | `x`"), (list{"echo", "$HOME", "*", ";", "|", "`x`"})) << "no shell";
    EXPECT_EQ(words(R"('a\b')"), (list{"a\\b"}));
}

TEST(parse_command, that_says_nothing_or_has_no_end_is_refused) {
    for (const char* text : {"", "  ", "''", "'a", "a \"b", "a\\"}) {
        const auto found = parse_command("--on-stall", text);
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().status, exit_status::usage);
    }
}

} // namespace irqscope::cli

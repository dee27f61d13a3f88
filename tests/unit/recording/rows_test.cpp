// SPDX-License-Identifier: BSD-2-Clause
#include "recording/rows.hpp"

#include <gtest/gtest.h>
#include <random>

namespace irqscope::recording {

namespace {

bool same(const row& a, const row& b) {
    return a.number == b.number && a.end_ns == b.end_ns && a.duration_ns == b.duration_ns &&
           a.nested_ns == b.nested_ns && a.has_latency == b.has_latency &&
           (!a.has_latency || a.latency_ns == b.latency_ns) && a.has_off == b.has_off &&
           (!a.has_off || a.off_ns == b.off_ns);
}

std::vector<row> made_rows() {
    constexpr std::uint64_t most = UINT64_MAX;
    return {{0, 1000, 50, 0, false, 0, false, 0},    {1, 1400, 70, 10, true, 300, false, 0},
            {1, 1300, 70, 0, true, 0, true, 0}, // ends before the one before it
            {2, 1300, 0, 0, true, 5, true, 5},       {3, 9000, 1, 1, true, 5, true, 6},
            {4, 9001, 1, 0, false, 0, true, most},   {UINT32_MAX, most, most, most, true, most, true, most},
            {0, 0, most, most, true, most, true, 0}, {7, 1ULL << 63, 0, 0, false, 0, false, 0}};
}

std::vector<std::uint8_t> encoded(const std::vector<row>& rows, std::uint64_t& first_ns) {
    row_writer writer(16);
    for (const row& one : rows) writer.add(one);
    EXPECT_EQ(writer.rows(), rows.size());
    first_ns = writer.first_ns();
    std::vector<std::uint8_t> made;
    writer.swap(made);
    EXPECT_EQ(writer.rows(), 0U);
    EXPECT_EQ(writer.size(), 0U);
    return made;
}

} // namespace

TEST(recorded_rows, come_back_as_they_were) {
    const auto rows = made_rows();
    std::uint64_t first_ns = 0;
    const auto all = encoded(rows, first_ns);
    row_reader reader(all, first_ns);
    row one;
    for (const row& expected : rows) {
        ASSERT_TRUE(reader.next(one));
        EXPECT_TRUE(same(one, expected)) << expected.number << " " << expected.end_ns;
    }
    EXPECT_FALSE(reader.next(one));
    EXPECT_TRUE(reader.whole());
}

TEST(recorded_rows, usual_softirq_takes_seven_bytes) {
    row_writer writer(16);
    writer.add({3, 1'000'000, 700, 0, true, 300, true, 300});
    const std::size_t before = writer.size();
    writer.add({3, 1'002'000, 700, 0, true, 300, true, 300});
    EXPECT_EQ(writer.size() - before, 7U);
}

TEST(recorded_rows, cut_anywhere_are_whole_up_to_there) {
    const auto rows = made_rows();
    std::uint64_t first_ns = 0;
    const auto all = encoded(rows, first_ns);
    for (std::size_t size = 0; size < all.size(); size++) {
        const std::vector<std::uint8_t> some(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
        row_reader reader(some, first_ns);
        row one;
        std::size_t read = 0;
        for (; reader.next(one); read++) ASSERT_TRUE(same(one, rows[read]));
        EXPECT_LT(read, rows.size());
    }
}

TEST(recorded_rows, of_senseless_bytes_end) {
    std::mt19937 random(1);
    for (int turn = 0; turn < 2'000; turn++) {
        std::vector<std::uint8_t> noise(random() % 64);
        for (auto& one : noise) one = static_cast<std::uint8_t>(random() | (turn % 2 == 0 ? 0x80U : 0U));
        row_reader reader(noise, random());
        row one;
        std::size_t read = 0;
        while (reader.next(one)) read++;
        EXPECT_LE(read, noise.size());
    }
}

} // namespace irqscope::recording

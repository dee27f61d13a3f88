// SPDX-License-Identifier: BSD-2-Clause
#include "stream/flight_ring.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

namespace irqscope::stream {

namespace {

constexpr std::size_t size = 8;

using numbers = std::vector<std::uint64_t>;

class flight_ring_test : public testing::Test {
protected:
    // The span of this number (from 1 on), as the programs write it.
    void write(std::uint64_t number) {
        wire_flight& entry = memory_[(number - 1) % size];
        entry.start_ns = 100 * number;
        entry.end_ns = 100 * number + 10;
        entry.what = 0; // a softirq
        entry.number = number;
    }
    void write(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t number = first; number <= last; number++) write(number);
    }
    // What a read brings: the numbers.
    numbers read() {
        std::vector<wire_flight> got;
        lost_.clear();
        ring_.read(got, lost_);
        numbers found;
        for (const wire_flight& one : got) {
            found.push_back(one.number);
            EXPECT_EQ(one.start_ns, 100 * one.number);
        }
        return found;
    }

    std::vector<wire_flight> memory_ = std::vector<wire_flight>(size);
    std::vector<flight_ring::loss> lost_;
    flight_ring ring_{memory_};
};

} // namespace

TEST_F(flight_ring_test, gives_each_span_once) {
    EXPECT_EQ(read(), numbers());
    write(1, 3);
    EXPECT_EQ(read(), (numbers{1, 2, 3}));
    EXPECT_EQ(read(), numbers());
    write(4, 11); // round
    EXPECT_EQ(read(), (numbers{4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_TRUE(lost_.empty());
}

TEST_F(flight_ring_test, tells_how_many_were_overwritten) {
    write(1, 2);
    read();
    write(3, 13); // 3, 4 and 5 are gone
    EXPECT_EQ(read(), (numbers{6, 7, 8, 9, 10, 11, 12, 13}));
    ASSERT_EQ(lost_.size(), 1U);
    EXPECT_EQ(lost_[0].before, 0U);
    EXPECT_EQ(lost_[0].overwritten, 3U);
    EXPECT_EQ(lost_[0].torn, 0U);
}

TEST_F(flight_ring_test, comes_late_by_many_rounds) {
    write(1, 1003);
    EXPECT_EQ(read(), (numbers{996, 997, 998, 999, 1000, 1001, 1002, 1003}));
    ASSERT_EQ(lost_.size(), 1U);
    EXPECT_EQ(lost_[0].overwritten, 995U);
}

TEST_F(flight_ring_test, what_is_being_written_at_the_head_comes_next_time) {
    write(1, 10);
    memory_[2].number = 0; // 11 over 3
    EXPECT_EQ(read(), (numbers{4, 5, 6, 7, 8, 9, 10}));
    ASSERT_EQ(lost_.size(), 1U) << "3";
    EXPECT_EQ(read(), numbers());
    EXPECT_TRUE(lost_.empty());
    write(11);
    EXPECT_EQ(read(), numbers{11});
    EXPECT_TRUE(lost_.empty());
}

TEST_F(flight_ring_test, what_is_being_overwritten_is_lost) {
    write(1, 2);
    read();
    write(3, 10);
    memory_[2].number = 0; // 11 over 3
    EXPECT_EQ(read(), (numbers{4, 5, 6, 7, 8, 9, 10}));
    ASSERT_EQ(lost_.size(), 1U);
    EXPECT_EQ(lost_[0].overwritten, 1U);
}

TEST_F(flight_ring_test, senseless_entry_counts_as_torn) {
    write(1, 5);
    memory_[2].start_ns = memory_[2].end_ns + 1;
    memory_[3].what = WIRE_HIST_IRQ_OFF;
    EXPECT_EQ(read(), (numbers{1, 2, 5}));
    ASSERT_EQ(lost_.size(), 1U);
    EXPECT_EQ(lost_[0].before, 2U);
    EXPECT_EQ(lost_[0].torn, 2U);
}

// A CPU that writes as fast as it can, while it is read.
TEST_F(flight_ring_test, spans_read_while_they_are_written_are_whole_or_lost) {
    constexpr std::uint64_t last = 2'000'000;
    std::atomic<bool> over = false;
    std::thread writer([&] {
        for (std::uint64_t number = 1; number <= last; number++) {
            wire_flight& entry = memory_[(number - 1) % size];
            __atomic_store_n(&entry.number, 0, __ATOMIC_SEQ_CST);
            __atomic_store_n(&entry.start_ns, 100 * number, __ATOMIC_RELAXED);
            __atomic_store_n(&entry.end_ns, 100 * number + 10, __ATOMIC_RELAXED);
            __atomic_store_n(&entry.number, number, __ATOMIC_RELEASE);
        }
        over = true;
    });
    std::uint64_t got = 0;
    std::uint64_t lost = 0;
    bool end = false;
    while (!end) {
        end = over;
        got += read().size();
        for (const flight_ring::loss& one : lost_) lost += one.overwritten + one.torn;
    }
    writer.join();
    EXPECT_EQ(got + lost, last);
    EXPECT_GE(got, size);
}

} // namespace irqscope::stream

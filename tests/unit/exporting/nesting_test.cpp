// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/nesting.hpp"

#include "exporting/lanes.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace irqscope::exporting {

namespace {

// "10(1 12(2 15)2 20)1": begins and ends with their time and what they are of.
class written final : public nest_writer {
public:
    void begin(std::uint64_t ns, std::uint32_t what) override {
        add(ns, '(', what);
        open_.push_back(what);
        slices++;
    }
    void end(std::uint64_t ns, std::uint32_t what) override {
        add(ns, ')', what);
        ASSERT_FALSE(open_.empty());
        EXPECT_EQ(open_.back(), what) << "at " << ns;
        open_.pop_back();
    }
    [[nodiscard]] bool is_closed() const { return open_.empty(); }

    std::string text;
    std::uint64_t slices = 0;

private:
    void add(std::uint64_t ns, char how, std::uint32_t what) {
        EXPECT_GE(ns, last_ns_);
        last_ns_ = ns;
        if (!text.empty()) text += ' ';
        text += std::to_string(ns) + how + std::to_string(what);
    }

    std::vector<std::uint32_t> open_;
    std::uint64_t last_ns_ = 0;
};

struct outcome {
    std::string text;
    std::uint64_t moved = 0;
    std::uint64_t left_out = 0;
};

outcome nested(const std::vector<nested_span>& spans, std::size_t most = 1'000) {
    written to;
    nesting made(to, most);
    for (const nested_span& one : spans) made.add(one);
    made.finish();
    EXPECT_TRUE(to.is_closed());
    EXPECT_EQ(to.slices + made.left_out(), spans.size());
    return {to.text, made.moved(), made.left_out()};
}

} // namespace

TEST(nesting, what_ends_first_and_began_later_is_inside) {
    const auto found = nested({{12, 15, 2}, {16, 18, 3}, {10, 20, 1}, {25, 26, 4}});
    EXPECT_EQ(found.text, "10(1 12(2 15)2 16(3 18)3 20)1 25(4 26)4");
    EXPECT_EQ(found.moved, 0U);
}

TEST(nesting, of_one_time_an_end_is_before_a_begin_and_the_inner_one_ends_first) {
    EXPECT_EQ(nested({{10, 20, 1}, {20, 30, 2}}).text, "10(1 20)1 20(2 30)2");
    EXPECT_EQ(nested({{15, 20, 2}, {10, 20, 1}, {20, 20, 3}, {20, 21, 4}}).text,
              "10(1 15(2 20)2 20)1 20(4 20(3 20)3 21)4");
    EXPECT_EQ(nested({{10, 10, 2}, {10, 20, 1}}).text, "10(1 10(2 10)2 20)1");
    EXPECT_EQ(nested({{10, 20, 7}, {10, 20, 3}}).text, "10(3 10(7 20)7 20)3"); // a softirq's number is the smaller one
    EXPECT_EQ(nested({{0, 0, 1}, {0, 0, 1}}).text, "0(1 0)1 0(1 0)1");
}

TEST(nesting, the_first_of_two_that_cross_ends_where_the_other_begins) {
    const auto found = nested({{0, 10, 1}, {5, 20, 2}, {6, 8, 3}, {0, 100, 4}});
    EXPECT_EQ(found.text, "0(4 0(1 5)1 5(2 6(3 8)3 20)2 100)4");
    EXPECT_EQ(found.moved, 1U);
}

TEST(nesting, is_as_without_a_bound_while_no_more_comes_in_between) {
    std::vector<nested_span> spans;
    for (std::uint64_t i = 0; i < 50; i++) { // each holds three, of which it ends last
        for (std::uint64_t inner = 1; inner < 4; inner++)
            spans.push_back({100 * i + 20 * inner, 100 * i + 20 * inner + 5, 2});
        spans.push_back({100 * i, 100 * i + 90, 1});
    }
    const auto all = nested(spans);
    const auto few = nested(spans, 8);
    EXPECT_EQ(few.text, all.text);
    EXPECT_EQ(few.moved + few.left_out, 0U);
}

TEST(nesting, one_that_comes_too_late_begins_where_the_track_has_come_to_or_is_left_out) {
    const auto moved = nested({{10, 11, 1}, {20, 21, 2}, {30, 31, 3}, {40, 41, 4}, {5, 50, 5}}, 4);
    EXPECT_EQ(moved.text, "10(1 11)1 20(2 20)2 20(5 30(3 31)3 40(4 41)4 50)5");
    EXPECT_EQ(moved.moved, 2U);
    const auto gone = nested({{10, 11, 1}, {20, 21, 2}, {30, 31, 3}, {40, 41, 4}, {5, 15, 5}}, 4);
    EXPECT_EQ(gone.text, "10(1 11)1 20(2 21)2 30(3 31)3 40(4 41)4");
    EXPECT_EQ(gone.left_out, 1U);
}

TEST(nesting, holds_for_anything) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; round++) {
        std::vector<nested_span> spans;
        for (int i = 0; i < 60; i++) {
            const std::uint64_t start = random() % 50;
            spans.push_back({start, round % 3 == 0 ? UINT64_MAX - random() % 3 : start + random() % 20,
                             static_cast<std::uint32_t>(random() % 5)});
        }
        nested(spans, 2 + random() % 40); // the expectations are in there
    }
}

TEST(lanes, slices_follow_one_another_on_each_and_there_is_an_end_to_them) {
    lanes made;
    EXPECT_EQ(made.place(10, 20), 0U);
    EXPECT_EQ(made.place(20, 30), 0U);
    EXPECT_EQ(made.place(29, 40), 1U);
    EXPECT_EQ(made.place(5, 6), 2U); // told late
    EXPECT_EQ(made.place(30, 31), 0U);
    lanes full;
    for (std::size_t i = 0; i < lanes::most; i++) EXPECT_EQ(full.place(0, 10), i);
    EXPECT_FALSE(full.place(9, 10));
    EXPECT_EQ(full.place(10, 10), 0U);
}

} // namespace irqscope::exporting

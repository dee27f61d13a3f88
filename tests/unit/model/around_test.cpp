// SPDX-License-Identifier: BSD-2-Clause
#include "model/around.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {

namespace {

flight_span span(flight_kind kind, std::uint64_t start_ns, std::uint64_t end_ns) {
    flight_span made;
    made.kind = kind;
    made.start_ns = start_ns;
    made.end_ns = end_ns;
    return made;
}

} // namespace

TEST(around, spans_are_in_order_and_know_what_they_interrupted) {
    flight of;
    of.end_ns = 1000;
    of.spans = {span(flight_kind::sysvec, 220, 230),  span(flight_kind::hardirq, 200, 300),
                span(flight_kind::softirq, 150, 400), span(flight_kind::softirq, 450, 460),
                span(flight_kind::task, 100, 500),    span(flight_kind::idle, 500, 900)};
    const around made = lay_out(of, 100);
    ASSERT_EQ(made.spans.size(), 6U);
    const std::vector<unsigned> depths{0, 1, 2, 3, 1, 0};
    for (std::size_t i = 0; i < depths.size(); i++) EXPECT_EQ(made.spans[i].depth, depths[i]) << i;
    EXPECT_EQ(made.spans[3].span.kind, flight_kind::sysvec);
    EXPECT_EQ(made.hidden, 0U);
}

TEST(around, of_what_begins_at_once_the_outer_comes_first) {
    flight of;
    of.spans = {span(flight_kind::softirq, 100, 200), span(flight_kind::task, 100, 500)};
    EXPECT_EQ(lay_out(of, 10).spans[0].span.kind, flight_kind::task);
}

TEST(around, middle_is_left_out) {
    flight of;
    for (std::uint64_t i = 0; i < 100; i++) of.spans.push_back(span(flight_kind::sysvec, i, i + 1));
    const around made = lay_out(of, 10);
    ASSERT_EQ(made.spans.size(), 20U);
    EXPECT_EQ(made.hidden, 80U);
    EXPECT_EQ(made.hidden_at, 10U);
    EXPECT_EQ(made.spans[9].span.start_ns, 9U);
    EXPECT_EQ(made.spans[10].span.start_ns, 90U);
    EXPECT_EQ(lay_out(of, 50).hidden, 0U);
}

} // namespace irqscope::model

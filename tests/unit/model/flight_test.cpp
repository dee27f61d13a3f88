// SPDX-License-Identifier: BSD-2-Clause
#include "model/flight.hpp"

#include <gtest/gtest.h>
#include <numeric>

namespace irqscope::model {

namespace {

flight_span span(flight_kind kind, std::uint32_t number, std::uint64_t start_ns, std::uint64_t end_ns) {
    flight_span made;
    made.kind = kind;
    made.number = number;
    made.start_ns = start_ns;
    made.end_ns = end_ns;
    return made;
}

flight_shares shares(std::uint64_t start_ns, std::uint64_t end_ns, std::vector<flight_span> spans) {
    flight of;
    of.start_ns = start_ns;
    of.end_ns = end_ns;
    of.spans = std::move(spans);
    const flight_shares made = share(of);
    EXPECT_EQ(std::accumulate(made.ns.begin(), made.ns.end(), made.unknown_ns), end_ns - start_ns);
    return made;
}

} // namespace

TEST(flight, each_nanosecond_is_the_innermosts) {
    const auto made = shares(1000, 2000,
                             {span(flight_kind::task, 7, 900, 1800), span(flight_kind::idle, 0, 1800, 2100),
                              span(flight_kind::softirq, 19, 1100, 1500), span(flight_kind::hardirq, 100, 1200, 1300),
                              span(flight_kind::sysvec, 70, 1250, 1260), span(flight_kind::sysvec, 70, 1900, 1950)});
    EXPECT_EQ(made.at(part::task), 400U);
    EXPECT_EQ(made.at(part::softirq), 300U);
    EXPECT_EQ(made.at(part::hardirq), 90U);
    EXPECT_EQ(made.at(part::sysvec), 60U);
    EXPECT_EQ(made.at(part::idle), 150U);
    EXPECT_EQ(made.unknown_ns, 0U);
    EXPECT_EQ(made.most_of(part::sysvec)->count, 2U);
    EXPECT_EQ(made.most_of(part::sysvec)->ns, 60U);
    EXPECT_FALSE(made.most_of(part::idle)) << "there is one idle task";
}

TEST(flight, most_is_by_time_not_by_number) {
    const auto made = shares(0, 1000,
                             {span(flight_kind::task, 7, 0, 1000), span(flight_kind::hardirq, 100, 10, 20),
                              span(flight_kind::hardirq, 100, 30, 40), span(flight_kind::hardirq, 101, 50, 90)});
    EXPECT_EQ(made.most_of(part::hardirq)->of.number, 101U);
    EXPECT_EQ(made.most_of(part::hardirq)->count, 1U);
}

TEST(flight, stretches_of_one_task_are_one) {
    const auto made = shares(0, 1000,
                             {span(flight_kind::task, 7, 0, 300), span(flight_kind::task, 8, 300, 600),
                              span(flight_kind::task, 7, 600, 1000)});
    EXPECT_EQ(made.most_of(part::task)->of.number, 7U);
    EXPECT_EQ(made.most_of(part::task)->ns, 700U);
    EXPECT_EQ(made.most_of(part::task)->count, 2U);
}

TEST(flight, ksoftirqds_time_is_its_own_and_its_softirqs) {
    const auto made =
        shares(0, 1000,
               {span(flight_kind::ksoftirqd, 22, 0, 1000), span(flight_kind::softirq_of_ksoftirqd, 21, 100, 900),
                span(flight_kind::softirq, 19, 950, 960)});
    EXPECT_EQ(made.at(part::ksoftirqd), 990U);
    EXPECT_EQ(made.at(part::softirq), 10U);
    EXPECT_EQ(made.most_of(part::ksoftirqd)->of.number, 21U);
    EXPECT_EQ(made.most_of(part::ksoftirqd)->ns, 800U);
    EXPECT_FALSE(made.most_of(part::task));
}

TEST(flight, what_no_span_covers_is_unknown) {
    const auto made = shares(0, 1000, {span(flight_kind::task, 7, 200, 500), span(flight_kind::hardirq, 9, 600, 700)});
    EXPECT_EQ(made.unknown_ns, 600U);
    EXPECT_EQ(shares(0, 1000, {}).unknown_ns, 1000U);
    EXPECT_EQ(shares(5, 5, {}).unknown_ns, 0U);
}

TEST(flight, interrupts_that_overlap_against_all_sense_are_charged_once) {
    const auto made =
        shares(0, 1000, {span(flight_kind::hardirq, 1, 100, 500), span(flight_kind::hardirq, 2, 300, 800)});
    EXPECT_EQ(made.at(part::hardirq), 700U);
    EXPECT_EQ(made.most_of(part::hardirq)->of.number, 2U);
    EXPECT_EQ(made.most_of(part::hardirq)->ns, 500U);
}

} // namespace irqscope::model

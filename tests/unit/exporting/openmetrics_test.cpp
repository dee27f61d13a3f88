// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/openmetrics.hpp"

#include "exporting/exported.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace irqscope::exporting {

namespace {

using testing::HasSubstr;
using testing::Not;

class open_metrics : public exported {
protected:
    [[nodiscard]] std::string text() const { return export_with<openmetrics>(recording::selection{}); }
};

} // namespace

TEST(openmetrics_text, buckets_end_where_the_next_begins_by_one_nanosecond) {
    EXPECT_EQ(metric_bucket_of(0), 0U);
    EXPECT_EQ(metric_bucket_of(1023), 0U);
    EXPECT_EQ(metric_bucket_of(1024), 1U);
    EXPECT_EQ(metric_bucket_of((1ULL << 36U) - 1), metric_buckets - 2);
    EXPECT_EQ(metric_bucket_of(1ULL << 36U), metric_buckets - 1);
    EXPECT_EQ(metric_bucket_of(UINT64_MAX), metric_buckets - 1);
    // as the histogram's own buckets lie in them, whole
    for (std::size_t bucket = 0; bucket < model::histogram::bucket_count; bucket++) {
        const auto range = model::histogram::range_of(bucket);
        EXPECT_EQ(metric_bucket_of(range.ge_ns), metric_bucket_of(range.lt_ns - 1)) << bucket;
    }
}

TEST(openmetrics_text, histogram_is_cumulative_with_sum_and_count) {
    model::histogram values;
    for (const std::uint64_t ns : {1023U, 1024U, 5000U}) values.count(ns);
    const std::string text = histogram_samples("x_seconds", {{"cpu", "3"}}, values, nullptr);
    EXPECT_THAT(text, HasSubstr("x_seconds_bucket{cpu=\"3\",le=\"0.000001023\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("x_seconds_bucket{cpu=\"3\",le=\"0.000002047\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("x_seconds_bucket{cpu=\"3\",le=\"0.000008191\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("x_seconds_bucket{cpu=\"3\",le=\"+Inf\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("x_seconds_sum{cpu=\"3\"} 0.000007047\nx_seconds_count{cpu=\"3\"} 3\n"));
}

TEST(openmetrics_text, label_is_escaped_and_an_exemplars_labels_have_their_room) {
    EXPECT_EQ(sample("x", {{"a", "q\"b\\n\n"}}, "1"), "x{a=\"q\\\"b\\\\n?\"} 1\n");
    model::histogram values;
    values.count(5);
    exemplars with;
    keep_longest(with, {{{"incident", "7"}, {"culprit", std::string(500, 'x')}}, 5, 1'500'000'000'000'000'001});
    keep_longest(with, {{{"incident", "8"}, {"culprit", "short"}}, 4, 0});
    const std::string text = histogram_samples("x", {}, values, &with);
    const std::size_t start = text.find(" # {");
    ASSERT_NE(start, std::string::npos);
    const std::string line = text.substr(start, text.find('\n', start) - start);
    EXPECT_TRUE(line.starts_with(" # {incident=\"7\",culprit=\"xxx")) << line;
    EXPECT_TRUE(line.ends_with("..\"} 0.000000005 1500000000.000000001")) << line;
    EXPECT_LE(line.find("\"} ") - line.find("xxx"), 128U - 8 - 1 - 7);
}

TEST_F(open_metrics, has_stalls_by_kind_and_cpu_with_the_longest_as_exemplar) {
    model::stall shorter = sink::made_irq_off();
    shorter.at_least_ns = 70 * sink::ms; // in the same bucket as 107 ms
    record({shorter, sink::made_irq_off(), sink::made_hardirq_run()});
    const std::string made = text();
    EXPECT_THAT(made, HasSubstr("# TYPE irqscope_stall_seconds histogram\n# UNIT irqscope_stall_seconds seconds\n"));
    EXPECT_THAT(made, HasSubstr("irqscope_stall_seconds_count{cpu=\"17\",kind=\"irq_off\"} 2\n"));
    EXPECT_THAT(made, HasSubstr("irqscope_stall_seconds_sum{cpu=\"17\",kind=\"irq_off\"} 0.177000000\n"));
    EXPECT_THAT(made, HasSubstr("kind=\"irq_off\",le=\"0.134217727\"} 2 # {incident="));
    EXPECT_THAT(made, HasSubstr("} 0.107000000 "));
    EXPECT_THAT(made, Not(HasSubstr("} 0.070000000 ")));
    EXPECT_TRUE(made.ends_with("# EOF\n"));
}

TEST_F(open_metrics, of_spans_has_their_histograms) {
    about_.spans = true;
    record([this](sink::recorded&, recording::recorder& out) {
        constexpr std::uint16_t net_rx_run = WIRE_HIST_SOFTIRQ_RUN + 3 * WIRE_CONTEXTS + WIRE_CONTEXT_BH_ENABLE;
        for (int i = 0; i < 3; i++)
            out.on_softirq({{0, net_rx_run, 0, about_.monotonic_ns + 1000, 900, 10}, 300, WIRE_NO_LATENCY});
    });
    const std::string made = text();
    EXPECT_THAT(made,
                HasSubstr("irqscope_softirq_run_seconds_count{cpu=\"0\",vector=\"NET_RX\",context=\"bh_enable\"} 3"));
    EXPECT_THAT(made, HasSubstr("irqscope_softirq_latency_seconds_count{cpu=\"0\",vector=\"NET_RX\"} 3"));
}

TEST_F(open_metrics, families_are_not_torn_apart) {
    record(sink::made_stalls());
    std::istringstream lines(text());
    std::vector<std::string> families;
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("# TYPE ")) families.push_back(line);
    std::vector<std::string> once = families;
    std::sort(once.begin(), once.end());
    EXPECT_EQ(std::unique(once.begin(), once.end()), once.end());
    EXPECT_GE(families.size(), 4U);
}

} // namespace irqscope::exporting

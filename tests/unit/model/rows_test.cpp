// SPDX-License-Identifier: BSD-2-Clause
#include "model/rows.hpp"

#include <gtest/gtest.h>
#include <initializer_list>

namespace irqscope::model {

namespace {

series made(metric what, const std::string& key, int cpu, std::initializer_list<std::uint64_t> values,
            std::uint64_t dropped = 0) {
    series one{{what, key, {}, {}}, cpu, {}, dropped};
    for (const std::uint64_t ns : values) one.values.count(ns);
    return one;
}

std::vector<std::string> keys(const std::vector<row>& rows) {
    std::vector<std::string> names;
    for (const row& one : rows) names.push_back(one.cpu ? one.id.key + "@" + std::to_string(*one.cpu) : one.id.key);
    return names;
}

using names = std::vector<std::string>;

} // namespace

TEST(rows, cpus_are_merged_into_one_row_that_names_the_worst) {
    snapshot from;
    from.all = {made(metric::softirq_latency, "NET_RX", 0, {100, 200}, 1),
                made(metric::softirq_latency, "NET_RX", 5, {90'000}, 2),
                made(metric::softirq_latency, "NET_RX", 7, {300})};
    const auto rows = rows_of(from, metric::softirq_latency, false, 0);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].values.samples(), 4U);
    EXPECT_EQ(rows[0].values.sum_ns(), 90'600U);
    EXPECT_EQ(rows[0].worst_cpu, 5);
    EXPECT_EQ(rows[0].dropped, 3U);
    EXPECT_FALSE(rows[0].cpu);
}

TEST(rows, worst_cpu_of_a_single_series_is_its_own) {
    snapshot from;
    from.all = {made(metric::softirq_latency, "NET_RX", 6, {0})};
    EXPECT_EQ(rows_of(from, metric::softirq_latency, false, 0).at(0).worst_cpu, 6);
}

TEST(rows, per_cpu_keeps_cpus_apart) {
    snapshot from;
    from.all = {made(metric::softirq_latency, "NET_RX", 0, {100}), made(metric::softirq_latency, "NET_RX", 1, {200}),
                made(metric::softirq_latency, "TIMER", 1, {150})};
    EXPECT_EQ(keys(rows_of(from, metric::softirq_latency, true, 0)), (names{"NET_RX@1", "TIMER@1", "NET_RX@0"}));
}

TEST(rows, waits_come_with_the_largest_value_first) {
    for (const metric what : {metric::softirq_latency, metric::irq_off, metric::idle_exit, metric::softirq_off,
                              metric::ksoftirqd_latency}) {
        snapshot from;
        from.all = {made(what, "often", 0, {10, 10, 10, 10, 10, 10}), made(what, "late", 0, {20}),
                    made(what, "least", 0, {1})};
        EXPECT_EQ(keys(rows_of(from, what, false, 0)), (names{"late", "often", "least"}));
    }
}

TEST(rows, off_times_of_the_cpus_are_one_row) {
    snapshot from;
    from.all = {made(metric::irq_off, "", 0, {10}), made(metric::irq_off, "", 1, {30})};
    const auto rows = rows_of(from, metric::irq_off, false, 0);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].worst_cpu, 1);
    EXPECT_EQ(rows[0].values.samples(), 2U);
}

TEST(rows, metric_is_a_run_or_a_wait) {
    for (const metric what : all_metrics) EXPECT_EQ(is_run(what), name_of(what).ends_with("_run")) << name_of(what);
}

TEST(rows, runs_come_with_the_most_time_first) {
    for (const metric what : {metric::softirq_run, metric::hardirq_run, metric::sysvec_run, metric::ksoftirqd_run}) {
        snapshot from;
        from.all = {made(what, "long", 0, {20}), made(what, "often", 0, {10, 10, 10, 10, 10, 10})};
        EXPECT_EQ(keys(rows_of(from, what, false, 0)), (names{"often", "long"}));
    }
}

TEST(rows, equals_stand_in_the_same_order_however_they_came) {
    snapshot one;
    snapshot other;
    one.all = {made(metric::softirq_latency, "a", 0, {10}), made(metric::softirq_latency, "b", 0, {10})};
    other.all = {one.all[1], one.all[0]};
    EXPECT_EQ(keys(rows_of(one, metric::softirq_latency, false, 0)), (names{"a", "b"}));
    EXPECT_EQ(keys(rows_of(other, metric::softirq_latency, false, 0)), (names{"a", "b"}));
}

TEST(rows, other_metrics_are_left_out) {
    snapshot from;
    from.all = {made(metric::softirq_run, "NET_RX", 0, {100}), made(metric::softirq_latency, "NET_RX", 0, {7})};
    const auto rows = rows_of(from, metric::softirq_latency, false, 0);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].values.max_ns(), 7U);
    EXPECT_TRUE(rows_of(from, metric::hardirq_run, false, 0).empty());
}

TEST(rows, one_that_just_reaches_the_threshold_stays) {
    snapshot from;
    from.all = {made(metric::softirq_latency, "below", 0, {999}), made(metric::softirq_latency, "at", 0, {1000})};
    EXPECT_EQ(keys(rows_of(from, metric::softirq_latency, false, 1000)), names{"at"});
}

TEST(rows, threshold_is_for_the_merged_row) {
    // the CPU that stayed below it belongs to a key that reached it elsewhere
    snapshot from;
    from.all = {made(metric::softirq_latency, "NET_RX", 0, {5}), made(metric::softirq_latency, "NET_RX", 1, {1000})};
    EXPECT_EQ(rows_of(from, metric::softirq_latency, false, 1000).at(0).values.samples(), 2U);
    EXPECT_EQ(keys(rows_of(from, metric::softirq_latency, true, 1000)), names{"NET_RX@1"});
}

TEST(rows, contexts_and_irqs_are_rows_of_their_own) {
    snapshot from;
    series inline_run{{metric::softirq_run, "NET_RX", {}, "irq_exit"}, 0, {}, 0};
    series thread_run{{metric::softirq_run, "NET_RX", {}, "ksoftirqd"}, 0, {}, 0};
    inline_run.values.count(10);
    thread_run.values.count(20);
    from.all = {inline_run, thread_run};
    EXPECT_EQ(rows_of(from, metric::softirq_run, false, 0).size(), 2U);
}

} // namespace irqscope::model

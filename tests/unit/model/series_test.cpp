// SPDX-License-Identifier: BSD-2-Clause
#include "model/series.hpp"

#include <gtest/gtest.h>
#include <set>

namespace irqscope::model {

TEST(series, metrics_are_found_by_the_names_that_they_print) {
    std::set<std::string_view> names;
    for (const metric which : all_metrics) {
        EXPECT_EQ(metric_named(name_of(which)), which);
        names.insert(name_of(which));
    }
    EXPECT_EQ(names,
              (std::set<std::string_view>{"softirq_latency", "softirq_run", "hardirq_run", "sysvec_run", "irq_off",
                                          "idle_exit", "softirq_off", "ksoftirqd_latency", "ksoftirqd_run"}));
}

TEST(series, those_of_the_scheduler_are_measured_when_they_are_asked_for) {
    const std::set<metric> on_their_own(default_metrics.begin(), default_metrics.end());
    EXPECT_EQ(on_their_own.size(), default_metrics.size());
    for (const metric which : all_metrics)
        EXPECT_EQ(on_their_own.contains(which), which != metric::ksoftirqd_latency && which != metric::ksoftirqd_run)
            << name_of(which);
}

TEST(series, unknown_metric_is_none) {
    EXPECT_EQ(metric_named(""), std::nullopt);
    EXPECT_EQ(metric_named("softirq"), std::nullopt);
    EXPECT_EQ(metric_named("SOFTIRQ_RUN"), std::nullopt);
    EXPECT_EQ(metric_named("softirq_run "), std::nullopt);
}

TEST(series, identity_is_all_of_metric_key_irq_and_context) {
    const series_id one{metric::hardirq_run, "nic", 24, {}};
    EXPECT_EQ(one, (series_id{metric::hardirq_run, "nic", 24, {}}));
    EXPECT_NE(one, (series_id{metric::hardirq_run, "nic", 25, {}}));
    EXPECT_NE(one, (series_id{metric::hardirq_run, "nic", {}, {}}));
    EXPECT_NE(one, (series_id{metric::hardirq_run, "nic2", 24, {}}));
    EXPECT_NE(one, (series_id{metric::sysvec_run, "nic", 24, {}}));
    EXPECT_NE(one, (series_id{metric::hardirq_run, "nic", 24, "irq_exit"}));
}

} // namespace irqscope::model

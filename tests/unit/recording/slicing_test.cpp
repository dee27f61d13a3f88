// SPDX-License-Identifier: BSD-2-Clause
// A recording in slices: what is in them together is what is in the whole.
#include "recording/slicing.hpp"

#include "recording/in_a_directory.hpp"
#include "recording/recorder.hpp"
#include "sink/made_stalls.hpp"
#include "sink/recorded.hpp"

#include <random>

namespace irqscope::recording {

namespace {

using model::metric;

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint16_t net_rx_run = WIRE_HIST_SOFTIRQ_RUN + 3 * WIRE_CONTEXTS;
const model::row_id run_row{{metric::softirq_run, "NET_RX", {}, {}}, 1};
const model::row_id latency_row{{metric::softirq_latency, "NET_RX", {}, {}}, 1};
const model::row_id off_row{{metric::softirq_off, {}, {}, {}}, 1};

class sliced_recording : public in_a_directory {
protected:
    static header about(bool spans) {
        header made;
        made.spans = spans;
        made.monotonic_ns = 1'000 * ms;
        made.cpus = {0, 1};
        made.sync_ns = 1'000 * ms;
        return made;
    }
    // From 1 s to 2 s.
    static model::snapshot interval(std::uint64_t start_ns, std::uint64_t duration_ns) {
        model::snapshot made;
        made.start_ns = start_ns;
        made.duration_ns = duration_ns;
        made.coverage.cpus = {0, 1};
        return made;
    }
    [[nodiscard]] model::sliced sliced(std::uint64_t slice_ns) {
        auto first = std::move(*replay::open(path_));
        summing sum({}, [](const model::stall&) {});
        first.run({}, sum.spans(), sum);
        model::sliced made = rows_of(sum.whole(first));
        std::map<model::row_id, model::thresholds> beyond;
        for (const auto& [row, one] : made.rows) beyond[row] = model::thresholds_of(&one.whole, nullptr);
        made.slice_ns = slice_ns;
        made.slices = 1'000 * ms / slice_ns;
        auto second = std::move(*replay::open(path_));
        slicing to(made, beyond, second.names(), second.about().spans);
        second.run({}, to, to);
        to.finish();
        return made;
    }
    static model::slice together(const model::sliced_row& row) {
        model::slice sum;
        for (const model::slice& one : row.slices) {
            sum.count += one.count;
            sum.sum_ns += one.sum_ns;
            sum.nested_ns += one.nested_ns;
            sum.max_ns = std::max(sum.max_ns, one.max_ns);
            for (std::size_t i = 0; i < sum.above.size(); i++) sum.above.at(i) += one.above.at(i);
        }
        return sum;
    }
};

} // namespace

TEST_F(sliced_recording, has_every_sample_in_one_slice_and_contexts_together) {
    {
        recorder out(one_file(text_of(about(true))), [] { return stream::catalog{}; });
        out.start([] {});
        sink::recorded to(out);
        std::mt19937_64 random(1);
        for (std::uint64_t i = 0; i < 20'000; i++) {
            const std::uint64_t start_ns = 1'000 * ms + i * 50'000;
            const std::uint64_t ns = 1'000 + random() % 30'000;
            const auto context = static_cast<std::uint16_t>(i % 2);
            out.on_softirq({{0, static_cast<std::uint16_t>(net_rx_run + context), 1, start_ns, ns, 10}, 500 + i, 700});
        }
        auto whole = interval(1'000 * ms, 1'000 * ms);
        to.interval(whole, {});
        ASSERT_TRUE(out.finish());
    }
    const model::sliced found = sliced(100 * ms);
    ASSERT_EQ(found.slices, 10U);
    for (const model::row_id& row : {run_row, latency_row, off_row}) {
        ASSERT_TRUE(found.rows.contains(row));
        const model::sliced_row& one = found.rows.at(row);
        EXPECT_EQ(one.whole.samples(), 20'000U);
        const model::slice sum = together(one);
        EXPECT_EQ(sum.count, 20'000U);
        EXPECT_EQ(sum.sum_ns, one.whole.sum_ns());
        EXPECT_EQ(sum.nested_ns, one.whole.nested_ns());
        EXPECT_EQ(sum.max_ns, one.whole.max_ns());
        for (const model::slice& slice : one.slices) EXPECT_NEAR(static_cast<double>(slice.count), 2'000, 2);
    }
    const model::slice run = together(found.rows.at(run_row));
    EXPECT_NEAR(static_cast<double>(run.above[0]), 10'000, 1'300) << "the bucket of the median is not above it";
    EXPECT_LE(run.above[1], 200U);
    EXPECT_LE(run.above[2], 20U);
}

TEST_F(sliced_recording, without_spans_has_the_histograms_of_its_intervals) {
    {
        recorder out(one_file(text_of(about(false))), [] { return stream::catalog{}; });
        out.start([] {});
        sink::recorded to(out);
        for (std::uint64_t i = 0; i < 4; i++) {
            auto one = interval(1'000 * ms + i * 250 * ms, 250 * ms);
            model::series series;
            series.id = {metric::softirq_latency, "NET_RX", {}, {}};
            series.cpu = 1;
            for (std::uint64_t ns = 1'000; ns <= 1'000 * (i + 1); ns += 10) series.values.count(ns);
            one.all.push_back(series);
            to.interval(one, {});
        }
        ASSERT_TRUE(out.finish());
    }
    const model::sliced found = sliced(250 * ms);
    const model::sliced_row& row = found.rows.at(latency_row);
    ASSERT_EQ(row.slices.size(), 4U);
    for (std::size_t i = 0; i < 4; i++) EXPECT_EQ(row.slices[i].count, 1 + 100 * i) << i;
    EXPECT_EQ(together(row).sum_ns, row.whole.sum_ns());
    EXPECT_EQ(row.slices[3].max_ns, 4'000U);
}

TEST_F(sliced_recording, has_each_stalled_nanosecond_once_and_in_its_slice) {
    {
        recorder out(one_file(text_of(about(true))), [] { return stream::catalog{}; });
        out.start([] {});
        sink::recorded to(out);
        to.begin(sink::made_heading());
        const std::vector<std::pair<std::uint64_t, std::uint64_t>> stalls{
            {1'150 * ms, 1'180 * ms}, {1'170 * ms, 1'190 * ms}, {1'175 * ms, 1'176 * ms}, {1'290 * ms, 1'510 * ms}};
        for (const auto& [start_ns, end_ns] : stalls) {
            model::stall one = sink::made_hardirq_run();
            one.cpu = 1;
            one.start_ns = start_ns;
            one.end_ns = end_ns;
            one.at_least_ns = end_ns - start_ns;
            to.stall(one);
        }
        auto whole = interval(1'000 * ms, 1'000 * ms);
        to.interval(whole, {});
        ASSERT_TRUE(out.finish());
    }
    const model::sliced found = sliced(100 * ms);
    const std::vector<std::uint64_t> expected{0, 40 * ms, 10 * ms, 100 * ms, 100 * ms, 10 * ms, 0, 0, 0, 0};
    EXPECT_EQ(found.stalled_ns.at(1), expected);
    ASSERT_EQ(found.culprits.size(), 1U);
    EXPECT_EQ(found.culprits[0].cpus, std::vector<int>{1});
}

} // namespace irqscope::recording

// SPDX-License-Identifier: BSD-2-Clause
// hist's JSON, read back: what is written of what was read is what was read.
#include "stream/snapshot_lines.hpp"

#include "sink/json.hpp"
#include "sink/made_snapshot.hpp"

#include <gtest/gtest.h>

namespace irqscope::stream {

namespace {

model::snapshot full_snapshot() {
    model::snapshot made = sink::made_snapshot();
    made.all = {
        sink::made_series({model::metric::softirq_run, "NET_RX", {}, "ksoftirqd"}, 1, {1, 20, 300, 1ULL << 40U}),
        sink::made_series({model::metric::hardirq_run, "virtio1-req.0 \"x\"", 36, {}}, 0, {5}),
        sink::made_series({model::metric::irq_off, {}, {}, {}}, 0, {})};
    made.all[0].dropped = 7;
    made.all[2].dropped = 1;
    made.open = {{{model::metric::softirq_latency, "RCU", {}, {}}, 1, 5'000, 77}};
    made.split.emplace();
    model::time_split& split = made.split->cpus.emplace_back();
    split.cpu = 1;
    split.where.start_ns = 10;
    split.where.end_ns = 10'010;
    split.where.at(model::part::task) = 9'000;
    split.where.at(model::part::steal) = 1'000;
    split.steal = model::steal_source::proc_stat;
    split.user_ns = 3'000;
    split.ticks = 4;
    made.split->cpus.push_back(split);
    made.split->cpus.back().cpu = 2;
    made.split->cpus.back().where.at(model::part::steal) = 0;
    made.split->cpus.back().steal = model::steal_source::unknown;
    made.split->cpus.back().user_ns.reset();
    made.lost.counts = {{"softirqs_unseen", 3}, {"stalls_dropped_by_full_rings", 1}};
    made.lost.recursion_misses = {{"softirq_raise", 2}};
    made.lost.cpus_gone = {3};
    made.lost.cpus_come = {4, 5};
    made.coverage.untraced = {{"LOC", 0}, {"RES", 5}};
    made.coverage.beat_ns = 1'000'000;
    made.coverage.heartbeats = {{0, {10, 8, 1, 1, 1, 2, true}}, {1, {10, 10, 0, 0, 0, 0, false}}};
    made.coverage.without_beat = {1};
    made.coverage.flight_spans = 4096;
    made.coverage.slots_full = true;
    made.coverage.reraises = true;
    made.cost = {1000, 35, 2'000'000, 14U << 20U, 1U << 20U};
    return made;
}

} // namespace

TEST(snapshot_lines, come_back_as_they_were) {
    const sink::json out(true);
    for (const model::snapshot& one : {full_snapshot(), sink::made_snapshot(), model::snapshot{}}) {
        const std::string text = out.text_of(one);
        const auto read = parse_snapshot(text);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(out.text_of(*read), text);
    }
}

TEST(snapshot_lines, that_are_none_fail) {
    const std::string good = sink::json(true).text_of(full_snapshot());
    const auto without = [&](const std::string& what, const std::string& instead) {
        std::string text = good;
        text.replace(text.find(what), what.size(), instead);
        return text;
    };
    EXPECT_FALSE(parse_snapshot(""));
    EXPECT_FALSE(parse_snapshot("[]"));
    EXPECT_FALSE(parse_snapshot("{}"));
    EXPECT_FALSE(parse_snapshot(without("irqscope.hist/1", "irqscope.hist/2")));
    EXPECT_FALSE(parse_snapshot(without("\"ge_ns\":20", "\"ge_ns\":21"))) << "no bucket of ours begins there";
    EXPECT_FALSE(parse_snapshot(without("\"count\":4", "\"count\":5"))) << "more than its buckets hold";
    EXPECT_FALSE(parse_snapshot(without("\"metrics\"", "\"metric\"")));
    for (const char* other : {"1e30", "-1", "1.5", "\"7\"", "99999999999999999999999"})
        EXPECT_FALSE(parse_snapshot(without("\"age_ns\":77", std::string("\"age_ns\":") + other))) << other;
    EXPECT_FALSE(parse_snapshot(without("\"cpu\":1,\"key\":\"RCU\"", "\"cpu\":4294967296,\"key\":\"RCU\"")));
    for (std::size_t size = 0; size + 2 < good.size(); size += 7) EXPECT_FALSE(parse_snapshot(good.substr(0, size)));
}

TEST(snapshot_lines, metric_to_come_is_left_out) {
    std::string text = sink::json(true).text_of(full_snapshot());
    text.replace(text.find("hardirq_run"), 11, "softirq_joy");
    const auto read = parse_snapshot(text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->all.size(), 2U);
}

} // namespace irqscope::stream

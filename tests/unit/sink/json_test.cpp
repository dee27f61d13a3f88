// SPDX-License-Identifier: BSD-2-Clause
#include "sink/json.hpp"

#include "sink/made_snapshot.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace irqscope::sink {

namespace {

using document = nlohmann::json;
using names = std::set<std::string>;
using model::metric;

document parsed(const model::snapshot& snapshot) { return document::parse(json(true).text_of(snapshot)); }

names keys(const document& object) {
    names found;
    for (const auto& entry : object.items()) found.insert(entry.key());
    return found;
}

// Every key, at any depth, with the value behind it.
void visit(const document& node, const std::function<void(const std::string&, const document&)>& each) {
    for (const auto& entry : node.items()) {
        if (node.is_object()) each(entry.key(), entry.value());
        if (entry.value().is_structured()) visit(entry.value(), each);
    }
}

} // namespace

TEST(json, document_has_the_fields_of_its_schema) {
    const auto made = parsed(made_snapshot());
    EXPECT_EQ(made["schema"], "irqscope.hist/1");
    EXPECT_EQ(keys(made),
              (names{"schema", "host", "kernel", "machine", "version", "start_ns", "start_time", "duration_ns", "part",
                     "cpus", "metrics", "open", "time_split", "lost", "coverage", "cost"}));
    EXPECT_EQ(made["host"], "build7");
    EXPECT_EQ(made["start_ns"], 123'456'789'000);
    EXPECT_EQ(made["start_time"], "2025-05-08T05:05:11.123456Z");
    EXPECT_EQ(made["duration_ns"], 10'000'000'000);
    EXPECT_EQ(made["cpus"], document({0, 1}));
    EXPECT_TRUE(made["metrics"].is_array());
    EXPECT_TRUE(made["open"].is_array());
}

TEST(json, time_split_is_null_where_nobody_asked_and_a_cpu_each_else) {
    auto snapshot = made_snapshot();
    EXPECT_TRUE(parsed(snapshot)["time_split"].is_null());
    snapshot.split.emplace();
    model::time_split split;
    split.cpu = 7;
    split.where.end_ns = 100;
    split.where.at(model::part::task) = 60;
    split.where.at(model::part::idle) = 40;
    snapshot.split->cpus = {split};
    auto one = parsed(snapshot)["time_split"].at(0);
    EXPECT_EQ(keys(one), (names{"cpu", "start_ns", "end_ns", "hardirq_ns", "sysvec_ns", "softirq_ns", "ksoftirqd_ns",
                                "task_ns", "idle_ns", "steal_ns", "unexplained_ns", "steal_from", "user_ns_by_ticks",
                                "system_ns_by_ticks", "ticks"}));
    EXPECT_EQ(one["cpu"], 7);
    EXPECT_EQ(one["task_ns"], 60);
    for (const char* unknown : {"steal_ns", "steal_from", "user_ns_by_ticks", "system_ns_by_ticks"})
        EXPECT_TRUE(one[unknown].is_null()) << unknown;
    snapshot.split->cpus[0].steal = model::steal_source::runqueue;
    snapshot.split->cpus[0].user_ns = 50;
    one = parsed(snapshot)["time_split"].at(0);
    EXPECT_EQ(one["steal_ns"], 0);
    EXPECT_EQ(one["steal_from"], "runqueue");
    EXPECT_EQ(one["system_ns_by_ticks"], 10);
}

TEST(json, series_has_its_identity_numbers_and_used_buckets) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::hardirq_run, "nvme0q1", 42, {}}, 3, {1000, 1001, 9000}));
    snapshot.all.back().dropped = 5;
    const auto one = parsed(snapshot)["metrics"].at(0);
    EXPECT_EQ(keys(one), (names{"metric", "cpu", "key", "irq", "context", "count", "sum_ns", "nested_ns", "min_ns",
                                "max_ns", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "dropped", "buckets"}));
    EXPECT_EQ(one["metric"], "hardirq_run");
    EXPECT_EQ(one["cpu"], 3);
    EXPECT_EQ(one["key"], "nvme0q1");
    EXPECT_EQ(one["irq"], 42);
    EXPECT_TRUE(one["context"].is_null());
    EXPECT_EQ(one["count"], 3);
    EXPECT_EQ(one["sum_ns"], 11'001);
    EXPECT_EQ(one["nested_ns"], 1100);
    EXPECT_EQ(one["min_ns"], 1000);
    EXPECT_EQ(one["max_ns"], 9000);
    EXPECT_EQ(one["p50_ns"], 1023);
    EXPECT_EQ(one["p999_ns"], 9000);
    EXPECT_EQ(one["dropped"], 5);
    EXPECT_EQ(one["buckets"], document::parse(R"([{"ge_ns": 960, "lt_ns": 1024, "count": 2},
                                                  {"ge_ns": 8192, "lt_ns": 9216, "count": 1}])"));
}

TEST(json, sum_of_the_buckets_is_the_count) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(
        made_series({metric::sysvec_run, "local_timer", {}, {}}, 0, {0, 1, 7, 8, 9, 100'000, 1ULL << 40}));
    const auto one = parsed(snapshot)["metrics"].at(0);
    std::uint64_t sum = 0;
    for (const auto& bucket : one["buckets"]) sum += bucket["count"].get<std::uint64_t>();
    EXPECT_EQ(sum, one["count"]);
}

TEST(json, overflow_bucket_has_no_upper_end) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::softirq_latency, "NET_RX", {}, {}}, 0, {100'000'000'000}));
    const auto bucket = parsed(snapshot)["metrics"].at(0)["buckets"].at(0);
    EXPECT_EQ(bucket["ge_ns"], 68'719'476'736);
    EXPECT_TRUE(bucket["lt_ns"].is_null());
    EXPECT_EQ(bucket["count"], 1);
}

TEST(json, nested_time_is_null_where_it_is_not_known) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::softirq_latency, "NET_RX", {}, {}}, 0, {100}));
    snapshot.all.push_back(made_series({metric::softirq_run, "NET_RX", {}, "ksoftirqd"}, 0, {100}));
    auto made = parsed(snapshot);
    EXPECT_TRUE(made["metrics"][0]["nested_ns"].is_null()) << "a latency has no inside";
    EXPECT_EQ(made["metrics"][1]["nested_ns"], 10);
    EXPECT_EQ(made["metrics"][1]["context"], "ksoftirqd");
    snapshot.coverage.nested = false;
    made = parsed(snapshot);
    EXPECT_TRUE(made["metrics"][1]["nested_ns"].is_null());
}

TEST(json, off_times_have_neither_key_nor_inside) {
    auto snapshot = made_snapshot();
    for (const metric what : {metric::irq_off, metric::softirq_off, metric::idle_exit})
        snapshot.all.push_back(made_series({what, "", {}, {}}, 1, {100}));
    snapshot.open.push_back({{metric::softirq_off, "", {}, {}}, 1, 5, 6});
    const auto made = parsed(snapshot);
    for (const auto& one : made["metrics"]) {
        EXPECT_TRUE(one["key"].is_null()) << one;
        EXPECT_TRUE(one["nested_ns"].is_null()) << one;
        EXPECT_EQ(one["count"], 1);
    }
    EXPECT_EQ(made["metrics"][0]["metric"], "irq_off");
    EXPECT_TRUE(made["open"][0]["key"].is_null());
}

TEST(json, heartbeats_are_told_by_cpu) {
    auto snapshot = made_snapshot();
    EXPECT_EQ(parsed(snapshot)["coverage"]["beat_ns"], 0);
    EXPECT_EQ(parsed(snapshot)["coverage"]["heartbeats"], document::array());
    snapshot.coverage.beat_ns = 1'000'000;
    snapshot.coverage.heartbeats[3] = {10'000, 9'990, 2, 1, 9, 4, true};
    snapshot.coverage.without_beat = {7};
    const auto coverage = parsed(snapshot)["coverage"];
    EXPECT_EQ(coverage["beat_ns"], 1'000'000);
    EXPECT_EQ(coverage["heartbeats"],
              document::parse(R"([{"cpu": 3, "due": 10000, "seen": 9990, "late": 2, "skipped": 1,
                                                          "unseen": 9, "restarts": 4, "soft": true}])"));
    EXPECT_EQ(coverage["without_beat"], document({7}));
}

TEST(json, every_time_has_its_unit_in_its_name) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::hardirq_run, "nic", 42, {}}, 3, {1000}));
    snapshot.open.push_back({{metric::softirq_latency, "NET_RX", {}, {}}, 1, 5, 6});
    visit(parsed(snapshot), [](const std::string& key, const document&) {
        for (const char* bare : {"sum", "min", "max", "p50", "age", "start", "duration", "rss", "time"})
            EXPECT_NE(key, bare);
        EXPECT_TRUE(
            std::all_of(key.begin(), key.end(),
                        [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_'; }))
            << key << " is not snake_case";
    });
}

TEST(json, number_beyond_53_bits_is_written_exactly) {
    auto snapshot = made_snapshot();
    snapshot.start_ns = 18'446'744'073'709'551'615ULL;
    EXPECT_EQ(parsed(snapshot)["start_ns"].get<std::uint64_t>(), 18'446'744'073'709'551'615ULL);
}

TEST(json, open_spans_come_with_their_age) {
    auto snapshot = made_snapshot();
    snapshot.open.push_back({{metric::softirq_run, "NET_RX", {}, "ksoftirqd"}, 7, 1000, 2500});
    const auto one = parsed(snapshot)["open"].at(0);
    EXPECT_EQ(one, document::parse(R"({"metric": "softirq_run", "cpu": 7, "key": "NET_RX", "irq": null,
                                       "context": "ksoftirqd", "start_ns": 1000, "age_ns": 2500})"));
}

TEST(json, losses_are_told_by_kind) {
    auto snapshot = made_snapshot();
    snapshot.lost.counts["hardirq_exit"] = 2;
    snapshot.lost.recursion_misses["softirq_entry"] = 9;
    snapshot.lost.cpus_gone = {5};
    EXPECT_EQ(parsed(snapshot)["lost"],
              document::parse(R"({"counts": {"hardirq_exit": 2}, "recursion_misses": {"softirq_entry": 9},
                                  "cpus_gone": [5], "cpus_come": []})"));
    EXPECT_EQ(parsed(made_snapshot())["lost"],
              document::parse(R"({"counts": {}, "recursion_misses": {}, "cpus_gone": [], "cpus_come": []})"));
}

TEST(json, coverage_and_cost_are_told) {
    auto snapshot = made_snapshot();
    snapshot.coverage.untraced = {{"HYP", 17}};
    snapshot.cost.bpf_calls = 1000;
    snapshot.cost.bpf_ns_per_call = 60;
    const auto made = parsed(snapshot);
    EXPECT_EQ(made["coverage"]["aggregation"], "kernel");
    EXPECT_EQ(made["coverage"]["softirq_contexts"], "caller");
    EXPECT_EQ(made["coverage"]["programs"], document({"softirq_entry", "softirq_exit"}));
    EXPECT_EQ(made["coverage"]["untraced_sysvecs"], document({{"HYP", 17}}));
    EXPECT_EQ(made["coverage"]["nested"], true);
    EXPECT_EQ(made["cost"]["bpf_ns"], 60'000);
}

TEST(json, bytes_that_are_no_utf8_do_not_end_the_program) {
    for (const char* name : {"\xff\xfe", "caf\xe9", "\xc3", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "a\x80z"}) {
        auto snapshot = made_snapshot();
        snapshot.host = name;
        snapshot.kernel = name;
        snapshot.all.push_back(made_series({metric::hardirq_run, name, 42, {}}, 0, {1}));
        snapshot.open.push_back({{metric::hardirq_run, name, 42, {}}, 0, 1, 1});
        snapshot.lost.counts[name] = 1;
        snapshot.coverage.untraced = {{name, 1}};
        document made;
        ASSERT_NO_THROW(made = parsed(snapshot));
        EXPECT_NE(made["metrics"][0]["key"].get<std::string>().find("\xef\xbf\xbd"), std::string::npos)
            << "the byte was swallowed instead of replaced";
    }
}

TEST(json, control_characters_and_quotes_in_names_are_escaped) {
    auto snapshot = made_snapshot();
    const std::string name = "a\"b\\c\n\x1b[2J\t\x01";
    snapshot.all.push_back(made_series({metric::hardirq_run, name, 42, {}}, 0, {1}));
    const std::string text = json(true).text_of(snapshot);
    EXPECT_TRUE(std::none_of(text.begin(), text.end() - 1, [](unsigned char c) { return c < 0x20; }));
    EXPECT_EQ(document::parse(text)["metrics"][0]["key"], name);
}

TEST(json, lines_are_one_line_each_and_a_document_is_for_reading) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::hardirq_run, "nic\nnic", 42, {}}, 0, {1, 1000}));
    const std::string line = json(true).text_of(snapshot);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(line.back(), '\n');
    const std::string whole = json(false).text_of(snapshot);
    EXPECT_GT(std::count(whole.begin(), whole.end(), '\n'), 20);
    EXPECT_EQ(document::parse(whole), document::parse(line));
    EXPECT_EQ(whole.find("\"schema\""), whole.find('"')) << "the schema comes first";
}

TEST(json, doctors_report_has_the_fields_of_its_schema) {
    model::report report{"h", "k", "m", {}};
    report.findings.push_back({"BTF", model::verdict::fine, "there", "", ""});
    report.findings.push_back({"lockdown", model::verdict::missing, "confidentiality", "everything", "boot without"});
    const auto made = document::parse(json(true).text_of(report));
    EXPECT_EQ(keys(made), (names{"schema", "host", "kernel", "machine", "version", "possible", "findings"}));
    EXPECT_EQ(made["schema"], "irqscope.doctor/1");
    EXPECT_EQ(made["possible"], false);
    EXPECT_EQ(made["findings"][0],
              document::parse(R"({"subject": "BTF", "state": "fine", "value": "there", "loses": null, "cure": null})"));
    EXPECT_EQ(made["findings"][1]["state"], "missing");
    EXPECT_EQ(made["findings"][1]["cure"], "boot without");
}

} // namespace irqscope::sink

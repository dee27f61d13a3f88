// SPDX-License-Identifier: BSD-2-Clause
#include "sink/json_stalls.hpp"

#include "sink/made_stalls.hpp"

#include <nlohmann/json.hpp>
#include <set>

namespace irqscope::sink {

namespace {

using document = nlohmann::json;
using names = std::set<std::string>;

names keys(const document& object) {
    names found;
    for (const auto& entry : object.items()) found.insert(entry.key());
    return found;
}

class json_stalls_test : public testing::Test {
protected:
    json_stalls_test() { sink_.begin(made_heading()); }

    template <typename T>
    [[nodiscard]] document parsed(const T& what) const {
        return document::parse(sink_.text_of(what));
    }

    json_stalls sink_;
};

const names stall_fields{"schema",         "incident",    "kind",         "state",      "cpu",      "start_ns",
                         "start_time",     "at_least_ns", "key",          "irq",        "context",  "culprit",
                         "timer_function", "task",        "less_than_ns", "stack",      "steal_ns", "stack_kind",
                         "away_ns",        "breakdown",   "verdict",      "activation", "lockup"};

} // namespace

TEST_F(json_stalls_test, stall_has_the_fields_of_its_schema) {
    for (const auto& one : made_stalls()) EXPECT_EQ(keys(parsed(one)), stall_fields);
    EXPECT_EQ(parsed(made_irq_off()), document::parse(R"({
        "schema": "irqscope.stall/1", "incident": 3, "kind": "irq_off", "state": "ended", "cpu": 17,
        "start_ns": 9489075000000, "start_time": "2025-05-08T05:05:15.764000Z",
        "at_least_ns": 107000000, "less_than_ns": 108000000, "key": null, "irq": null, "context": null,
        "culprit": null, "timer_function": null, "task": {"pid": 22840, "comm": "bash"}, "stack_kind": "post-hoc",
        "stack": ["proc_reg_write+0x36", "vfs_write+0xd6", "ksys_write+0x6f", "do_syscall_64+0x5d",
                  "x64_sys_call+0x12", "ipt_do_table+0x23c [ip_tables]", "entry_SYSCALL_64_after_hwframe+0x76"],
        "steal_ns": 0, "away_ns": 0, "breakdown": null, "verdict": null, "activation": null,
        "lockup": null})"));
}

TEST_F(json_stalls_test, culprit_is_named_with_its_share) {
    auto one = made_irq_off_by_handler();
    EXPECT_EQ(parsed(one)["culprit"], document::parse(R"({"metric": "hardirq_run", "key": "virtio1-req.0", "irq": 36,
                                                          "context": null, "ns": 4900000})"));
    one.culprit = model::series_id{model::metric::sysvec_run, "local_timer", {}, {}};
    one.timer_function = "tick_nohz_handler";
    EXPECT_EQ(parsed(one)["culprit"]["irq"], nullptr);
    EXPECT_EQ(parsed(one)["timer_function"], "tick_nohz_handler");
}

TEST_F(json_stalls_test, identity_comes_from_what_stalled) {
    const auto run = parsed(made_softirq_run());
    EXPECT_EQ(run["kind"], "softirq_run");
    EXPECT_EQ(run["key"], "NET_RX");
    EXPECT_EQ(run["context"], "ksoftirqd");
    EXPECT_EQ(run["irq"], nullptr);
    EXPECT_EQ(parsed(made_hardirq_run())["irq"], 36);
}

TEST_F(json_stalls_test, exact_and_open_lengths_have_no_upper_end) {
    EXPECT_EQ(parsed(made_softirq_off())["less_than_ns"], nullptr);
    const auto open = parsed(made_softirq_latency());
    EXPECT_EQ(open["state"], "open");
    EXPECT_EQ(open["less_than_ns"], nullptr);
    EXPECT_EQ(open["stack_kind"], "ongoing");
}

TEST_F(json_stalls_test, what_is_not_known_is_null) {
    auto one = made_softirq_off();
    one.steal_ns = std::nullopt;
    one.incident = 0;
    one.stack_is = model::stack_kind::none;
    one.stack.clear();
    one.current = {};
    const auto made = parsed(one);
    EXPECT_EQ(made["steal_ns"], nullptr);
    EXPECT_EQ(made["incident"], nullptr);
    EXPECT_EQ(made["task"], nullptr);
    EXPECT_EQ(made["stack_kind"], "none");
    EXPECT_EQ(made["stack"], document::array());
    one.stack_is = model::stack_kind::interrupted;
    EXPECT_EQ(parsed(one)["task"]["pid"], 0) << "an idle task is one";
}

TEST_F(json_stalls_test, each_is_a_line_whatever_names_hold) {
    auto one = made_irq_off_by_handler();
    one.current.comm = hostile_name;
    one.culprit->key = hostile_name;
    one.timer_function = "\xff\xfe";
    one.stack = {hostile_name, "\xed\xa0\x80"};
    const std::string line = sink_.text_of(one);
    EXPECT_TRUE(std::none_of(line.begin(), line.end() - 1, [](unsigned char c) { return c < 0x20; }));
    EXPECT_EQ(line.back(), '\n');
    EXPECT_NE(document::parse(line)["timer_function"].get<std::string>().find("\xef\xbf\xbd"), std::string::npos);
    auto report = made_report();
    report.culprits[0].name = hostile_name;
    report.culprits[0].longest = one;
    const std::string last = sink_.text_of(report);
    EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 1);
    EXPECT_TRUE(document::accept(last));
}

TEST_F(json_stalls_test, summary_has_the_fields_of_its_schema) {
    const auto made = parsed(made_report());
    EXPECT_EQ(made["schema"], "irqscope.stalls_summary/1");
    EXPECT_EQ(keys(made),
              (names{"schema",      "host", "kernel",     "machine",    "version",    "start_ns", "start_time",
                     "duration_ns", "part", "thresholds", "cpus",       "time_split", "culprits", "totals",
                     "activations", "open", "set_aside",  "suppressed", "lost",       "coverage", "cost"}));
    EXPECT_EQ(made["host"], "build7");
    EXPECT_EQ(made["duration_ns"], 60'000'000'000);
    EXPECT_EQ(made["thresholds"]["softirq_run_ns"], 10'000'000);
    EXPECT_EQ(made["cpus"], document::parse(R"([
        {"cpu": 0, "incidents": 4, "stalled_ns": 19000000, "longest_ns": 6000000},
        {"cpu": 1, "incidents": 8, "stalled_ns": 391000000, "longest_ns": 108000000}])"));
    EXPECT_EQ(made["set_aside"], document::parse(R"({
        "idle_exit": {"count": 12, "total_ns": 20000000, "max_ns": 3200000},
        "steal": {"count": 3, "total_ns": 9000000, "max_ns": 4000000}})"));
    EXPECT_EQ(made["activations"], document::array());
    EXPECT_EQ(made["suppressed"], document({{"irq_off", 1200}}));
    EXPECT_EQ(made["coverage"]["beat_ns"], 1'000'000);
    EXPECT_EQ(made["cost"]["bpf_calls"], 482'000);
    EXPECT_EQ(made["cost"]["beats"], 119'996) << "those that were served";
}

TEST_F(json_stalls_test, summary_has_the_parts_of_each_kind_and_the_verdicts) {
    auto report = made_report();
    model::kind_total& kind = report.totals.kinds[model::stall_kind::ksoftirqd];
    kind.stalls = 3;
    kind.broken_down = 2;
    kind.ns.at(static_cast<std::size_t>(model::part::hardirq)) = 70;
    report.totals.causes[model::cause::hardirq_bound] = {2, 90, 50};
    const auto made = parsed(report);
    EXPECT_EQ(made["totals"], document::parse(R"([{"kind": "ksoftirqd", "stalls": 3, "with_breakdown": 2,
        "hardirq_ns": 70, "sysvec_ns": 0, "softirq_ns": 0, "ksoftirqd_ns": 0, "task_ns": 0, "idle_ns": 0, "steal_ns": 0,
        "unexplained_ns": 0}])"));
    EXPECT_EQ(made["activations"], document::parse(R"([{"verdict": "hardirq-bound", "activations": 2, "total_ns": 90,
        "longest_ns": 50}])"));
}

TEST_F(json_stalls_test, summarys_stalls_are_like_those_on_their_own) {
    const auto made = parsed(made_report());
    EXPECT_EQ(made["open"], document::array({parsed(made_softirq_latency())}));
    const auto& first = made["culprits"].at(0);
    EXPECT_EQ(keys(first), (names{"name", "stalls", "stalled_ns", "longest_ns", "cpus", "longest"}));
    EXPECT_EQ(first["longest"], parsed(made_irq_off()));
    EXPECT_EQ(first["cpus"], document({0, 1}));
}

TEST_F(json_stalls_test, summary_of_nothing_has_empty_parts) {
    const auto made = parsed(made_quiet_report());
    for (const char* list : {"cpus", "culprits", "open"}) EXPECT_EQ(made[list], document::array()) << list;
    for (const char* map : {"set_aside", "suppressed"}) EXPECT_EQ(made[map], document::object()) << map;
}

TEST_F(json_stalls_test, each_call_writes_one_line_and_the_beginning_none) {
    testing::internal::CaptureStdout();
    EXPECT_TRUE(sink_.begin(made_heading()));
    EXPECT_TRUE(sink_.stall(made_irq_off()));
    EXPECT_TRUE(sink_.report(made_report()));
    EXPECT_EQ(testing::internal::GetCapturedStdout(), sink_.text_of(made_irq_off()) + sink_.text_of(made_report()));
}

} // namespace irqscope::sink

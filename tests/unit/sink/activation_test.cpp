// SPDX-License-Identifier: BSD-2-Clause
// Activations of ksoftirqd as text and in JSON.
#include "sink/json_stalls.hpp"
#include "sink/made_stalls.hpp"
#include "sink/text_activation.hpp"
#include "sink/text_stalls.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

namespace irqscope::sink {

namespace {

using document = nlohmann::json;

document parsed(const model::stall& one) {
    json_stalls sink;
    sink.begin(made_heading());
    return document::parse(sink.text_of(one));
}

// Without the line that begins with the wall clock's local time.
std::string text_of(const model::stall& one) {
    text_stalls sink;
    testing::internal::CaptureStdout();
    sink.begin(made_heading());
    testing::internal::GetCapturedStdout();
    const std::string text = sink.text_of(one);
    return text.substr(text.find('\n') + 1);
}

std::string head_of(const model::stall& one) {
    const std::string text = text_stalls().text_of(one);
    return text.substr(0, text.find('\n'));
}

std::string shares(const model::stall& one, model::part which) { return shares_of(*one.activation, *one.where, which); }

std::set<std::string> keys(const document& from) {
    std::set<std::string> found;
    for (const auto& entry : from.items()) found.insert(entry.key());
    return found;
}

} // namespace

// Text.

TEST(text_activation, says_how_it_went_and_who_had_each_part) {
    EXPECT_EQ(text_of(made_ksoftirqd()),
              "    NET_RX raised 12.0 us before ksoftirqd was woken; first ran after 9.00 ms; had the CPU for\n"
              "        5.00 ms; preempted 2 times\n"
              "    task         12.0 ms   60 %   fio 4711 (SCHED_FIFO 50) 10.0 ms, make 800 (SCHED_NORMAL nice 5)\n"
              "        1.50 ms, others 500 us\n"
              "    hardirq      4.00 ms   20 %   irq 36 virtio1-req.0 4.00 ms 1,200 x\n"
              "    ksoftirqd    3.00 ms   15 %   NET_RX 2.50 ms 40 x (eth0 2.00 ms in 30 polls, 40.0 packets each,\n"
              "        backlog of lo 400 us in 10 polls, 6.4 packets each; time_squeeze 5, dropped 1), TIMER 500 us\n"
              "        3 x (tcp_write_timer 400 us 7 x)\n"
              "    sysvec       1.00 ms    5 %   local_timer 1.00 ms 20 x\n");
}

TEST(text_activation, head_has_the_cause) {
    model::stall one = made_ksoftirqd();
    find_in(head_of(one), "CPU 1    ksoftirqd        20.0 ms              starved");
    one.where->at(model::part::hardirq) = 40 * ms;
    find_in(head_of(one), " hardirq-bound");
    one.where->at(model::part::ksoftirqd) = 80 * ms;
    find_in(head_of(one), " overloaded");
    one.where->at(model::part::idle) = 180 * ms;
    find_in(head_of(one), " mixed");
}

TEST(text_activation, open_one_may_not_have_run_yet) {
    model::stall one = made_ksoftirqd();
    one.state = model::stall_state::open;
    one.activation->first_run_ns = std::nullopt;
    one.activation->preemptions = 0;
    find_in(course_of(one), "; has not run; had the CPU for 5.00 ms");
    EXPECT_EQ(course_of(one).find("preempted"), std::string::npos);
    one.state = model::stall_state::ended;
    find_in(course_of(one), "; its first run went unseen; ");
    one.activation->preemptions = 1;
    find_in(course_of(one), "; preempted 1 time");
}

TEST(text_activation, raise_that_is_not_known_or_later_is_not_said) {
    model::stall one = made_ksoftirqd();
    one.activation->raised_vector = std::nullopt;
    EXPECT_TRUE(course_of(one).starts_with("first ran after "));
    one.activation->raised_vector = "NET_RX";
    one.activation->raised_ns = one.start_ns + 1;
    EXPECT_TRUE(course_of(one).starts_with("first ran after "));
    one.activation->raised_ns = one.start_ns;
    find_in(course_of(one), "NET_RX raised 0 ns before ksoftirqd was woken; ");
}

TEST(text_activation, three_of_a_part_are_shown_and_small_ones_left_out) {
    model::stall one = made_ksoftirqd();
    auto& tasks = one.activation->tasks;
    one.activation->other_tasks_ns = 0;
    tasks.clear();
    for (int i = 0; i < 5; i++) tasks.push_back({i + 1, "task", 120, 0, ms, 1});
    EXPECT_EQ(shares(one, model::part::task), "task 1 (SCHED_NORMAL) 1.00 ms, task 2 (SCHED_NORMAL) 1.00 ms, "
                                              "task 3 (SCHED_NORMAL) 1.00 ms");
    tasks[1].ns = ms / 50 - 1;
    EXPECT_EQ(shares(one, model::part::task), "task 1 (SCHED_NORMAL) 1.00 ms");
}

TEST(text_activation, vectors_stand_where_most_of_their_time_is) {
    model::stall one = made_ksoftirqd();
    EXPECT_EQ(shares(one, model::part::softirq), "");
    EXPECT_NE(shares(one, model::part::ksoftirqd), "");
    one.where->at(model::part::softirq) = 4 * ms;
    EXPECT_NE(shares(one, model::part::softirq), "");
    EXPECT_EQ(shares(one, model::part::ksoftirqd), "");
    for (const model::part which : {model::part::idle, model::part::steal, model::part::unexplained})
        EXPECT_EQ(shares(one, which), "");
}

TEST(text_activation, classes_are_those_of_chrt_and_nice) {
    model::stall one = made_ksoftirqd();
    one.activation->other_tasks_ns = 0;
    auto& tasks = one.activation->tasks;
    const auto words = [&](unsigned policy, int prio) {
        tasks = {{1, "t", {prio, policy}, ms, 1}};
        return shares(one, model::part::task);
    };
    EXPECT_EQ(words(0, 120), "t 1 (SCHED_NORMAL) 1.00 ms");
    EXPECT_EQ(words(0, 100), "t 1 (SCHED_NORMAL nice -20) 1.00 ms");
    EXPECT_EQ(words(2, 0), "t 1 (SCHED_RR 99) 1.00 ms");
    EXPECT_EQ(words(6, -1), "t 1 (SCHED_DEADLINE) 1.00 ms");
}

TEST(text_activation, devices_without_a_name_and_without_polls_are_told) {
    model::stall one = made_ksoftirqd();
    one.activation->softnet = std::nullopt;
    one.activation->vectors = {{"NET_RX", ms, 1}};
    one.activation->devices = {{"", true, 1000, 0, 5}};
    EXPECT_EQ(shares(one, model::part::ksoftirqd), "NET_RX 1.00 ms 1 x (backlog 1.00 us in 0 polls, 0.0 packets each)");
    one.activation->devices.clear();
    EXPECT_EQ(shares(one, model::part::ksoftirqd), "NET_RX 1.00 ms 1 x");
}

TEST(text_activation, tasks_of_which_only_others_are_known_are_others) {
    model::stall one = made_ksoftirqd();
    one.activation->tasks.clear();
    EXPECT_EQ(shares(one, model::part::task), "others 500 us");
}

TEST(text_activation, nothing_of_a_name_reaches_the_terminal) {
    model::stall one = made_ksoftirqd();
    expect_page(head_of(one) + '\n' + text_of(one));
    model::activation& how = *one.activation;
    for (auto& share : how.interrupts) share.id.key = hostile_name;
    for (auto& share : how.tasks) share.comm = hostile_name;
    for (auto& share : how.devices) share.name = hostile_name;
    for (auto& share : how.timers) share.name = hostile_name;
    expect_page(text_of(one));
    for (auto& share : how.tasks) share = {INT32_MIN, hostile_name, INT32_MAX, ~0U, UINT64_MAX, UINT64_MAX};
    for (auto& share : how.devices) share = {hostile_name, true, UINT64_MAX, 1, UINT64_MAX};
    how.other_tasks_ns = UINT64_MAX;
    how.first_run_ns = 0; // before it was woken
    how.run_ns = UINT64_MAX;
    how.preemptions = UINT64_MAX;
    how.softnet = model::softnet_growth{UINT64_MAX, UINT64_MAX, UINT64_MAX};
    expect_page(text_of(one));
}

// JSON.

TEST(json_activation, has_the_fields_of_its_schema) {
    const document one = parsed(made_ksoftirqd());
    EXPECT_EQ(one["kind"], "ksoftirqd");
    EXPECT_EQ(one["key"], "ksoftirqd");
    EXPECT_EQ(one["verdict"], "starved");
    EXPECT_EQ(one["stack_kind"], "none");
    EXPECT_EQ(one["breakdown"]["task_ns"], 12'000'000);
    EXPECT_EQ(one["activation"], document::parse(R"({
        "thread": "ksoftirqd", "raised_vector": "NET_RX", "raised_ns": 9489999988000, "woken_ns": 9490000000000,
        "first_run_ns": 9490009000000, "run_ns": 5000000, "preemptions": 2,
        "interrupts": [
            {"metric": "hardirq_run", "irq": 36, "name": "virtio1-req.0", "ns": 4000000, "count": 1200},
            {"metric": "sysvec_run", "irq": null, "name": "local_timer", "ns": 1000000, "count": 20}],
        "vectors": [{"vector": "NET_RX", "ns": 2500000, "count": 40}, {"vector": "TIMER", "ns": 500000, "count": 3}],
        "tasks": [
            {"pid": 4711, "comm": "fio", "class": "SCHED_FIFO", "rt_priority": 50, "nice": null, "ns": 10000000,
             "switches": 3},
            {"pid": 800, "comm": "make", "class": "SCHED_NORMAL", "rt_priority": null, "nice": 5, "ns": 1500000,
             "switches": 2}],
        "other_tasks_ns": 500000,
        "devices": [
            {"name": "eth0", "backlog": false, "ns": 2000000, "polls": 30, "packets": 1200},
            {"name": "lo", "backlog": true, "ns": 400000, "polls": 10, "packets": 64}],
        "other_devices_ns": 1000,
        "timers": [{"function": "tcp_write_timer", "ns": 400000, "count": 7}],
        "other_timers_ns": 0,
        "softnet": {"processed": 1264, "time_squeeze": 5, "dropped": 1}})"));
}

TEST(json_activation, what_is_not_known_is_null_and_lists_are_empty) {
    model::stall one = made_ksoftirqd();
    const auto all = keys(parsed(one)["activation"]);
    one.activation = model::activation{};
    one.activation->raised_ns = 77; // without a vector it is none
    one.where = std::nullopt;
    const document made = parsed(one);
    EXPECT_EQ(made["verdict"], nullptr);
    EXPECT_EQ(keys(made["activation"]), all);
    for (const char* name : {"raised_vector", "raised_ns", "first_run_ns", "softnet"})
        EXPECT_EQ(made["activation"][name], nullptr) << name;
    for (const char* name : {"interrupts", "vectors", "tasks", "devices", "timers"})
        EXPECT_EQ(made["activation"][name], document::array()) << name;
    one = made_ksoftirqd();
    one.activation->devices.front().name.clear();
    EXPECT_EQ(parsed(one)["activation"]["devices"].at(0)["name"], nullptr);
}

TEST(json_activation, is_a_line_whatever_names_hold) {
    model::stall one = made_ksoftirqd();
    for (auto& share : one.activation->interrupts) share.id.key = hostile_name;
    for (auto& share : one.activation->tasks) share.comm = "\xff\xfe";
    for (auto& share : one.activation->devices) share.name = "\xed\xa0\x80";
    for (auto& share : one.activation->timers) share.name = hostile_name;
    json_stalls sink;
    sink.begin(made_heading());
    const std::string line = sink.text_of(one);
    EXPECT_TRUE(std::none_of(line.begin(), line.end() - 1, [](unsigned char c) { return c < 0x20; }));
    EXPECT_EQ(line.back(), '\n');
    EXPECT_NE(document::parse(line)["activation"]["tasks"].at(0)["comm"].get<std::string>().find("\xef\xbf\xbd"),
              std::string::npos);
}

} // namespace irqscope::sink

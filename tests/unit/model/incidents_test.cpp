// SPDX-License-Identifier: BSD-2-Clause
#include "model/incidents.hpp"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace irqscope::model {

namespace {

constexpr std::uint64_t second = 1'000'000'000;

stall made(std::uint64_t start_ns, std::uint64_t end_ns, std::vector<std::string> stack = {"f+0x1"}, int cpu = 0) {
    stall one;
    one.cpu = cpu;
    one.start_ns = start_ns;
    one.end_ns = end_ns;
    one.at_least_ns = end_ns - start_ns;
    one.stack_is = stack_kind::post_hoc;
    one.stack = std::move(stack);
    return one;
}

stall latency(const std::string& vector, std::uint64_t start_ns, std::uint64_t end_ns, const std::string& function) {
    stall one = made(start_ns, end_ns, {function + "+0x10"});
    one.kind = stall_kind::softirq_latency;
    one.of = {metric::softirq_latency, vector, {}, {}};
    return one;
}

stall open(stall one) {
    one.state = stall_state::open;
    one.stack_is = stack_kind::ongoing;
    return one;
}

// An activation of which the parts have what is given.
stall activation_of(std::uint64_t start_ns, std::uint64_t end_ns, std::uint64_t task_ns, std::uint64_t ksoftirqd_ns) {
    stall one = made(start_ns, end_ns, {});
    one.kind = stall_kind::ksoftirqd;
    one.stack_is = stack_kind::none;
    one.of = {metric::ksoftirqd_run, "ksoftirqd", {}, {}};
    one.activation.emplace().thread = "ksoftirqd";
    if (task_ns != 0) one.activation->tasks.push_back({7, "hog", {}, task_ns, 1});
    one.activation->vectors.push_back({"NET_RX", ksoftirqd_ns, 1});
    breakdown& where = one.where.emplace();
    where.start_ns = start_ns;
    where.end_ns = end_ns;
    where.at(part::task) = task_ns;
    where.at(part::ksoftirqd) = ksoftirqd_ns;
    return one;
}

std::uint64_t add(incidents& all, stall one) {
    all.add(one);
    return one.incident;
}

culprit named(const incidents_summary& from, const std::string& name) {
    for (const culprit& one : from.culprits)
        if (one.name == name) return one;
    ADD_FAILURE() << "no culprit " << name;
    return {};
}

std::vector<std::string> names(const incidents_summary& from) {
    std::vector<std::string> all;
    for (const culprit& one : from.culprits) all.push_back(one.name);
    return all;
}

} // namespace

TEST(incidents, without_stalls_there_are_none) {
    const incidents none;
    const incidents_summary all = none.summary();
    EXPECT_TRUE(all.cpus.empty());
    EXPECT_TRUE(all.culprits.empty());
    EXPECT_TRUE(all.open.empty());
}

TEST(incidents, stalls_that_overlap_or_touch_are_parts_of_one) {
    incidents all;
    EXPECT_EQ(add(all, made(100, 200)), 1U);
    EXPECT_EQ(add(all, made(150, 250)), 1U);
    EXPECT_EQ(add(all, made(250, 300)), 1U);
    EXPECT_EQ(add(all, made(301, 400)), 2U);
    const cpu_incidents cpu = all.summary().cpus.at(0);
    EXPECT_EQ(cpu.incidents, 2U);
    EXPECT_EQ(cpu.stalled_ns, 299U);
    EXPECT_EQ(cpu.longest_ns, 200U);
}

TEST(incidents, cpus_have_their_own_and_share_the_numbers) {
    incidents all;
    EXPECT_EQ(add(all, made(100, 200, {"f"}, 0)), 1U);
    EXPECT_EQ(add(all, made(100, 200, {"f"}, 7)), 2U);
    EXPECT_EQ(add(all, made(300, 400, {"f"}, 0)), 3U);
    const incidents_summary some = all.summary();
    EXPECT_EQ(some.cpus.size(), 2U);
    EXPECT_EQ(some.cpus.at(0).incidents, 2U);
    EXPECT_EQ(some.cpus.at(7).incidents, 1U);
}

TEST(incidents, late_long_stall_makes_one_of_those_that_it_covers) {
    incidents all;
    EXPECT_EQ(add(all, made(10, 20)), 1U);
    EXPECT_EQ(add(all, made(100, 200)), 2U);
    EXPECT_EQ(add(all, made(300, 400)), 3U);
    EXPECT_EQ(add(all, made(150, 500)), 2U);
    EXPECT_EQ(all.summary().cpus.at(0).incidents, 2U);
    EXPECT_EQ(all.summary().cpus.at(0).stalled_ns, 410U);
    EXPECT_EQ(add(all, made(500, 510)), 2U);
    EXPECT_EQ(add(all, made(600, 700)), 4U) << "numbers are not used again";
}

TEST(incidents, open_stall_and_its_end_count_once) {
    incidents all;
    EXPECT_EQ(add(all, open(latency("NET_RX", 100, 200, "hog"))), 1U);
    EXPECT_EQ(add(all, latency("NET_RX", 100, 900, "serve")), 1U);
    const incidents_summary some = all.summary();
    EXPECT_EQ(some.cpus.at(0).incidents, 1U);
    EXPECT_EQ(some.cpus.at(0).stalled_ns, 800U);
    ASSERT_EQ(some.culprits.size(), 1U);
    EXPECT_EQ(some.culprits[0].stalls, 1U);
    EXPECT_EQ(some.culprits[0].stalled_ns, 800U);
    EXPECT_TRUE(some.open.empty());
}

TEST(incidents, pair_has_the_culprit_that_was_seen_while_it_went_on) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    add(all, latency("NET_RX", 100, 900, "serve"));
    const incidents_summary some = all.summary();
    ASSERT_EQ(names(some), std::vector<std::string>{"hog"});
    const stall& longest = some.culprits[0].longest;
    EXPECT_EQ(culprit_of(longest), "hog");
    EXPECT_EQ(longest.stack_is, stack_kind::ongoing);
    EXPECT_EQ(longest.state, stall_state::ended);
    EXPECT_EQ(longest.end_ns, 900U);
    EXPECT_EQ(longest.at_least_ns, 800U);
    EXPECT_EQ(some.culprits[0].longest_ns, 800U);
}

TEST(incidents, end_without_an_open_one_has_its_own_culprit) {
    incidents all;
    add(all, latency("NET_RX", 100, 900, "serve"));
    EXPECT_EQ(names(all.summary()), std::vector<std::string>{"serve"});
}

TEST(incidents, run_keeps_the_stack_of_whichever_has_one) {
    incidents all;
    stall run = made(100, 900, {"net_rx_action+0x1"});
    run.kind = stall_kind::softirq_run;
    run.of = {metric::softirq_run, "NET_RX", {}, "irq_exit"};
    stall early = open(run);
    early.end_ns = 200;
    early.stack.clear();
    early.stack_is = stack_kind::none;
    add(all, early);
    add(all, run);
    const incidents_summary some = all.summary();
    ASSERT_EQ(names(some), std::vector<std::string>{"softirq NET_RX"});
    EXPECT_EQ(some.culprits[0].longest.stack, run.stack);
}

TEST(incidents, another_vector_or_start_is_another_stall) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    add(all, latency("BLOCK", 100, 210, "serve"));
    add(all, latency("NET_RX", 90, 95, "early"));
    const incidents_summary some = all.summary();
    EXPECT_EQ(some.open.size(), 1U);
    EXPECT_EQ(names(some), (std::vector<std::string>{"serve", "hog", "early"}));
}

TEST(incidents, another_kind_is_another_stall) {
    incidents all;
    stall held = open(made(100, 200, {"hog"}));
    held.kind = stall_kind::softirq_off;
    add(all, held);
    add(all, made(100, 300, {"irqs"})); // irq_off: neither is of anything
    EXPECT_EQ(all.summary().open.size(), 1U);
    add(all, made(400, 500, {"irqs"}));
    EXPECT_EQ(all.summary().open.size(), 1U);
}

TEST(incidents, open_stall_keeps_its_incident_growing) {
    incidents all;
    EXPECT_EQ(add(all, open(latency("NET_RX", 100, 200, "hog"))), 1U);
    EXPECT_EQ(add(all, made(5000, 5010)), 1U) << "it went on all the time in between";
    EXPECT_EQ(all.summary().cpus.at(0).stalled_ns, 4910U);
    EXPECT_EQ(add(all, made(50, 60)), 2U) << "ended before the open one began";
    EXPECT_EQ(add(all, made(300 * second, 300 * second + 10)), 1U) << "however long";
    EXPECT_EQ(add(all, latency("NET_RX", 100, 400 * second, "serve")), 1U);
    EXPECT_EQ(add(all, made(401 * second, 402 * second)), 3U);
    const cpu_incidents cpu = all.summary().cpus.at(0);
    EXPECT_EQ(cpu.incidents, 3U);
    EXPECT_EQ(cpu.longest_ns, 400 * second - 100);
    EXPECT_EQ(named(all.summary(), "hog").stalled_ns, 400 * second - 100);
}

TEST(incidents, open_stall_of_a_culprit_covers_what_else_it_did) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    add(all, made(5000, 5010, {"hog+0x4"}));
    add(all, made(6000, 6010, {"another+0x4"}));
    const incidents_summary some = all.summary();
    EXPECT_EQ(named(some, "hog").stalled_ns, 4910U);
    EXPECT_EQ(named(some, "hog").stalls, 2U);
    EXPECT_EQ(named(some, "another").stalled_ns, 10U);
}

TEST(incidents, nothing_grows_once_the_end_is_known_to_have_come) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    const stall ended = latency("NET_RX", 100, 900, "serve");
    all.over(ended);
    EXPECT_TRUE(all.summary().open.empty());
    EXPECT_EQ(add(all, made(5000, 5010)), 2U);
    all.look(6000);
    EXPECT_EQ(all.summary().cpus.at(0).stalled_ns, 110U) << "set aside: only what was told";
    EXPECT_EQ(named(all.summary(), "hog").longest_ns, 100U);
    EXPECT_EQ(add(all, ended), 1U);
    EXPECT_EQ(all.summary().cpus.at(0).stalled_ns, 810U);
    EXPECT_EQ(named(all.summary(), "hog").stalls, 1U);
    EXPECT_EQ(named(all.summary(), "hog").longest_ns, 800U);
}

TEST(incidents, next_stall_of_the_same_series_ends_one_whose_end_was_lost) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    EXPECT_EQ(add(all, open(latency("NET_RX", 5000, 5100, "hog"))), 2U);
    const incidents_summary some = all.summary();
    ASSERT_EQ(some.open.size(), 1U);
    EXPECT_EQ(some.open[0].start_ns, 5000U);
    EXPECT_EQ(some.cpus.at(0).stalled_ns, 200U);
    EXPECT_EQ(named(some, "hog").stalls, 2U);
}

TEST(incidents, end_that_was_held_back_still_finds_its_open_one) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    add(all, open(latency("NET_RX", 5000, 5100, "hog"))); // passed while the first one's end was being settled
    EXPECT_EQ(add(all, latency("NET_RX", 100, 4000, "serve")), 1U);
    EXPECT_EQ(add(all, latency("NET_RX", 5000, 6000, "serve")), 2U);
    const incidents_summary some = all.summary();
    EXPECT_EQ(names(some), std::vector<std::string>{"hog"});
    EXPECT_EQ(some.culprits[0].stalls, 2U);
    EXPECT_EQ(some.culprits[0].stalled_ns, 4900U);
    EXPECT_EQ(some.cpus.at(0).stalled_ns, 4900U);
}

TEST(incidents, what_is_open_is_told_as_it_was_looked_at_last) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    add(all, open(latency("BLOCK", 50, 200, "hog")));
    add(all, open(latency("NET_RX", 100, 300, "later")));
    all.look(1000);
    const incidents_summary some = all.summary();
    ASSERT_EQ(some.open.size(), 2U);
    EXPECT_EQ(some.open[0].of->key, "BLOCK");
    EXPECT_EQ(some.open[1].of->key, "NET_RX");
    EXPECT_EQ(some.open[1].end_ns, 1000U);
    EXPECT_EQ(some.open[1].at_least_ns, 900U);
    EXPECT_EQ(some.open[1].incident, 1U);
    EXPECT_EQ(some.cpus.at(0).stalled_ns, 950U);
    ASSERT_EQ(names(some), std::vector<std::string>{"hog"});
    EXPECT_EQ(some.culprits[0].stalls, 2U) << "told twice, and one stall";
    EXPECT_EQ(some.culprits[0].longest_ns, 950U);
}

TEST(incidents, look_leaves_what_has_ended_alone) {
    incidents all;
    add(all, open(latency("NET_RX", 100, 200, "hog")));
    add(all, latency("NET_RX", 100, 300, "serve"));
    all.look(1000);
    EXPECT_EQ(all.summary().cpus.at(0).stalled_ns, 200U);
}

TEST(incidents, culprits_count_each_nanosecond_of_a_cpu_once) {
    incidents all;
    add(all, made(100, 200, {"f+0x1"}));
    add(all, made(150, 250, {"f+0x9"}));
    add(all, made(150, 260, {"g+0x9"}));
    add(all, made(100, 200, {"f+0x2"}, 3));
    const incidents_summary some = all.summary();
    EXPECT_EQ(names(some), (std::vector<std::string>{"f", "g"}));
    EXPECT_EQ(some.culprits[0].stalls, 3U);
    EXPECT_EQ(some.culprits[0].stalled_ns, 250U);
    EXPECT_EQ(some.culprits[0].cpus, (std::vector<int>{0, 3}));
    EXPECT_EQ(some.culprits[0].longest_ns, 100U);
    EXPECT_EQ(some.culprits[1].longest_ns, 110U);
    EXPECT_EQ(some.culprits[1].longest.stack, std::vector<std::string>{"g+0x9"});
}

TEST(incidents, most_stalled_culprit_is_first_and_equal_ones_go_by_name) {
    incidents all;
    add(all, made(10, 20, {"b"}));
    add(all, made(30, 40, {"a"}));
    add(all, made(50, 90, {"c"}));
    EXPECT_EQ(names(all.summary()), (std::vector<std::string>{"c", "a", "b"}));
}

TEST(incidents, culprits_beyond_the_limit_are_one_group) {
    incidents all;
    for (std::uint64_t i = 0; i < incidents::most_culprits + 10; i++)
        add(all, made(100 * i, 100 * i + 10, {"f" + std::to_string(i)}));
    add(all, made(900'000, 900'050, {"f0"}));
    const incidents_summary some = all.summary();
    EXPECT_EQ(some.culprits.size(), incidents::most_culprits + 1);
    EXPECT_EQ(named(some, incidents::other_culprits).stalls, 10U);
    EXPECT_EQ(named(some, incidents::other_culprits).stalled_ns, 100U);
    EXPECT_EQ(named(some, "f0").stalls, 2U) << "known ones go on";
}

TEST(incidents, end_of_a_culprit_that_came_too_late_goes_where_its_open_one_went) {
    incidents all;
    for (std::uint64_t i = 0; i < incidents::most_culprits; i++)
        add(all, made(100 * i, 100 * i + 10, {"f" + std::to_string(i)}));
    add(all, open(latency("NET_RX", 900'000, 900'100, "hog")));
    add(all, latency("NET_RX", 900'000, 900'200, "f0"));
    const culprit other = named(all.summary(), incidents::other_culprits);
    EXPECT_EQ(other.stalls, 1U);
    EXPECT_EQ(other.stalled_ns, 200U);
    EXPECT_EQ(other.longest_ns, 200U);
}

TEST(incidents, days_of_stalls_are_counted_to_the_last_one) {
    incidents all;
    constexpr std::uint64_t count = 20'000; // each 10 s: 55 hours
    for (std::uint64_t i = 1; i <= count; i++) ASSERT_EQ(add(all, made(i * 10 * second, i * 10 * second + 7)), i);
    const incidents_summary some = all.summary();
    EXPECT_EQ(some.cpus.at(0).incidents, count);
    EXPECT_EQ(some.cpus.at(0).stalled_ns, 7 * count);
    EXPECT_EQ(named(some, "f").stalled_ns, 7 * count);
}

TEST(incidents, more_than_are_known_one_by_one_are_counted_too) {
    incidents all;
    constexpr std::uint64_t count = 3 * incidents::most_incidents;
    for (std::uint64_t i = 1; i <= count; i++) ASSERT_EQ(add(all, made(i * 100, i * 100 + 7)), i);
    EXPECT_EQ(all.summary().cpus.at(0).incidents, count);
    EXPECT_EQ(all.summary().cpus.at(0).stalled_ns, 7 * count);
    EXPECT_EQ(named(all.summary(), "f").stalled_ns, 7 * count);
}

TEST(incidents, stall_from_before_what_is_known_joins_what_still_is) {
    incidents all;
    EXPECT_EQ(add(all, made(1 * second, 2 * second)), 1U);
    EXPECT_EQ(add(all, made(200 * second, 201 * second)), 2U); // folds the first
    EXPECT_EQ(add(all, made(1 * second, 202 * second)), 2U);
    EXPECT_EQ(all.summary().cpus.at(0).incidents, 2U);
    EXPECT_EQ(all.summary().cpus.at(0).longest_ns, 201 * second);
    EXPECT_EQ(named(all.summary(), "f").stalled_ns, 202 * second) << "what was folded counts again";
}

TEST(incidents, long_stall_without_anything_else_is_whole) {
    incidents all;
    EXPECT_EQ(add(all, made(1 * second, 600 * second)), 1U);
    EXPECT_EQ(all.summary().cpus.at(0).stalled_ns, 599 * second);
}

TEST(incidents, too_many_open_ones_cost_the_oldest_its_end) {
    incidents all;
    constexpr std::uint64_t count = incidents::most_open + 1;
    add(all, open(latency("0", 1000, 2500, "hog")));
    for (std::uint64_t i = 1; i < count; i++) add(all, open(latency(std::to_string(i), 1000 + i, 2000 + i, "hog")));
    EXPECT_EQ(all.summary().open.size(), incidents::most_open);
    EXPECT_EQ(named(all.summary(), "hog").stalls, count);
    EXPECT_EQ(named(all.summary(), "hog").longest_ns, 1500U) << "the one that is over";
}

TEST(incidents, those_that_are_over_go_first) {
    incidents all;
    add(all, open(latency("waits", 1, 500, "hog")));
    for (std::uint64_t i = 0; i < 2 * incidents::most_open; i++)
        add(all, open(latency("NET_RX", 1000 + 100 * i, 1050 + 100 * i, "hog")));
    const incidents_summary some = all.summary();
    ASSERT_EQ(some.open.size(), 2U);
    EXPECT_EQ(some.open[0].of->key, "waits");
    EXPECT_EQ(some.cpus.at(0).incidents, 1U);
}

TEST(incidents, activation_is_its_ends_culprits) {
    incidents all;
    add(all, open(activation_of(1'000, 1'010, 1, 9)));
    add(all, activation_of(1'000, 1'900, 800, 100));
    const auto sum = all.summary();
    EXPECT_EQ(names(sum), std::vector<std::string>{"ksoftirqd starved: hog 7"});
    EXPECT_EQ(sum.culprits.front().stalls, 1U);
    EXPECT_EQ(sum.culprits.front().stalled_ns, 900U);
    EXPECT_EQ(sum.culprits.front().longest.where->at(part::task), 800U);
    EXPECT_EQ(sum.cpus.at(0).stalled_ns, 900U);
}

TEST(incidents, activation_that_goes_on_is_his_who_has_most_so_far) {
    incidents all;
    add(all, open(activation_of(1'000, 1'010, 1, 9)));
    all.look(1'500);
    for (int i = 0; i < 2; i++) { // a summary changes nothing
        const auto sum = all.summary();
        EXPECT_EQ(names(sum), std::vector<std::string>{"ksoftirqd overloaded: NET_RX"});
        EXPECT_EQ(sum.culprits.front().stalls, 1U);
        EXPECT_EQ(sum.culprits.front().stalled_ns, 500U);
        EXPECT_EQ(sum.open.size(), 1U);
    }
    add(all, activation_of(1'000, 1'900, 800, 100));
    EXPECT_EQ(names(all.summary()), std::vector<std::string>{"ksoftirqd starved: hog 7"});
    EXPECT_TRUE(all.summary().open.empty());
}

TEST(incidents, activation_whose_end_was_set_aside_or_forgotten_stays_counted) {
    incidents all;
    stall one = open(activation_of(1'000, 1'010, 1, 9));
    add(all, one);
    all.over(one);
    EXPECT_EQ(names(all.summary()), std::vector<std::string>{"ksoftirqd overloaded: NET_RX"});
    for (std::uint64_t i = 0; i < incidents::most_open; i++)
        add(all, open(latency(std::to_string(i), 2'000 + i, 3'000, "f")));
    const auto sum = all.summary();
    EXPECT_EQ(named(sum, "ksoftirqd overloaded: NET_RX").stalled_ns, 10U);
    EXPECT_EQ(named(sum, "ksoftirqd overloaded: NET_RX").stalls, 1U);
}

} // namespace irqscope::model

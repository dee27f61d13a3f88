// SPDX-License-Identifier: BSD-2-Clause
#include "model/settling.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace irqscope::model {

namespace {

constexpr std::uint64_t ms = 1'000'000;

stall made(std::uint64_t start_ms, std::uint64_t end_ms, stall_kind kind = stall_kind::irq_off, int cpu = 0) {
    stall one;
    one.kind = kind;
    one.cpu = cpu;
    one.start_ns = start_ms * ms;
    one.end_ns = end_ms * ms;
    one.at_least_ns = one.end_ns - one.start_ns;
    return one;
}

before steal_was(std::uint64_t ns) { return {ns, 0}; }

constexpr std::uint64_t lag_ms = 10; // of these tests: what a beat settles ended so long before

settled steal_is(std::uint64_t now_ms, std::uint64_t ns, int cpu = 0) {
    return {cpu, (now_ms - lag_ms) * ms, ns, 0, 0, 0};
}

settled hole_is(std::uint64_t now_ms, std::uint64_t from_ms, std::uint64_t to_ms, std::uint64_t steal_ns = 0) {
    return {0, (now_ms - lag_ms) * ms, steal_ns, 0, from_ms * ms, to_ms * ms};
}

std::map<stall_kind, std::uint64_t> thresholds() {
    std::map<stall_kind, std::uint64_t> all;
    for (const stall_kind which : all_stall_kinds) all[which] = 1 * ms;
    return all;
}

// "start..end", then what became of it: of one that is kept, what is left without the steal, and the steal.
std::string told(const decision& one) {
    std::string text = std::to_string(one.one.start_ns / ms) + ".." + std::to_string(one.one.end_ns / ms) + ' ';
    if (one.why) return text + std::string(name_of(*one.why));
    text += std::to_string((one.one.at_least_ns - one.one.steal_ns.value_or(0)) / ms);
    return text + (one.one.steal_ns ? "-" + std::to_string(*one.one.steal_ns / ms) : "?");
}

std::vector<std::string> told(settling& from) {
    std::vector<std::string> all;
    for (const decision& one : from.take()) all.push_back(told(one));
    return all;
}

using lines = std::vector<std::string>;

} // namespace

TEST(settling, without_stalls_there_is_nothing_to_decide) {
    settling some(thresholds());
    some.settle(steal_is(100, 0));
    some.release(100);
    some.release_all();
    EXPECT_TRUE(some.take().empty());
}

TEST(settling, stall_waits_for_a_beat_far_enough_behind) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(7));
    EXPECT_TRUE(some.take().empty());
    some.settle(steal_is(114, 7));
    EXPECT_TRUE(some.take().empty());
    some.settle(steal_is(115, 7));
    EXPECT_EQ(told(some), lines{"100..105 5-0"});
    EXPECT_TRUE(some.take().empty()) << "told once";
}

TEST(settling, beat_of_another_cpu_decides_nothing) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0));
    some.settle(steal_is(200, 0, 1));
    EXPECT_TRUE(some.take().empty());
}

TEST(settling, what_the_hypervisor_took_is_set_aside_whole) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(1 * ms));
    some.settle(steal_is(115, 1 * ms + 4 * ms + 1)); // leaves 1 ns less than the threshold
    const std::vector<decision> all = some.take();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].why, aside::steal);
    EXPECT_EQ(all[0].one.steal_ns, 4 * ms + 1);
    EXPECT_EQ(all[0].one.at_least_ns, 5 * ms) << "what was set aside is told in full";
}

TEST(settling, what_it_took_a_part_of_is_kept_whole) {
    settling some(thresholds());
    stall one = made(100, 105);
    one.less_than_ns = 6 * ms;
    some.add(one, steal_was(1 * ms));
    some.settle(steal_is(115, 5 * ms)); // leaves the threshold exactly
    const std::vector<decision> all = some.take();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_FALSE(all[0].why);
    EXPECT_EQ(all[0].one.steal_ns, 4 * ms);
    EXPECT_EQ(all[0].one.at_least_ns, 5 * ms) << "a length by the clock, with the steal in it";
    EXPECT_EQ(all[0].one.less_than_ns, 6 * ms);
}

TEST(settling, steal_that_made_later_beats_late_is_none_of_the_stall_s) {
    settling some(thresholds());
    some.add(made(100, 105), before{0, 5 * ms}); // its own lateness is in the total
    some.settle({0, 105 * ms, 6 * ms, 8 * ms, 0, 0});
    EXPECT_EQ(told(some), lines{"100..105 2-3"});
    some.add(made(200, 205), before{6 * ms, 13 * ms});
    some.settle({0, 205 * ms, 8 * ms, 20 * ms, 0, 0});
    EXPECT_EQ(told(some), lines{"200..205 5-0"});
}

TEST(settling, steal_is_never_more_than_the_stall) {
    settling some({});
    some.add(made(100, 105), steal_was(0));
    some.settle(steal_is(115, 900 * ms));
    EXPECT_EQ(told(some), lines{"100..105 0-5"}) << "and a kind without a threshold is kept";
}

TEST(settling, each_kind_has_its_threshold) {
    settling some({{stall_kind::irq_off, 1 * ms}, {stall_kind::softirq_run, 4 * ms}});
    some.add(made(100, 105), steal_was(0));
    some.add(made(100, 105, stall_kind::softirq_run), steal_was(0));
    some.settle(steal_is(115, 3 * ms));
    EXPECT_EQ(told(some), (lines{"100..105 2-3", "100..105 steal"}));
}

TEST(settling, little_steal_does_not_unmake_a_stall_that_was_hardly_one) {
    settling some({{stall_kind::irq_off, 4 * ms}});
    some.add(made(100, 105), steal_was(0));
    some.settle(steal_is(115, 5 * ms / 2 - 1));
    EXPECT_EQ(told(some), lines{"100..105 2-2"});
    some.add(made(200, 205), steal_was(0));
    some.settle(steal_is(215, 5 * ms / 2));
    EXPECT_EQ(told(some), lines{"200..205 steal"});
}

TEST(settling, stall_below_its_threshold_without_any_steal_is_none_of_steal_s) {
    settling some({{stall_kind::irq_off, 9 * ms}});
    some.add(made(100, 105), steal_was(3));
    some.settle(steal_is(115, 3));
    EXPECT_EQ(told(some), lines{"100..105 5-0"});
}

TEST(settling, unreadable_steal_is_unknown) {
    settling some(thresholds());
    some.add(made(100, 105), before{std::nullopt, 0});
    some.settle(steal_is(115, 100 * ms));
    EXPECT_EQ(told(some), lines{"100..105 5?"});
    some.add(made(200, 205), steal_was(0));
    some.settle({0, 205 * ms, std::nullopt, 0, 0, 0});
    EXPECT_EQ(told(some), lines{"200..205 5?"});
}

TEST(settling, counter_that_began_anew_tells_nothing) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(50 * ms));
    some.settle(steal_is(115, 5 * ms));
    EXPECT_EQ(told(some), lines{"100..105 5?"});
}

TEST(settling, stalls_that_overlap_each_get_all_of_it) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0));
    some.add(made(95, 106, stall_kind::softirq_latency), steal_was(0));
    some.settle(steal_is(116, 5 * ms));
    EXPECT_EQ(told(some), (lines{"100..105 steal", "95..106 6-5"}));
}

TEST(settling, one_that_began_later_gets_what_came_after_its_own_beat) {
    settling some(thresholds());
    some.add(made(100, 120, stall_kind::softirq_latency), steal_was(0));
    some.add(made(110, 121, stall_kind::softirq_off), steal_was(8 * ms));
    some.settle(steal_is(131, 10 * ms));
    EXPECT_EQ(told(some), (lines{"100..120 10-10", "110..121 9-2"}));
}

TEST(settling, next_stall_s_beat_divides_the_steal_of_those_apart) {
    settling some(thresholds());
    some.add(made(100, 106), steal_was(0));
    some.add(made(110, 116), steal_was(2 * ms));
    some.settle(steal_is(126, 5 * ms));
    EXPECT_EQ(told(some), (lines{"100..106 4-2", "110..116 3-3"}));
}

TEST(settling, stall_that_is_not_due_bounds_the_one_before_it) {
    settling some(thresholds());
    some.add(made(100, 106), steal_was(0));
    some.add(made(110, 116), steal_was(1 * ms));
    some.settle(steal_is(117, 6 * ms));
    EXPECT_EQ(told(some), lines{"100..106 5-1"});
    some.settle(steal_is(126, 7 * ms));
    EXPECT_EQ(told(some), lines{"110..116 steal"});
}

TEST(settling, growth_that_the_later_ones_cannot_have_used_is_the_earlier_one_s) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0)); // stolen, and the counter had not moved yet
    some.add(made(106, 109), steal_was(0));
    some.settle(steal_is(119, 8 * ms));
    EXPECT_EQ(told(some), (lines{"100..105 steal", "106..109 steal"}));
}

TEST(settling, no_steal_is_given_to_two_that_are_apart) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0));
    some.add(made(106, 111), steal_was(0));
    some.add(made(112, 117), steal_was(0));
    some.settle(steal_is(127, 7 * ms));
    EXPECT_EQ(told(some), (lines{"100..105 5-0", "106..111 3-2", "112..117 steal"}));
}

TEST(settling, unreadable_one_in_between_takes_no_part) {
    settling some(thresholds());
    some.add(made(100, 106), steal_was(0));
    some.add(made(107, 109), before{std::nullopt, 0});
    some.add(made(110, 116), steal_was(2 * ms));
    some.settle(steal_is(126, 5 * ms));
    EXPECT_EQ(told(some), (lines{"100..106 4-2", "107..109 2?", "110..116 3-3"}));
}

TEST(settling, hole_in_the_middle_makes_a_softirq_s_or_handler_s_stall_unknown) {
    for (const stall_kind which : all_stall_kinds) {
        settling some(thresholds());
        some.add(made(100, 105, which), steal_was(0));
        some.settle(hole_is(115, 102, 103));
        // irq_off is the timer's own, and ksoftirqd's activation and a lockup are known by switches, not by softirqs
        const bool is_known =
            which == stall_kind::irq_off || which == stall_kind::ksoftirqd || which == stall_kind::lockup;
        EXPECT_EQ(told(some), is_known ? lines{"100..105 5-0"} : lines{"100..105 unwatched"}) << name_of(which);
    }
}

TEST(settling, lockup_is_one_whoever_had_the_cpu_since_the_kernel_counts_so) {
    settling some({{stall_kind::lockup, 100 * ms}});
    some.add(made(100, 150, stall_kind::lockup), steal_was(0));
    some.settle(steal_is(160, 45 * ms));
    EXPECT_EQ(told(some), lines{"100..150 5-45"});
    stall open = made(200, 250, stall_kind::lockup);
    open.state = stall_state::open;
    some.away(open.cpu, {201 * ms, 249 * ms});
    some.add(open, {});
    EXPECT_EQ(some.take().size(), 1U) << "it waits for nobody";
}

TEST(settling, hole_that_is_old_or_elsewhere_changes_nothing) {
    settling some(thresholds());
    some.add(made(200, 205, stall_kind::softirq_run), steal_was(0));
    some.settle(hole_is(215, 206, 207));
    EXPECT_EQ(told(some), lines{"200..205 5-0"});
    some.add(made(300, 305, stall_kind::softirq_run), steal_was(0));
    some.settle(hole_is(315, 0, 0)); // none has gone unseen
    EXPECT_EQ(told(some), lines{"300..305 5-0"});
}

TEST(settling, hole_that_reaches_over_an_end_of_the_stall_overlaps_it) {
    settling some(thresholds());
    some.add(made(100, 105, stall_kind::softirq_run), steal_was(0));
    some.settle(hole_is(115, 90, 100));
    EXPECT_EQ(told(some), lines{"100..105 unwatched"});
    some.add(made(200, 205, stall_kind::softirq_run), steal_was(0));
    some.settle(hole_is(215, 205, 206));
    EXPECT_EQ(told(some), lines{"200..205 unwatched"});
    some.add(made(300, 305, stall_kind::softirq_run), steal_was(0));
    some.settle(hole_is(315, 290, 310));
    EXPECT_EQ(told(some), lines{"300..305 unwatched"});
}

TEST(settling, unwatched_comes_before_steal) {
    settling some(thresholds());
    some.add(made(100, 105, stall_kind::softirq_run), steal_was(0));
    some.settle(hole_is(115, 102, 103, 5 * ms));
    EXPECT_EQ(told(some), lines{"100..105 unwatched"});
}

TEST(settling, machine_that_slept_explains_all_stalls_around_it) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0));
    some.add(made(100, 107, stall_kind::softirq_run, 1), steal_was(0));
    some.suspended(103 * ms, 104 * ms);
    some.add(made(103, 106), steal_was(0)); // read after the sleep was noticed
    some.add(made(105, 108), steal_was(0));
    some.settle(steal_is(118, 5 * ms));
    EXPECT_EQ(told(some), (lines{"100..105 suspend", "103..106 suspend", "105..108 steal"}));
    some.settle(steal_is(118, 0, 1));
    EXPECT_EQ(told(some), lines{"100..107 suspend"});
}

TEST(settling, sleep_is_known_even_where_steal_is_not) {
    settling some(thresholds());
    some.suspended(103 * ms, 104 * ms);
    some.add(made(100, 105), std::nullopt);
    some.add(made(102, 106), steal_was(0));
    some.release_all();
    EXPECT_EQ(told(some), (lines{"100..105 suspend", "102..106 suspend"}));
}

TEST(settling, old_sleeps_are_forgotten) {
    settling some(thresholds());
    for (std::uint64_t i = 0; i <= settling::most_sleeps; i++) some.suspended((100 + 10 * i) * ms, (101 + 10 * i) * ms);
    some.add(made(95, 105), std::nullopt);
    some.add(made(105, 115), std::nullopt);
    EXPECT_EQ(told(some), (lines{"95..105 10?", "105..115 suspend"}));
}

TEST(settling, open_stalls_and_those_without_a_heartbeat_pass_at_once) {
    settling some(thresholds());
    stall open = made(100, 105, stall_kind::softirq_latency);
    open.state = stall_state::open;
    some.add(open, steal_was(0));
    some.add(made(100, 106), std::nullopt);
    EXPECT_EQ(told(some), (lines{"100..105 5?", "100..106 6?"}));
}

TEST(settling, patience_ends) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0));
    some.add(made(100, 106, stall_kind::irq_off, 1), steal_was(0));
    some.release(355 * ms);
    EXPECT_TRUE(some.take().empty());
    some.release(355 * ms + 1);
    EXPECT_EQ(told(some), lines{"100..105 5?"});
    some.release(400 * ms);
    EXPECT_EQ(told(some), lines{"100..106 6?"});
    some.settle(steal_is(500, 0));
    EXPECT_TRUE(some.take().empty());
}

TEST(settling, end_of_the_run_lets_all_pass) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0));
    some.add(made(100, 104, stall_kind::irq_off, 2), steal_was(0));
    some.release_all();
    EXPECT_EQ(told(some), (lines{"100..105 5?", "100..104 4?"}));
    some.release_all();
    EXPECT_TRUE(some.take().empty());
}

TEST(settling, decisions_of_a_cpu_are_in_the_order_of_the_ends) {
    settling some(thresholds());
    some.add(made(100, 109), steal_was(0));
    some.add(made(90, 105), steal_was(0));
    some.add(made(50, 107), steal_was(0));
    some.settle(steal_is(117, 0));
    EXPECT_EQ(told(some), (lines{"90..105 15-0", "50..107 57-0"}));
    some.settle(steal_is(119, 0));
    EXPECT_EQ(told(some), lines{"100..109 9-0"});
}

TEST(settling, oldest_passes_when_there_are_too_many) {
    settling some(thresholds());
    for (std::uint64_t i = 0; i < settling::most_held; i++) some.add(made(10 * i, 10 * i + 5), steal_was(0));
    EXPECT_TRUE(some.take().empty());
    some.add(made(900'000, 900'005), steal_was(0));
    EXPECT_EQ(told(some), lines{"0..5 5?"});
    some.add(made(900'000, 900'005, stall_kind::irq_off, 1), steal_was(0));
    EXPECT_TRUE(some.take().empty()) << "each CPU has its own";
}

// The CPU was away, and no counter of the kernel's says so.

TEST(settling, stall_in_which_the_cpu_was_away_is_none) {
    settling some(thresholds());
    some.away(0, {100 * ms, 104 * ms});
    some.add(made(100, 105), steal_was(0));
    some.settle(steal_is(120, 0));
    EXPECT_EQ(told(some), lines{"100..105 5-0"}) << "1 ms is left, and that is the threshold";
    some.away(0, {200 * ms, 204 * ms + 1});
    some.add(made(200, 205), steal_was(0));
    some.settle(steal_is(220, 0));
    EXPECT_EQ(told(some), lines{"200..205 away"});
}

TEST(settling, stretch_may_come_after_the_stall_and_is_the_stalls_on_its_cpu_only) {
    settling some(thresholds());
    some.add(made(100, 105), steal_was(0));
    some.add(made(100, 105, stall_kind::irq_off, 1), steal_was(0));
    some.away(1, {99 * ms, 106 * ms});
    some.settle(steal_is(120, 0));
    some.settle(steal_is(120, 0, 1));
    EXPECT_EQ(told(some), (lines{"100..105 5-0", "100..105 away"}));
}

TEST(settling, stretches_that_overlap_count_once) {
    settling some(thresholds());
    some.away(0, {102 * ms, 104 * ms});
    some.away(0, {101 * ms, 103 * ms});
    some.away(0, {101 * ms, 102 * ms});
    some.away(0, {90 * ms, 100 * ms});
    some.add(made(100, 105), steal_was(0));
    some.settle(steal_is(120, 0));
    const auto all = some.take();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_FALSE(all[0].why);
    EXPECT_EQ(all[0].one.away_ns, 3 * ms);
}

TEST(settling, larger_of_steal_and_away_is_the_reason) {
    settling some(thresholds());
    some.away(0, {100 * ms, 105 * ms});
    some.add(made(100, 105), steal_was(0));
    some.settle(steal_is(120, 3 * ms));
    EXPECT_EQ(told(some), lines{"100..105 away"});
    some.away(0, {200 * ms, 203 * ms});
    some.add(made(200, 205), steal_was(3 * ms));
    some.settle(steal_is(220, 8 * ms));
    EXPECT_EQ(told(some), lines{"200..205 steal"});
}

TEST(settling, away_in_timer_interrupts_is_known_from_the_breakdown) {
    settling some(thresholds());
    stall one = made(100, 600, stall_kind::softirq_off); // more stretches than are remembered
    one.where = breakdown{one.start_ns, one.end_ns, {}, {}};
    one.where->at(part::steal) = 499 * ms + 1;
    one.where->at(part::idle) = 1 * ms - 1;
    some.add(one, steal_was(0));
    some.settle(steal_is(620, 0));
    EXPECT_EQ(told(some), lines{"100..600 away"});
    one.kind = stall_kind::irq_off; // its breakdown begins a beat earlier
    some.add(one, steal_was(0));
    some.settle(steal_is(640, 0));
    EXPECT_EQ(told(some), lines{"100..600 500-0"});
}

TEST(settling, away_is_known_also_where_nothing_settles) {
    settling some(thresholds());
    some.away(0, {100 * ms, 105 * ms});
    some.add(made(100, 105), steal_was(0));
    some.release_all();
    EXPECT_EQ(told(some), lines{"100..105 away"});
}

stall open(std::uint64_t start_ms, std::uint64_t end_ms) {
    stall one = made(start_ms, end_ms, stall_kind::softirq_latency);
    one.state = stall_state::open;
    return one;
}

TEST(settling, open_stall_that_is_none_so_far_waits_until_it_is_one) {
    settling some(thresholds());
    some.away(0, {100 * ms, 104 * ms + 500'000});
    some.add(open(100, 105), steal_was(0));
    EXPECT_TRUE(some.take().empty());
    some.release(105 * ms + 400'000);
    EXPECT_TRUE(some.take().empty());
    some.release(106 * ms);
    const auto all = some.take();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].one.state, stall_state::open);
    EXPECT_EQ(all[0].one.at_least_ns, 6 * ms) << "as old as it is by now";
    some.release(107 * ms);
    EXPECT_TRUE(some.take().empty()) << "told once";
}

TEST(settling, open_stall_that_ended_before_it_was_one_is_never_told) {
    settling some(thresholds());
    some.away(0, {100 * ms, 105 * ms});
    some.add(open(100, 105), steal_was(0));
    some.add(made(100, 105, stall_kind::softirq_latency), steal_was(0));
    some.settle(steal_is(120, 0));
    EXPECT_EQ(told(some), lines{"100..105 away"}) << "its end";
    some.add(open(200, 205), steal_was(0));
    some.away(0, {200 * ms, 205 * ms});
    EXPECT_EQ(some.take().size(), 1U) << "nobody knew";
    some.away(0, {300 * ms, 305 * ms});
    some.add(open(300, 305), steal_was(0));
    some.over(made(300, 305, stall_kind::softirq_latency));
    some.release(400 * ms);
    EXPECT_TRUE(some.take().empty());
}

} // namespace irqscope::model

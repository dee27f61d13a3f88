// SPDX-License-Identifier: BSD-2-Clause
#include "model/selftest.hpp"

#include <gmock/gmock.h>

namespace irqscope::model {

namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;

truth held(injection what, std::uint64_t start_ns, std::uint64_t length_ns, int cpu = 1) {
    truth made;
    made.what = what;
    made.cpu = cpu;
    made.start_ns = start_ns;
    made.end_ns = start_ns + length_ns;
    return made;
}

stall told(stall_kind kind, std::uint64_t start_ns, std::uint64_t at_least_ns, int cpu = 1) {
    stall made;
    made.kind = kind;
    made.cpu = cpu;
    made.start_ns = start_ns;
    made.at_least_ns = at_least_ns;
    made.end_ns = start_ns + at_least_ns;
    return made;
}

// As the heartbeat tells it: due some time into the hold, served right after it.
stall late_beat(std::uint64_t due_ns, std::uint64_t late_ns, int cpu = 1) {
    stall made = told(stall_kind::irq_off, due_ns, late_ns, cpu);
    made.less_than_ns = late_ns + 1 * ms;
    return made;
}

stall of_key(stall made, const std::string& key, std::optional<std::uint32_t> irq = {}) {
    made.of = series_id{metric::softirq_run, key, irq, {}};
    return made;
}

selftest_report judged(const std::vector<selftest_plan_item>& plan, const std::vector<injected>& truths,
                       const std::vector<stall>& all) {
    selftest_report report;
    judge(plan, truths, all, report);
    return report;
}

} // namespace

TEST(selftest, irq_off_lies_in_the_interval_of_the_late_beat) {
    const auto report =
        judged({{injection::irq_off, 5 * ms, ""}}, {{held(injection::irq_off, 100 * ms, 5 * ms), 5 * ms}},
               {late_beat(100 * ms + 600 * us, 4 * ms + 420 * us)});
    ASSERT_EQ(report.rows.size(), 1U);
    const selftest_row& row = report.rows[0];
    EXPECT_EQ(row.injected, 1U);
    EXPECT_EQ(row.seen, 1U);
    EXPECT_EQ(row.within, 1U);
    EXPECT_FALSE(row.error_p50_ns) << "an interval has no error";
    EXPECT_EQ(row.verdict, selftest_verdict::seen);
    EXPECT_EQ(report.verdict, selftest_verdict::seen);
    EXPECT_THAT(report.others, IsEmpty());
}

TEST(selftest, length_outside_of_the_interval_is_inexact) {
    const std::vector<selftest_plan_item> plan{{injection::irq_off, 5 * ms, ""}};
    const std::vector<injected> truths{{held(injection::irq_off, 100 * ms, 5 * ms), 5 * ms}};
    const auto with = [&](std::uint64_t late) { return judged(plan, truths, {late_beat(100 * ms, late)}).verdict; };
    EXPECT_EQ(with(5 * ms + selftest_tolerance_ns), selftest_verdict::seen);
    EXPECT_EQ(with(5 * ms + selftest_tolerance_ns + 1), selftest_verdict::inexact);
    EXPECT_EQ(with(4 * ms - selftest_tolerance_ns), selftest_verdict::seen);
    EXPECT_EQ(with(4 * ms - selftest_tolerance_ns - 1), selftest_verdict::inexact);
}

TEST(selftest, nothing_told_is_missed) {
    const auto report =
        judged({{injection::irq_off, 5 * ms, ""}}, {{held(injection::irq_off, 100 * ms, 5 * ms), 5 * ms}},
               {late_beat(200 * ms, 4 * ms), late_beat(101 * ms, 4 * ms, 0)});
    EXPECT_EQ(report.rows[0].verdict, selftest_verdict::missed);
    EXPECT_EQ(report.verdict, selftest_verdict::missed);
    EXPECT_EQ(report.injected(), 1U);
    EXPECT_EQ(report.seen(), 0U);
    EXPECT_THAT(report.others, UnorderedElementsAre(Pair(0, 1), Pair(1, 1)));
}

TEST(selftest, kind_state_and_key_must_fit) {
    const truth packet = held(injection::net_rx_softirq, 10 * ms, 5 * ms);
    EXPECT_TRUE(fits(packet, of_key(told(stall_kind::softirq_run, 10 * ms, 5 * ms), "NET_RX")));
    EXPECT_FALSE(fits(packet, of_key(told(stall_kind::softirq_run, 10 * ms, 5 * ms), "TIMER")));
    EXPECT_FALSE(fits(packet, of_key(told(stall_kind::softirq_latency, 10 * ms, 5 * ms), "NET_RX")));
    EXPECT_FALSE(fits(packet, told(stall_kind::softirq_run, 10 * ms, 5 * ms)));
    EXPECT_FALSE(fits(packet, of_key(told(stall_kind::softirq_run, 15 * ms, 5 * ms), "NET_RX")))
        << "it only begins then";
    stall open = of_key(told(stall_kind::softirq_run, 10 * ms, 5 * ms), "NET_RX");
    open.state = stall_state::open;
    EXPECT_FALSE(fits(packet, open));

    truth device = held(injection::device_interrupt, 10 * ms, 5 * ms);
    device.irq = 36;
    EXPECT_TRUE(fits(device, of_key(told(stall_kind::hardirq_run, 10 * ms, 5 * ms), "virtio1-req.0", 36)));
    EXPECT_FALSE(fits(device, of_key(told(stall_kind::hardirq_run, 10 * ms, 5 * ms), "virtio1-req.0", 37)));
    EXPECT_FALSE(fits(device, late_beat(11 * ms, 4 * ms)));

    for (const injection kind : {injection::irq_off, injection::timer_interrupt, injection::timer_hold,
                                 injection::idle_entry, injection::idle_leave}) {
        EXPECT_TRUE(fits(held(kind, 10 * ms, 5 * ms), late_beat(11 * ms, 4 * ms)));
        EXPECT_FALSE(fits(held(kind, 10 * ms, 5 * ms), told(stall_kind::softirq_off, 11 * ms, 4 * ms)));
    }
    EXPECT_TRUE(fits(held(injection::softirq_off, 10 * ms, 5 * ms), told(stall_kind::softirq_off, 9 * ms, 6 * ms)));
    EXPECT_TRUE(fits(held(injection::timer_softirq, 10 * ms, 5 * ms),
                     of_key(told(stall_kind::softirq_run, 10 * ms, 5 * ms), "TIMER")));
}

TEST(selftest, best_overlap_is_taken_and_no_stall_twice) {
    const truth first = held(injection::softirq_off, 100 * ms, 4 * ms);
    const truth second = held(injection::softirq_off, 106 * ms, 4 * ms);
    const auto report = judged(
        {{injection::softirq_off, 4 * ms, ""}}, {{first, 4 * ms}, {second, 4 * ms}},
        {told(stall_kind::softirq_off, 98 * ms, 3 * ms), told(stall_kind::softirq_off, 100 * ms, 4 * ms + 30 * us)});
    ASSERT_TRUE(report.observations[0].seen);
    EXPECT_EQ(report.observations[0].seen->start_ns, 100 * ms);
    EXPECT_EQ(report.observations[0].error_ns, 30 * us);
    EXPECT_FALSE(report.observations[1].seen);
    EXPECT_EQ(report.rows[0].seen, 1U);
    EXPECT_THAT(report.others, IsEmpty()) << "the first one overlaps an injection too";
}

TEST(selftest, errors_are_those_of_exact_kinds) {
    std::vector<injected> truths;
    std::vector<stall> all;
    for (std::uint64_t i = 1; i <= 4; i++) {
        truths.push_back({held(injection::net_rx_softirq, i * 100 * ms, 4 * ms), 4 * ms});
        all.push_back(of_key(told(stall_kind::softirq_run, i * 100 * ms, 4 * ms + i * us), "NET_RX"));
    }
    all.back().at_least_ns = 3 * ms; // too short is an error as well
    const auto report = judged({{injection::net_rx_softirq, 4 * ms, ""}}, truths, all);
    EXPECT_EQ(report.rows[0].error_p50_ns, 2 * us);
    EXPECT_EQ(report.rows[0].error_max_ns, 1 * ms);
    EXPECT_EQ(report.rows[0].within, 3U);
    EXPECT_EQ(report.rows[0].verdict, selftest_verdict::inexact);
    EXPECT_THAT(report.rows[0].named, UnorderedElementsAre(Pair("NET_RX", 4)));
}

TEST(selftest, rows_are_by_kind_and_asked_length) {
    const auto report = judged({{injection::softirq_off, 2 * ms, ""},
                                {injection::softirq_off, 4 * ms, ""},
                                {injection::irq_off, 2 * ms, "no"}},
                               {{held(injection::softirq_off, 100 * ms, 2 * ms + 20), 2 * ms},
                                {held(injection::softirq_off, 200 * ms, 4 * ms + 20), 4 * ms}},
                               {told(stall_kind::softirq_off, 100 * ms, 2 * ms)});
    ASSERT_EQ(report.rows.size(), 3U);
    EXPECT_EQ(report.rows[0].verdict, selftest_verdict::seen);
    EXPECT_EQ(report.rows[1].verdict, selftest_verdict::missed);
    EXPECT_EQ(report.rows[2].verdict, selftest_verdict::not_possible);
    EXPECT_EQ(report.rows[2].why_not, "no");
    EXPECT_EQ(report.verdict, selftest_verdict::missed);
}

TEST(selftest, what_is_not_possible_fails_nothing) {
    const auto none = judged({{injection::irq_off, 2 * ms, "no"}}, {}, {});
    EXPECT_EQ(none.verdict, selftest_verdict::not_possible);
    const auto some = judged({{injection::irq_off, 2 * ms, "no"}, {injection::softirq_off, 2 * ms, ""}},
                             {{held(injection::softirq_off, 100 * ms, 2 * ms), 2 * ms}},
                             {told(stall_kind::softirq_off, 100 * ms, 2 * ms)});
    EXPECT_EQ(some.verdict, selftest_verdict::seen);
}

TEST(selftest, what_the_hypervisor_spoilt_does_not_count) {
    injected spoilt{held(injection::softirq_off, 100 * ms, 5 * ms), 5 * ms};
    spoilt.real.away_ns = 1'250 * us + 1;
    const std::vector<selftest_plan_item> plan{{injection::softirq_off, 5 * ms, ""}};
    const auto alone = judged(plan, {spoilt}, {});
    EXPECT_EQ(alone.rows[0].injected, 0U);
    EXPECT_EQ(alone.rows[0].disturbed, 1U);
    EXPECT_EQ(alone.verdict, selftest_verdict::not_possible);
    const auto both =
        judged(plan, {spoilt, {held(injection::softirq_off, 200 * ms, 5 * ms), 5 * ms}},
               {told(stall_kind::softirq_off, 100 * ms, 1 * ms), told(stall_kind::softirq_off, 200 * ms, 5 * ms)});
    EXPECT_EQ(both.injected(), 1U);
    EXPECT_EQ(both.disturbed(), 1U);
    EXPECT_EQ(both.seen(), 1U);
    EXPECT_EQ(both.verdict, selftest_verdict::seen);
    EXPECT_THAT(both.others, IsEmpty());
}

TEST(selftest, interrupts_are_no_disturbance_where_they_are_on) {
    for (const injection kind : all_injections) {
        truth one = held(kind, 100 * ms, 4 * ms);
        const std::uint64_t most = has_interrupts_on(kind) ? 1 * ms : 400 * us;
        one.away_ns = most;
        EXPECT_FALSE(is_disturbed(one, 4 * ms)) << name_of(kind);
        one.away_ns = most + 1;
        EXPECT_TRUE(is_disturbed(one, 4 * ms)) << name_of(kind);
    }
    EXPECT_TRUE(has_interrupts_on(injection::net_rx_softirq));
    EXPECT_FALSE(has_interrupts_on(injection::timer_interrupt));
}

TEST(selftest, little_that_was_taken_away_may_be_in_the_length_or_not) {
    injected one{held(injection::softirq_off, 100 * ms, 8 * ms), 8 * ms};
    one.real.away_ns = 700 * us;
    const auto with = [&one](std::uint64_t length) {
        return judged({{injection::softirq_off, 8 * ms, ""}}, {one}, {told(stall_kind::softirq_off, 100 * ms, length)})
            .observations[0];
    };
    for (const std::uint64_t right : {8 * ms, 7 * ms + 300 * us, 7 * ms + 500 * us})
        EXPECT_EQ(with(right).error_ns, 0U);
    EXPECT_EQ(with(8 * ms + 10 * us).error_ns, 10 * us);
    EXPECT_EQ(with(7 * ms + 290 * us).error_ns, 10 * us);
    EXPECT_TRUE(with(7 * ms + 300 * us - selftest_tolerance_ns).within);
    EXPECT_FALSE(with(7 * ms + 300 * us - selftest_tolerance_ns - 1).within);
}

TEST(selftest, names_who_held) {
    stall one = late_beat(100 * ms, 4 * ms);
    EXPECT_EQ(named_by(one), "");
    one.stack = {"_raw_spin_unlock_irqrestore+0x1c", "anon_pipe_write+0x2f0"};
    EXPECT_EQ(named_by(one), "_raw_spin_unlock_irqrestore");
    one.culprit = series_id{metric::sysvec_run, "local_timer", {}, {}};
    EXPECT_EQ(named_by(one), "local_timer");
    EXPECT_EQ(named_by(of_key(told(stall_kind::hardirq_run, 0, 1), "virtio1-req.0", 36)), "virtio1-req.0");
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_stalls_report.hpp"

#include "sink/made_stalls.hpp"

#include <fmt/format.h>

namespace irqscope::sink {

namespace {

std::string text_of(const model::stalls_report& report) { return summary_of(report, made_heading()); }

bool has(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

} // namespace

TEST(text_stalls_report, answer_comes_first) {
    EXPECT_TRUE(
        text_of(made_report())
            .starts_with(
                "12 incidents on 2 of 2 CPUs in 60.0 s: at least 410 ms stalled, 1 stall going on; 1,200 stalls more\n"
                "    in none of these figures (rate limit)\n"
                "heartbeats each 1 ms: 120,000 due, 119,985 seen (99.987 %), 4 skipped, 11 unseen; "))
        << text_of(made_report());
    expect_page(text_of(made_report()));
}

TEST(text_stalls_report, silence_is_a_claim_that_comes_with_its_coverage) {
    const std::string out = text_of(made_quiet_report());
    EXPECT_EQ(out,
              "no stall seen in 60.0 s\n"
              "heartbeats each 1 ms: 120,000 due, 119,985 seen (99.987 %), 4 skipped, 11 unseen; 12 late (0.01 %)\n"
              "certain to be seen: irq_off from 2 ms on, softirq_off from 3 ms on, softirq_latency from 2 ms on,\n"
              "    softirq_run from 10 ms on, hardirq_run from 1 ms on (an off-time's threshold and a beat; shorter\n"
              "    ones by chance)\n"
              "\n"
              "lost: nothing\n"
              "irqscope itself: 482,000 BPF calls at interrupts and softirqs of some 210 ns = 0.17 % of one CPU;\n"
              "    user side 0.30 %, 14.0 MiB; maps 2.00 MiB; on top 119,996 heartbeats, each a timer interrupt\n"
              "    (its cost: `irqscope doctor`) and our work in it\n");
    expect_page(out);
}

TEST(text_stalls_report, without_a_beat_irq_off_was_not_watched) {
    auto report = made_quiet_report();
    for (auto& [cpu, one] : report.whole.coverage.heartbeats) one = {60'000, 0, 0, 0, 0, 0, true};
    std::string out = text_of(report);
    find_in(out, "no stall seen in 60.0 s; irq_off was not watched: no heartbeat was seen\n");
    find_in(out, "0 seen (0.000 %), 0 skipped, 0 unseen, 120,000 that never came");
    report.whole.coverage.heartbeats.clear();
    report.whole.coverage.beat_ns = 0;
    auto heading = made_heading();
    heading.beat_ns = 0;
    out = summary_of(report, heading);
    find_in(out, "heartbeats: none\n");
    find_in(out, "certain to be seen: softirq_off from 2 ms after the first raise on, softirq_latency from 2 ms on,");
    EXPECT_FALSE(has(out, "by chance"));
    heading.thresholds_ns = {{model::stall_kind::softirq_run, ms}};
    find_in(summary_of(report, heading), "no stall seen in 60.0 s\n");
}

TEST(text_stalls_report, cpus_without_heartbeats_are_named) {
    auto report = made_quiet_report();
    report.whole.coverage.cpus = {0, 1, 2, 5};
    report.whole.coverage.without_beat = {2, 5};
    report.whole.coverage.heartbeats[1].soft = false;
    report.whole.coverage.heartbeats[1].restarts = 1;
    const std::string out = text_of(report);
    find_in(out, "without any: CPUs 2,5\n");
    find_in(out, "without a beat that raises a softirq: CPU 1");
    find_in(out, "1 restart by the kernel");
    find_in(out, "softirq_off from 2 ms after the first raise");
}

TEST(text_stalls_report, all_beats_are_100_percent_and_nearly_all_are_not) {
    auto report = made_quiet_report();
    report.whole.coverage.heartbeats = {{0, {1'000'000'000, 999'999'999, 0, 0, 1, 0, true}}};
    find_in(text_of(report), "999,999,999 seen (99.999 %)");
    report.whole.coverage.heartbeats = {{0, {1'000'000'000, 1'000'000'000, 0, 0, 0, 0, true}}};
    find_in(text_of(report), "(100.000 %)");
}

TEST(text_stalls_report, what_is_open_or_not_told_is_no_silence) {
    auto report = made_quiet_report();
    report.open = {made_softirq_latency()};
    std::string out = text_of(report);
    EXPECT_TRUE(out.starts_with("no incident ended in 60.0 s, 1 stall going on\n")) << out;
    find_in(out, "open at the end: CPU 1 softirq_latency > 12.0 ms, going on; softirq NET_RX; iperf3 801; #5\n");
    report.open.clear();
    report.suppressed[model::stall_kind::hardirq_run] = 7;
    out = text_of(report);
    EXPECT_FALSE(has(out, "no stall seen")) << out;
    find_in(out, "rate limit): hardirq_run 7\n");
    find_in(out, "7 stalls more in none of these figures (rate limit)");
}

TEST(text_stalls_report, cpu_with_the_most_stalled_time_comes_first) {
    const std::string out = text_of(made_report());
    find_in(out, "\n   CPU  incidents   stalled   longest\n"
                 "     1          8    391 ms    108 ms\n"
                 "     0          4   19.0 ms   6.00 ms\n");
}

TEST(text_stalls_report, cpus_beyond_the_sixteenth_are_counted) {
    auto report = made_report();
    for (int cpu = 0; cpu < 20; cpu++) report.cpus[cpu] = {1, static_cast<std::uint64_t>(cpu + 1) * ms, ms};
    const std::string out = text_of(report);
    find_in(out, "\n    19          1   20.0 ms");
    find_in(out, "\n     4          1   5.00 ms");
    EXPECT_FALSE(has(out, "\n     3          1")) << out;
    find_in(out, "\n  and 4 more CPUs\n");
}

TEST(text_stalls_report, culprits_names_are_wrapped_in_their_column) {
    const std::string out = text_of(made_report());
    find_in(out, "\n   stalled     stalls   longest       CPUs  culprit\n"
                 "    391 ms          9    108 ms        0-1  proc_reg_write <- vfs_write <- ksys_write\n");
    find_in(out, "\n                                              <- ");
    find_in(out, "\n   19.0 ms          3   6.00 ms          1  hardirq 36 virtio1-req.0\n");
}

TEST(text_stalls_report, culprits_that_add_up_to_more_than_was_stalled_are_explained) {
    auto report = made_report();
    EXPECT_FALSE(has(text_of(report), "overlap")) << "391 and 19 ms of 410";
    report.culprits.back().stalled_ns++;
    find_in(text_of(report), "hardirq 36 virtio1-req.0\n  (an incident may have several culprits: rows overlap)\n");
}

TEST(text_stalls_report, culprits_beyond_the_tenth_are_counted) {
    auto report = made_report();
    report.culprits.clear();
    for (int i = 0; i < 11; i++)
        report.culprits.push_back({fmt::format("culprit_{}", i), 1, ms, ms, {0}, made_irq_off()});
    const std::string out = text_of(report);
    find_in(out, "culprit_9\n");
    EXPECT_FALSE(has(out, "culprit_10"));
    find_in(out, "\n  and 1 more culprit\n");
}

TEST(text_stalls_report, what_is_no_stall_is_told_with_its_longest) {
    find_in(text_of(made_report()), "\nnot stalls: idle_exit 12 (longest 3.20 ms), steal 3 (longest 4.00 ms)\n"
                                    "counted and not printed (rate limit): irq_off 1,200\n"
                                    "lost: nothing\n");
    EXPECT_FALSE(has(text_of(made_quiet_report()), "not stalls"));
    EXPECT_FALSE(has(text_of(made_quiet_report()), "rate limit"));
}

TEST(text_stalls_report, silence_comes_with_what_was_set_aside) {
    auto report = made_quiet_report();
    report.asides[model::aside::idle_exit] = {12, 20 * ms, 3'200'000};
    const std::string out = text_of(report);
    EXPECT_TRUE(out.starts_with("no stall seen in 60.0 s; set aside: idle_exit 12 (longest 3.20 ms)\n")) << out;
    EXPECT_FALSE(has(out, "not stalls")) << "once is enough";
    report.suppressed[model::stall_kind::irq_off] = 1;
    find_in(text_of(report), "not stalls: idle_exit 12");
}

TEST(text_stalls_report, losses_are_told) {
    auto report = made_quiet_report();
    report.whole.lost.counts["stalls"] = 17;
    find_in(text_of(report), "lost: stalls 17\n");
}

TEST(text_stalls_report, nothing_is_wider_than_the_page_or_moves_the_terminal) {
    auto report = made_report();
    report.whole.duration_ns = UINT64_MAX;
    report.whole.coverage.cpus.clear();
    report.whole.coverage.heartbeats.clear();
    std::vector<int> odd;
    for (int cpu = 0; cpu < 2048; cpu++) {
        report.whole.coverage.cpus.push_back(cpu);
        report.whole.coverage.heartbeats[cpu] = {UINT64_MAX / 4096, 1, 1, 1, 1, 1, cpu % 2 == 0};
        report.cpus[cpu + 60'000] = {4'000'000'000, 86'400'000'000'000, 86'400'000'000'000};
        if (cpu % 2 == 1) odd.push_back(cpu);
    }
    report.whole.coverage.without_beat = odd;
    report.culprits.assign(20,
                           {hostile_name, 4'000'000'000, 86'400'000'000'000, 86'400'000'000'000, odd, made_irq_off()});
    auto open = made_softirq_latency();
    open.of->key = hostile_name;
    open.current = {4'194'304, hostile_name};
    report.open.assign(30, open);
    for (const model::aside why : model::all_asides) report.asides[why] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    for (const model::stall_kind kind : model::all_stall_kinds) report.suppressed[kind] = UINT64_MAX;
    for (const char* kind : {"softirq_raise", "interrupt_depth"}) report.whole.lost.counts[kind] = UINT64_MAX;
    const std::string out = text_of(report);
    expect_page(out);
    find_in(out, " 1,024 CPUs  ");
    find_in(out, "\n  and 14 more open stalls\n");
}

} // namespace irqscope::sink

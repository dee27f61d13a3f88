// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text.hpp"

#include "sink/made_snapshot.hpp"
#include "sink/text_histogram.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>
#include <vector>

namespace irqscope::sink {

namespace {

using model::metric;

constexpr std::size_t page_width = 100;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream from(text);
    for (std::string line; std::getline(from, line);) lines.push_back(line);
    return lines;
}

void expect_fits(const std::string& text) {
    for (const std::string& line : lines_of(text)) EXPECT_LE(line.size(), page_width) << line;
}

void expect_printable(const std::string& text) {
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c == '\n' || (c >= 0x20 && c < 0x7f);
    })) << testing::PrintToString(text);
}

std::string text_of(const model::snapshot& snapshot, text_options options = {}) {
    return text(options).text_of(snapshot);
}

std::size_t at(const std::string& in, const std::string& what) {
    const std::size_t found = in.find(what);
    EXPECT_NE(found, std::string::npos) << what << " is not in\n" << in;
    return found;
}

// A series of so many samples of one size, without counting them one by one.
model::series heavy(model::series_id id, int cpu, std::uint64_t samples, std::uint64_t ns) {
    model::series one = made_series(std::move(id), cpu, {ns});
    one.values.add_bucket(model::histogram::bucket_of(ns), samples - 1);
    one.values.add_sums(ns * (samples - 1), ns * (samples - 1) / 3);
    return one;
}

const std::string hostile = "\x1b[2J\x1b]0;owned\x07\r\n\t\b\x7f\x9b caf\xc3\xa9 " + std::string(300, 'n');

// Everything as long as it can be: 4-digit CPUs, names that go on, an hour of a wide and busy host.
model::snapshot worst_case() {
    auto snapshot = made_snapshot();
    snapshot.host = std::string(64, 'h');
    snapshot.kernel = "5.10.0-" + std::string(57, 'k');
    snapshot.duration_ns = 3'600'000'000'000;
    snapshot.coverage.cpus.clear();
    for (int cpu = 0; cpu < 2048; cpu += 2) snapshot.coverage.cpus.push_back(cpu);
    for (const int cpu : {0, 1023, 8191}) {
        snapshot.all.push_back(heavy({metric::hardirq_run, hostile, 1234567, {}}, cpu, 40'000'000'000, 30'000));
        snapshot.all.push_back(heavy({metric::hardirq_run, "other", {}, {}}, cpu, 1, 1));
        snapshot.all.push_back(heavy({metric::softirq_run, "IRQ_POLL", {}, "bh_enable"}, cpu, 40'000'000'000, 30'000));
        snapshot.all.push_back(heavy({metric::softirq_run, "IRQ_POLL", {}, "ksoftirqd"}, cpu, 1, 70'000'000'000));
        snapshot.all.push_back(heavy({metric::softirq_latency, "IRQ_POLL", {}, {}}, cpu, 40'000'000'000, 999'999));
        snapshot.all.push_back(heavy({metric::sysvec_run, "deferred_error_apic", {}, {}}, cpu, 2'000'000'000, 999));
    }
    for (const metric what : model::all_metrics)
        snapshot.open.push_back({{what, hostile, 4095,
                                  what == metric::softirq_run ? std::optional<std::string>("ksoftirqd") : std::nullopt},
                                 8191,
                                 1,
                                 3'600'000'000'000});
    for (const char* kind : {"hardirq_entry", "hardirq_exit", "softirq_raise", "interrupt_depth", "context_misread"})
        snapshot.lost.counts[kind] = UINT64_MAX;
    snapshot.lost.recursion_misses["call_function_single_entry"] = 1'000'000'000;
    for (int cpu = 1; cpu < 2048; cpu += 2) snapshot.lost.cpus_gone.push_back(cpu);
    for (const char* row : {"NMI", "HYP", "PIN", "NPI", "PIW", "TRM", "THR", "DFR"})
        snapshot.coverage.untraced.emplace_back(row, 4'000'000'000'000);
    snapshot.coverage.slots_full = true;
    snapshot.coverage.beat_ns = 1'234'567;
    for (int cpu = 0; cpu < 2048; cpu++)
        snapshot.coverage.heartbeats[cpu] = {3'600'000'000, 3'599'000'000, 1'000'000,   1'000,
                                             1'000,         1'000,         cpu % 2 == 0};
    snapshot.coverage.without_beat = snapshot.coverage.cpus;
    snapshot.cost = {UINT64_MAX / 100, 99, 3'600'000'000'000, 1ULL << 40, 1ULL << 34};
    return snapshot;
}

} // namespace

TEST(text, no_line_is_longer_than_the_page) {
    const auto snapshot = worst_case();
    for (const bool per_cpu : {false, true})
        for (const bool fine : {false, true}) expect_fits(text_of(snapshot, {.per_cpu = per_cpu, .fine = fine}));
    auto without = snapshot;
    without.coverage.nested = false;
    expect_fits(text_of(without));
    expect_fits(text_of(without, {.per_cpu = true}));
    expect_fits(text_of(made_snapshot()));
}

TEST(text, no_byte_of_a_name_reaches_the_terminal_that_it_would_obey) {
    auto snapshot = worst_case();
    snapshot.host = hostile;
    snapshot.kernel = hostile;
    snapshot.machine = hostile;
    expect_printable(text_of(snapshot));
    expect_printable(text_of(snapshot, {.per_cpu = true, .fine = true}));
    model::report report{hostile, hostile, hostile, {}};
    report.findings.push_back({"BTF", model::verdict::fine, hostile, hostile, hostile});
    expect_printable(text::text_of(report));
}

TEST(text, name_that_is_cut_says_so) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(
        made_series({metric::hardirq_run, "mlx5_comp11@pci:0000:3b:00.0-and-more", 130, {}}, 0, {100}));
    const std::string out = text_of(snapshot);
    at(out, "130  mlx5_comp11@pci:0000:..");
    expect_fits(out);
}

TEST(text, columns_of_ordinary_rows_stand_below_their_headings) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::softirq_run, "NET_RX", {}, "irq_exit"}, 0, {100, 2000}));
    snapshot.all.push_back(made_series({metric::hardirq_run, "nic", 24, {}}, 1, {100, 2000}));
    snapshot.all.push_back(made_series({metric::ksoftirqd_latency, "ksoftirqd", {}, {}}, 1, {100, 2000}));
    snapshot.all.push_back(made_series({metric::ksoftirqd_run, "ktimers", {}, {}}, 1, {100, 2000}));
    for (const bool per_cpu : {false, true}) {
        const auto lines = lines_of(text_of(snapshot, {.per_cpu = per_cpu}));
        for (std::size_t i = 1; i < lines.size(); i++) {
            const std::size_t column = lines[i - 1].find("count  rate/s");
            if (column == std::string::npos) continue;
            EXPECT_EQ(lines[i].size(), lines[i - 1].size()) << lines[i - 1] << '\n' << lines[i];
            EXPECT_EQ(lines[i].at(column + 4), '2') << lines[i - 1] << '\n' << lines[i];
        }
    }
}

TEST(text, worst_latency_comes_first) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::softirq_latency, "TIMER", {}, {}}, 0, {10, 10, 10, 10}));
    snapshot.all.push_back(made_series({metric::softirq_latency, "NET_RX", {}, {}}, 1, {9'000'000}));
    snapshot.all.push_back(made_series({metric::softirq_latency, "RCU", {}, {}}, 0, {7000}));
    const std::string out = text_of(snapshot);
    EXPECT_LT(at(out, "\n  NET_RX"), at(out, "\n  RCU"));
    EXPECT_LT(at(out, "\n  RCU"), at(out, "\n  TIMER"));
}

TEST(text, threads_have_a_table_of_latencies_and_one_of_runs) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::ksoftirqd_latency, "ksoftirqd", {}, {}}, 0, {9000}));
    snapshot.all.push_back(made_series({metric::ksoftirqd_run, "ksoftirqd", {}, {}}, 0, {7000}));
    const std::string out = text_of(snapshot);
    const std::size_t latency = at(out, "woken until it runs");
    const std::size_t run = at(out, "one stretch on the CPU, interrupts in it included");
    EXPECT_LT(latency, out.find("\n  ksoftirqd"));
    EXPECT_LT(out.find("\n  ksoftirqd"), run);
    EXPECT_NE(out.find("\n  ksoftirqd", run), std::string::npos);
    expect_fits(out);
}

TEST(text, longest_run_in_sum_comes_first) {
    auto snapshot = made_snapshot();
    snapshot.all.push_back(made_series({metric::hardirq_run, "rare", 30, {}}, 0, {5000}));
    snapshot.all.push_back(made_series({metric::hardirq_run, "often", 24, {}}, 0, {2000, 2000, 2000, 2000}));
    const std::string out = text_of(snapshot);
    EXPECT_LT(at(out, "24  often"), at(out, "30  rare"));
}

TEST(text, row_says_which_cpu_was_the_worst) {
    auto snapshot = made_snapshot();
    snapshot.metrics = {metric::softirq_latency};
    snapshot.all.push_back(made_series({metric::softirq_latency, "NET_RX", {}, {}}, 0, {10}));
    snapshot.all.push_back(made_series({metric::softirq_latency, "NET_RX", {}, {}}, 117, {5'000'000}));
    const auto lines = lines_of(text_of(snapshot));
    const auto row =
        std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("  NET_RX"); });
    ASSERT_NE(row, lines.end());
    EXPECT_TRUE(row->ends_with(" 117")) << *row;
}

TEST(text, per_cpu_row_begins_with_its_cpu) {
    auto snapshot = made_snapshot();
    snapshot.metrics = {metric::softirq_latency};
    snapshot.all.push_back(made_series({metric::softirq_latency, "NET_RX", {}, {}}, 4095, {10}));
    at(text_of(snapshot, {.per_cpu = true}), "  4095 NET_RX ");
}

TEST(text, rows_beyond_the_top_are_counted) {
    auto snapshot = made_snapshot();
    for (std::uint32_t irq = 0; irq < 20; irq++)
        snapshot.all.push_back(made_series({metric::hardirq_run, "nic", irq, {}}, 0, {100 + irq}));
    at(text_of(snapshot, {.top = 16}), "and 4 more");
    EXPECT_EQ(text_of(snapshot, {.top = 20}).find(" more ("), std::string::npos);
}

TEST(text, off_times_have_one_row_and_no_share_of_time) {
    auto snapshot = made_snapshot();
    for (const metric what : {metric::irq_off, metric::softirq_off, metric::idle_exit}) {
        snapshot.metrics = {what};
        snapshot.all = {made_series({what, "", {}, {}}, 0, {10}), made_series({what, "", {}, {}}, 1, {5'000'000})};
        const std::string out = text_of(snapshot);
        at(out, "\n  all  ");
        EXPECT_EQ(out.find(" time"), std::string::npos) << out;
        EXPECT_EQ(out.find("in irqs"), std::string::npos) << out;
        expect_fits(out);
    }
    at(text_of(snapshot), "idle_exit: the heartbeat's lateness when nothing but idle ran\n");
    snapshot.metrics = {metric::irq_off, metric::softirq_off};
    at(text_of(snapshot), "irq_off: how late the hard heartbeat was served\n");
    at(text_of(snapshot), "softirq_off: raise to the first softirq entry of any vector\n");
}

TEST(text, heartbeats_are_told_where_there_are_any) {
    auto snapshot = made_snapshot();
    EXPECT_EQ(text_of(snapshot).find("heartbeats"), std::string::npos);
    snapshot.coverage.beat_ns = 1'000'000;
    snapshot.coverage.heartbeats[0] = {10'000, 9'995, 3, 0, 5, 0, true};
    snapshot.coverage.heartbeats[1] = {10'000, 9'995, 0, 0, 5, 0, true};
    const std::string out = text_of(snapshot);
    at(out, "\nheartbeats each 1 ms: 20,000 due, 19,990 seen (99.950 %), 0 skipped, 10 unseen; 3 late (0.02 %)\n");
    expect_fits(out);
}

TEST(text, rows_that_beats_are_in_are_named) {
    auto snapshot = made_snapshot();
    snapshot.all = {made_series({metric::sysvec_run, "local_timer", {}, {}}, 0, {10}),
                    made_series({metric::softirq_latency, "HRTIMER", {}, {}}, 0, {10}),
                    made_series({metric::softirq_off, "", {}, {}}, 0, {10})};
    EXPECT_EQ(text_of(snapshot).find("own beats"), std::string::npos) << "there are none";
    snapshot.coverage.beat_ns = 1'000'000;
    snapshot.coverage.heartbeats[0] = {10'000, 9'995, 3, 0, 5, 0, true};
    at(text_of(snapshot), "\nirqscope's own beats: up to 10,000 of the counts below in local_timer, in HRTIMER, in "
                          "softirq_off\n");
    snapshot.coverage.heartbeats[0].soft = false;
    at(text_of(snapshot), "\nirqscope's own beats: up to 10,000 of the counts below in local_timer\n");
    snapshot.coverage.heartbeats[0].soft = true;
    snapshot.all.erase(snapshot.all.begin());
    at(text_of(snapshot), "\nirqscope's own beats: up to 10,000 of the counts below in HRTIMER, in softirq_off\n");
    snapshot.all.clear();
    EXPECT_EQ(text_of(snapshot).find("own beats"), std::string::npos);
}

TEST(text, irq_off_of_few_beats_says_so) {
    auto snapshot = made_snapshot();
    snapshot.metrics = {metric::irq_off};
    snapshot.all = {made_series({metric::irq_off, "", {}, {}}, 0, {10, 20}),
                    made_series({metric::irq_off, "", {}, {}}, 1, {30})};
    snapshot.coverage.heartbeats[0].seen = 6;
    EXPECT_EQ(text_of(snapshot).find("nothing but idle"), std::string::npos) << "half of them are enough";
    snapshot.coverage.heartbeats[1].seen = 2;
    const std::string words = "irq_off: how late the hard heartbeat was served\n"
                              "  3 of 8 beats; nothing but idle ran at the others\n";
    at(text_of(snapshot), words);
    at(text_of(snapshot, {.above_ns = 1'000}), words);
    snapshot.coverage.heartbeats[1].seen = 3'600'000'000'000;
    expect_fits(text_of(snapshot));
}

TEST(text, threshold_leaves_out_what_never_reached_it_and_says_so) {
    auto snapshot = made_snapshot();
    snapshot.metrics = {metric::softirq_latency};
    snapshot.all.push_back(made_series({metric::softirq_latency, "TIMER", {}, {}}, 0, {10}));
    snapshot.all.push_back(made_series({metric::softirq_latency, "NET_RX", {}, {}}, 0, {5'000'000}));
    const std::string out = text_of(snapshot, {.above_ns = 1'000'000});
    at(out, "NET_RX");
    EXPECT_EQ(out.find("TIMER"), std::string::npos);
    at(text_of(snapshot, {.above_ns = 1'000'000'000}), "none seen that reached 1.00 s");
}

TEST(text, metric_without_samples_says_so_and_one_not_asked_for_is_absent) {
    auto snapshot = made_snapshot();
    snapshot.metrics = {metric::softirq_latency};
    const std::string out = text_of(snapshot);
    at(out, "softirq_latency: ");
    at(out, "none seen");
    EXPECT_EQ(out.find("hardirq_run"), std::string::npos);
}

TEST(text, open_spans_are_printed_with_their_age) {
    auto snapshot = made_snapshot();
    snapshot.open.push_back({{metric::softirq_latency, "NET_RX", {}, {}}, 7, 1000, 21'400'000'000});
    snapshot.open.push_back({{metric::hardirq_run, "nic", 24, {}}, 1023, 1000, 5'000'000});
    const std::string out = text_of(snapshot);
    at(out, "open at the end: CPU 7 raised and not served: NET_RX, 21.4 s old\n");
    at(out, "open at the end: CPU 1023 hardirq_run  24  nic, 5.00 ms old\n");
    EXPECT_EQ(text_of(made_snapshot()).find("open at the end"), std::string::npos);
}

TEST(text, losses_are_always_told) {
    auto snapshot = made_snapshot();
    at(text_of(snapshot), "lost: nothing\n");
    snapshot.lost.counts["softirq_raise"] = 1234;
    snapshot.lost.recursion_misses["softirq_entry"] = 5;
    snapshot.lost.cpus_gone = {1, 2, 3};
    const std::string out = text_of(snapshot);
    at(out, "lost: softirq_raise 1,234, ");
    at(out, "5 calls of softirq_entry");
    at(out, "CPUs gone: 1-3");
}

TEST(text, untraced_vectors_and_full_slots_are_told) {
    auto snapshot = made_snapshot();
    snapshot.coverage.untraced = {{"HYP", 17}, {"PIN", 0}};
    snapshot.coverage.slots_full = true;
    const std::string out = text_of(snapshot);
    at(out, "HYP 17");
    EXPECT_EQ(out.find("PIN"), std::string::npos) << "nothing came of it";
    at(out, "`other`");
}

TEST(text, interval_of_no_length_divides_by_nothing) {
    auto snapshot = made_snapshot();
    snapshot.duration_ns = 0;
    snapshot.all.push_back(made_series({metric::hardirq_run, "nic", 24, {}}, 0, {100}));
    const std::string out = text_of(snapshot);
    EXPECT_EQ(out.find("inf"), std::string::npos) << out;
    EXPECT_EQ(out.find("nan"), std::string::npos) << out;
}

TEST(text, doctors_lines_are_wrapped) {
    model::report report{"build7", "5.10.0", "x86_64", {}};
    std::string words;
    for (int i = 0; i < 60; i++) words += "word ";
    report.findings.push_back({"softirq contexts", model::verdict::limited, words, words, words});
    const std::string out = text::text_of(report);
    expect_fits(out);
    at(out, "limited  softirq contexts");
    at(out, "loses: word");
    at(out, "cure: word");
    at(out, "irqscope can measure here.");
    report.findings.push_back({"BTF", model::verdict::missing, "none", "everything", ""});
    at(text::text_of(report), "irqscope cannot measure here.");
}

TEST(text_histogram, rows_go_from_the_first_that_holds_something_to_the_last) {
    model::histogram values;
    values.count(1000);
    values.count(1000);
    values.count(5000);
    const auto lines = lines_of(histogram_lines(values, false));
    ASSERT_EQ(lines.size(), 4U); // 512, 1024, 2048, 4096
    EXPECT_NE(lines[0].find("512 ns .. 1.02 us"), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find(std::string(40, '*')), std::string::npos) << lines[0];
    EXPECT_EQ(lines[1].find('*'), std::string::npos) << lines[1];
    EXPECT_EQ(std::count(lines[3].begin(), lines[3].end(), '*'), 20) << lines[3];
}

TEST(text_histogram, fine_rows_are_eight_to_a_power_of_two) {
    model::histogram values;
    values.count(1024);
    values.count(2047);
    EXPECT_EQ(lines_of(histogram_lines(values, true)).size(), 8U);
    EXPECT_EQ(lines_of(histogram_lines(values, false)).size(), 1U);
}

TEST(text_histogram, counts_of_the_rows_are_all_there_is) {
    model::histogram values;
    std::uint64_t samples = 0;
    for (std::uint64_t ns = 0; ns < (1ULL << 40); ns += ns / 3 + 1, samples++) values.count(ns);
    for (const bool fine : {false, true}) {
        std::uint64_t sum = 0;
        for (const std::string& line : lines_of(histogram_lines(values, fine)))
            sum += std::stoull(line.substr(line.find("|") - 10, 8));
        EXPECT_EQ(sum, samples) << fine;
    }
}

TEST(text_histogram, overflow_has_no_upper_end) {
    model::histogram values;
    values.count(UINT64_MAX);
    for (const bool fine : {false, true}) {
        const auto lines = lines_of(histogram_lines(values, fine));
        ASSERT_EQ(lines.size(), 1U);
        EXPECT_NE(lines[0].find("68.7 s .. ..."), std::string::npos) << lines[0];
    }
}

TEST(text_histogram, of_nothing_is_nothing) { EXPECT_EQ(histogram_lines({}, false), ""); }

} // namespace irqscope::sink

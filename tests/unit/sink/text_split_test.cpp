// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_split.hpp"

#include "sink/made_stalls.hpp"

namespace irqscope::sink {

namespace {

using model::part;

model::time_split made_split(int cpu, std::uint64_t softirq_ms, std::uint64_t of_ms = 10'000) {
    model::time_split made;
    made.cpu = cpu;
    made.where.start_ns = 500 * ms;
    made.where.end_ns = (500 + of_ms) * ms;
    made.where.at(part::softirq) = softirq_ms * ms;
    made.where.at(part::task) = of_ms / 2 * ms;
    made.where.at(part::idle) = (of_ms / 2 - softirq_ms) * ms;
    made.user_ns = of_ms / 5 * ms;
    made.ticks = 500;
    made.steal = model::steal_source::runqueue;
    return made;
}

model::snapshot with(std::vector<model::time_split> cpus) {
    auto made = made_snapshot();
    made.split.emplace();
    made.split->cpus = std::move(cpus);
    return made;
}

} // namespace

TEST(text_split, nothing_where_nobody_asked) { EXPECT_EQ(split_table(made_snapshot(), 16), ""); }

TEST(text_split, worst_first_with_a_tenth_of_a_percent_to_be_seen) {
    const std::string text = split_table(with({made_split(0, 10), made_split(1, 123)}), 16);
    expect_page(text);
    const auto lines = lines_of(text);
    ASSERT_EQ(lines.size(), 9U) << text;
    EXPECT_EQ(lines[1], "time split: % of each CPU's time, by what ran");
    EXPECT_EQ(lines[2], "                      by ticks:");
    EXPECT_EQ(lines[3], "   CPU     task    user  system     idle  hardirq  sysvec  softirq  ksoftirqd   steal  "
                        "unexplained");
    EXPECT_EQ(lines[4], "     1    50.00   20.00   30.00    48.77     0.00    0.00     1.23       0.00    0.00         "
                        "0.00");
    EXPECT_TRUE(lines[5].starts_with("     0 ")) << lines[5];
    EXPECT_TRUE(lines[6].starts_with("   all    50.00   20.00   30.00    49.34 ")) << lines[6];
    find_in(text, "lower bounds");
    EXPECT_EQ(text.find("steal: by ticks"), std::string::npos);
    EXPECT_EQ(text.find("first event on"), std::string::npos);
}

TEST(text_split, only_the_top_of_many_cpus_and_all_of_them_in_sum) {
    std::vector<model::time_split> cpus;
    for (int cpu = 0; cpu < 8192; cpu += 64) cpus.push_back(made_split(cpu, 1));
    const std::string text = split_table(with(cpus), 16);
    expect_page(text);
    find_in(text, "and 112 CPUs more");
    find_in(text, "   all    50.00");
    EXPECT_EQ(lines_of(text).size(), 4U + 16U + 2U + 2U) << text;
}

TEST(text_split, what_is_not_known_is_said) {
    auto late = made_split(1, 0, 200);
    late.user_ns.reset();
    late.steal = model::steal_source::unknown;
    auto coarse = made_split(0, 0);
    coarse.steal = model::steal_source::proc_stat;
    auto snapshot = with({coarse, late});
    snapshot.split->absent = {2, 3};
    const std::string text = split_table(snapshot, 16);
    expect_page(text);
    find_in(text, "     1    50.00       -       -    50.00     0.00    0.00     0.00       0.00       - ");
    find_in(text, "steal: by ticks.");
    find_in(text, "  from their first event on: CPU 1\n");
    find_in(text, "meanwhile): CPUs 2-3\n");
}

TEST(text_split, steal_that_nobody_counts_is_what_was_seen_of_it) {
    auto one = made_split(0, 0);
    one.steal = model::steal_source::away;
    find_in(split_table(with({one}), 16), "for nobody counts it here.");
}

TEST(text_split, one_cpu_needs_no_sum_and_none_no_row) {
    EXPECT_EQ(split_table(with({made_split(0, 1)}), 16).find(" all "), std::string::npos);
    auto none = with({});
    none.split->absent = {0, 1};
    expect_page(split_table(none, 16));
}

} // namespace irqscope::sink

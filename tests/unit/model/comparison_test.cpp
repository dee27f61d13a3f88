// SPDX-License-Identifier: BSD-2-Clause
// What counts as a change: figures that differ by more than slices of one recording do.
#include "model/comparison.hpp"

#include "model/rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace irqscope::model {

namespace {

const row_id net_rx{{metric::softirq_run, "NET_RX", {}, {}}, 1};
const row_id timer{{metric::softirq_run, "TIMER", {}, {}}, 0};
const row_id waits{{metric::softirq_latency, "TIMER", {}, {}}, 1};

struct load {
    std::uint64_t in_a_slice = 2'000;
    double mean_ns = 2'000;
    double share_of_slow = 0.002; // of 20 times that
};

// Thirty slices of a second. How fast a slice is, varies: that is the noise.
class made {
public:
    explicit made(unsigned seed) : random_(seed) {
        of_.slice_ns = 1'000'000'000;
        of_.slices = 30;
    }

    void add(const row_id& row, const load& what) {
        auto& to = samples_[row];
        to.resize(of_.slices);
        std::uniform_real_distribution<double> speed(0.9, 1.1);
        std::exponential_distribution<double> length(1);
        std::bernoulli_distribution slow(what.share_of_slow);
        for (auto& slice : to) {
            const double factor = speed(random_);
            const auto many = static_cast<std::uint64_t>(static_cast<double>(what.in_a_slice) * speed(random_));
            for (std::uint64_t i = 0; i < many; i++)
                slice.push_back(static_cast<std::uint64_t>(what.mean_ns * factor * (0.5 + length(random_)) *
                                                           (slow(random_) ? 20 : 1)));
        }
    }
    void stall(int cpu, std::size_t slice, std::uint64_t ns) {
        of_.stalled_ns[cpu].resize(of_.slices);
        of_.stalled_ns[cpu].at(slice) += ns;
    }

    std::map<row_id, std::vector<std::vector<std::uint64_t>>> samples_;
    sliced of_;

private:
    std::mt19937 random_;
};

comparison compared_of(made& before, made& after, const comparison_options& how = {}) {
    for (made* const one : {&before, &after})
        for (const auto& [row, slices] : one->samples_)
            for (const auto& slice : slices)
                for (const std::uint64_t ns : slice) one->of_.rows[row].whole.count(ns);
    const auto histogram_in = [](const made& side, const row_id& row) {
        const auto found = side.of_.rows.find(row);
        return found == side.of_.rows.end() ? nullptr : &found->second.whole;
    };
    for (made* const one : {&before, &after})
        for (auto& [row, to] : one->of_.rows) {
            const thresholds beyond = thresholds_of(histogram_in(before, row), histogram_in(after, row));
            to.slices.resize(one->of_.slices);
            for (std::size_t i = 0; i < to.slices.size(); i++)
                for (const std::uint64_t ns : one->samples_.at(row)[i]) to.count(i, ns, 0, beyond);
        }
    return compare(before.of_, after.of_, how);
}

const compared* find(const compared_row& in, statistic what) {
    const auto found = std::find_if(in.statistics.begin(), in.statistics.end(),
                                    [what](const compared& one) { return one.what == what; });
    return found == in.statistics.end() ? nullptr : &*found;
}

} // namespace

// The truth: of all ways to deal the numbers to two sets of that size, the share that is as far from the middle or farther.
TEST(rank_test, is_close_to_all_permutations) {
    const auto exact = [](const std::vector<double>& a, const std::vector<double>& b) {
        std::vector<double> all(a);
        all.insert(all.end(), b.begin(), b.end());
        const auto sum_of_ranks = [&all](const std::vector<bool>& in) {
            double sum = 0;
            for (std::size_t i = 0; i < all.size(); i++)
                if (in[i])
                    for (const double other : all) sum += other < all[i] ? 1 : other == all[i] ? 0.5 : 0;
            return sum;
        };
        std::vector<bool> in(all.size());
        std::fill(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(a.size()), true);
        const double middle = static_cast<double>(a.size() * all.size()) / 2;
        const double found = std::abs(sum_of_ranks(in) - middle);
        double farther = 0;
        double ways = 0;
        std::sort(in.begin(), in.end());
        do {
            ways++;
            farther += std::abs(sum_of_ranks(in) - middle) >= found - 1e-9 ? 1 : 0;
        } while (std::next_permutation(in.begin(), in.end()));
        return farther / ways;
    };
    const std::vector<std::pair<std::vector<double>, std::vector<double>>> sets{
        {{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}},
        {{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, {1.15, 0.88, 0.90, 0.74, 1.21}},
        {{1, 1, 2, 2, 3, 5, 8}, {2, 3, 3, 4, 4, 7, 7}}};
    for (const auto& [a, b] : sets) {
        EXPECT_NEAR(rank_test(a, b), exact(a, b), 0.02);
        EXPECT_NEAR(rank_test(a, b), rank_test(b, a), 1e-12);
    }
    EXPECT_GT(rank_test(sets[0].first, sets[0].second), exact(sets[0].first, sets[0].second)) << "not too sure";
}

TEST(rank_test, says_nothing_of_nothing) {
    EXPECT_EQ(rank_test({}, {1}), 1);
    EXPECT_EQ(rank_test({0, 0, 0}, {0, 0}), 1);
    EXPECT_EQ(rank_test({5}, {5}), 1);
}

TEST(comparison, of_the_same_load_is_no_change) {
    int changed = 0;
    for (unsigned turn = 0; turn < 40; turn++) {
        made before(2 * turn);
        made after(2 * turn + 1);
        for (made* const one : {&before, &after}) {
            one->add(net_rx, {});
            one->add(timer, {100, 3'000, 0.01});
            one->add(waits, {10, 8'000, 0.1});
            one->stall(1, turn % 30, 3'000'000);
        }
        changed += compared_of(before, after).changed ? 1 : 0;
    }
    EXPECT_EQ(changed, 0);
}

TEST(comparison, names_the_slower_row_first_even_if_there_is_less_of_it) {
    made before(1);
    made after(2);
    before.add(net_rx, {4'000, 2'000, 0.002});
    after.add(net_rx, {1'500, 5'000, 0.002}); // about the same time altogether
    before.add(timer, {});
    after.add(timer, {});
    before.add(waits, {400, 20'000, 0});
    after.add(waits, {400, 80'000, 0});
    const comparison found = compared_of(before, after);
    EXPECT_TRUE(found.changed);
    ASSERT_EQ(found.rows.size(), 3U);
    EXPECT_EQ(found.rows[0].row, net_rx);
    EXPECT_EQ(found.rows[1].row, waits) << "what waited comes after what ran, however long";
    EXPECT_TRUE(found.rows[1].changed);
    EXPECT_EQ(found.rows[2].row, timer);
    EXPECT_FALSE(found.rows[2].changed);
    for (const statistic what : {statistic::rate, statistic::p50}) {
        ASSERT_NE(find(found.rows[0], what), nullptr);
        EXPECT_TRUE(find(found.rows[0], what)->changed) << name_of(what);
    }
    EXPECT_NEAR(find(found.rows[0], statistic::p50)->after / find(found.rows[0], statistic::p50)->before, 2.5, 0.4);
    EXPECT_FALSE(find(found.rows[1], statistic::rate)->changed);
}

TEST(comparison, finds_a_tail_that_grew) {
    made before(1);
    made after(2);
    before.add(net_rx, {2'000, 20'000, 0.0002});
    after.add(net_rx, {2'000, 20'000, 0.004});
    const comparison found = compared_of(before, after);
    ASSERT_TRUE(found.rows[0].changed);
    EXPECT_TRUE(find(found.rows[0], statistic::p99_9)->changed);
    EXPECT_FALSE(find(found.rows[0], statistic::p50)->changed);
    EXPECT_FALSE(find(found.rows[0], statistic::rate)->changed);
}

TEST(comparison, leaves_small_differences_alone_however_sure) {
    const auto changed = [](const load& one, const load& other, const comparison_options& how) {
        made before(1);
        made after(2);
        before.add(net_rx, one);
        after.add(net_rx, other);
        return compared_of(before, after, how).changed;
    };
    EXPECT_FALSE(changed({2'000, 20'000, 0}, {2'000, 35'000, 0}, {})) << "not twice as long";
    comparison_options how;
    how.least_ratio = 1.5;
    EXPECT_TRUE(changed({2'000, 20'000, 0}, {2'000, 35'000, 0}, how));
    EXPECT_FALSE(changed({100, 1'500, 0}, {100, 6'000, 0}, {})) << "not a thousandth of the CPU";
    EXPECT_FALSE(changed({20'000, 100, 0}, {20'000, 300, 0}, {})) << "within what the clock and the programs cost";
}

TEST(comparison, needs_slices_that_differ) {
    // all of the difference is in one slice
    made before(1);
    made after(2);
    for (made* const one : {&before, &after}) one->add(net_rx, {2'000, 2'000, 0});
    for (int i = 0; i < 60'000; i++) after.samples_[net_rx].at(7).push_back(50'000);
    EXPECT_FALSE(compared_of(before, after).changed);
}

TEST(comparison, has_rows_that_only_one_has) {
    made before(1);
    made after(2);
    before.add(timer, {});
    after.add(timer, {});
    after.add(net_rx, {});
    after.add(waits, {});
    const comparison found = compared_of(before, after);
    EXPECT_EQ(found.rows[0].row, net_rx);
    EXPECT_TRUE(found.rows[0].changed);
    EXPECT_EQ(find(found.rows[0], statistic::rate)->before, 0);
    EXPECT_EQ(find(found.rows[0], statistic::p50), nullptr) << "there is nothing to compare with";
    EXPECT_EQ(compared_of(after, before).rows[0].row, net_rx) << "either way";
}

TEST(comparison, of_stalls_is_by_hour_and_names_the_culprit) {
    made before(1);
    made after(2);
    for (std::size_t slice = 0; slice < 30; slice++) after.stall(1, slice, 10'000'000);
    after.stall(0, 3, 5'000'000);
    culprit one;
    one.name = "irq 36 virtio1-req.0";
    one.stalled_ns = 300'000'000;
    one.cpus = {1};
    after.of_.culprits.push_back(one);
    const comparison found = compared_of(before, after);
    EXPECT_TRUE(found.changed);
    ASSERT_EQ(found.stalls.size(), 3U);
    EXPECT_EQ(found.stalls[0].cpu, -1);
    EXPECT_EQ(found.stalls[0].seconds_per_hour.before, 0);
    EXPECT_NEAR(found.stalls[0].seconds_per_hour.after, 36.6, 1e-6);
    EXPECT_EQ(found.stalls[1].cpu, 1);
    EXPECT_TRUE(found.stalls[1].seconds_per_hour.changed);
    EXPECT_EQ(found.stalls[1].culprit, "irq 36 virtio1-req.0");
    EXPECT_EQ(found.stalls[2].cpu, 0);
    EXPECT_FALSE(found.stalls[2].seconds_per_hour.changed) << "once in thirty slices";
    EXPECT_EQ(found.stalls[2].culprit, "");
}

TEST(comparison, of_maxima_asks_for_two_milliseconds) {
    for (const std::uint64_t longest : {1'900'000U, 3'000'000U}) {
        made before(1);
        made after(2);
        for (made* const one : {&before, &after}) one->add(waits, {100, 2'000, 0});
        for (auto& slice : after.samples_[waits]) slice.push_back(longest);
        const comparison found = compared_of(before, after);
        EXPECT_EQ(find(found.rows[0], statistic::max)->changed, longest > 2'000'000) << longest;
    }
}

TEST(comparison, of_interrupts_share_is_in_points) {
    made before(1);
    made after(2);
    const row_id row{{metric::ksoftirqd_run, "ksoftirqd", {}, {}}, 0};
    for (made* const one : {&before, &after}) {
        auto& to = one->of_.rows[row];
        to.slices.resize(30);
        const std::uint64_t nested = one == &before ? 20'000 : 600'000;
        for (std::size_t slice = 0; slice < 30; slice++)
            for (std::uint64_t i = 0; i < 10; i++) {
                to.whole.count(1'000'000 + slice, nested + i);
                to.count(slice, 1'000'000 + slice, nested + i, {});
            }
    }
    const comparison found = compare(before.of_, after.of_, {});
    const compared* const share = find(found.rows[0], statistic::interrupted);
    ASSERT_NE(share, nullptr);
    EXPECT_TRUE(share->changed);
    EXPECT_NEAR(share->before, 0.02, 0.001);
    EXPECT_NEAR(share->after, 0.60, 0.001);
    EXPECT_FALSE(find(found.rows[0], statistic::rate)->changed);
}

} // namespace irqscope::model

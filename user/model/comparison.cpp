// SPDX-License-Identifier: BSD-2-Clause
#include "model/comparison.hpp"

#include "model/rank_test.hpp"
#include "model/rows.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <set>

namespace irqscope::model {

namespace {

constexpr double fewest_beyond = 10; // samples beyond a quantile without which it says nothing
constexpr double fewest_samples = 20;
constexpr double fewest_interrupted_share =
    0.001; // of the CPU that a row takes, so that interrupts' share in it counts
constexpr double ns_per_hour = 3600e9;

double median(std::vector<double> from) {
    if (from.empty()) return 0;
    const auto middle = from.begin() + static_cast<std::ptrdiff_t>(from.size() / 2);
    std::nth_element(from.begin(), middle, from.end());
    return *middle;
}

// What a slice says; nothing: it has nothing to say.
using figure = std::function<std::optional<double>(const slice&)>;

std::vector<double> figures(const sliced_row& of, const figure& which) {
    std::vector<double> all;
    for (const slice& one : of.slices)
        if (const auto value = which(one)) all.push_back(*value);
    return all;
}

bool differs(double before, double after, double ratio) {
    const double less = std::min(before, after);
    return std::max(before, after) >= less * ratio && before != after;
}

// One row of both.
class pair_of_rows {
public:
    pair_of_rows(metric what, const sliced_row& before, const sliced_row& after, double before_s, double after_s,
                 const comparison_options& options)
        : is_run_(is_run(what)), before_(&before), after_(&after), before_s_(before_s), after_s_(after_s),
          options_(&options) {}

    std::vector<compared> all() {
        rate();
        for (std::size_t i = 0; i < compared_quantiles.size(); i++) quantile(i);
        maximum();
        interrupted();
        return std::move(found_);
    }

private:
    static double samples(const sliced_row* of) { return static_cast<double>(of->whole.samples()); }
    [[nodiscard]] double fewer() const { return std::min(samples(before_), samples(after_)); }
    [[nodiscard]] double higher_rate() const {
        return std::max(samples(before_) / before_s_, samples(after_) / after_s_);
    }
    // changed: as far as the size goes; decide() says the rest.
    void add(statistic what, double before, double after, bool large, const figure& which) {
        const double p = rank_test(figures(*before_, which), figures(*after_, which));
        found_.push_back({what, before, after, p, large});
    }

    // How often something waits is told by what ran then.
    void rate() {
        if (std::max(samples(before_), samples(after_)) < fewest_samples) return;
        const double before = samples(before_) / before_s_;
        const double after = samples(after_) / after_s_;
        const auto ns = static_cast<double>(before_->whole.sum_ns() + after_->whole.sum_ns());
        const double mean_ns = ns / (samples(before_) + samples(after_));
        add(statistic::rate, before, after,
            is_run_ && differs(before, after, options_->least_ratio) &&
                std::abs(before - after) * mean_ns >= options_->least_ns_per_s,
            [](const slice& one) { return static_cast<double>(one.count); });
    }

    void quantile(std::size_t which) {
        const double q = compared_quantiles.at(which);
        if (fewer() < fewest_samples || fewer() * (1 - q) < fewest_beyond) return;
        const auto before = static_cast<double>(before_->whole.quantile(q));
        const auto after = static_cast<double>(after_->whole.quantile(q));
        const double by_ns = std::abs(before - after);
        const auto least_ns = static_cast<double>(is_run_ ? options_->least_run_ns : options_->least_wait_ns);
        const bool large = differs(before, after, options_->least_ratio) && by_ns >= least_ns &&
                           by_ns * (1 - q) * higher_rate() >= options_->least_ns_per_s;
        constexpr std::array names{statistic::p50, statistic::p99, statistic::p99_9};
        add(names.at(which), before, after, large, [which](const slice& one) -> std::optional<double> {
            if (one.count == 0) return std::nullopt;
            return static_cast<double>(one.above.at(which)) / static_cast<double>(one.count);
        });
    }

    // That of the whole is one sample, and may be anything; those of the slices have to differ, in the same direction.
    void maximum() {
        if (fewer() < fewest_samples) return;
        const figure of_slice = [](const slice& one) -> std::optional<double> {
            if (one.count == 0) return std::nullopt;
            return static_cast<double>(one.max_ns);
        };
        const double usual_before = median(figures(*before_, of_slice));
        const double usual_after = median(figures(*after_, of_slice));
        const auto before = static_cast<double>(before_->whole.max_ns());
        const auto after = static_cast<double>(after_->whole.max_ns());
        const bool large = std::abs(usual_before - usual_after) >= static_cast<double>(options_->least_max_ns) &&
                           differs(usual_before, usual_after, options_->least_ratio) &&
                           (before < after) == (usual_before < usual_after);
        add(statistic::max, before, after, large, of_slice);
    }

    void interrupted() {
        const double fewest_ns = fewest_interrupted_share * 1e9;
        const auto sum = [](const sliced_row* of) { return static_cast<double>(of->whole.sum_ns()); };
        if (sum(before_) < fewest_ns * before_s_ || sum(after_) < fewest_ns * after_s_) return;
        const double before = static_cast<double>(before_->whole.nested_ns()) / sum(before_);
        const double after = static_cast<double>(after_->whole.nested_ns()) / sum(after_);
        if (before == 0 && after == 0) return;
        add(statistic::interrupted, before, after, std::abs(before - after) >= options_->least_points,
            [](const slice& one) -> std::optional<double> {
                if (one.sum_ns == 0) return std::nullopt;
                return static_cast<double>(one.nested_ns) / static_cast<double>(one.sum_ns);
            });
    }

    bool is_run_;
    const sliced_row* before_;
    const sliced_row* after_;
    double before_s_;
    double after_s_;
    const comparison_options* options_;
    std::vector<compared> found_;
};

double ns_per_s(const sliced_row& of, double seconds) { return static_cast<double>(of.whole.sum_ns()) / seconds; }

// How much time a second the row's runs have become longer or shorter, and more or fewer: a load that waits for its
// softirqs makes fewer of them when they are slow, and their time stays what it was.
double weight_of(const sliced_row& before, const sliced_row& after, double before_s, double after_s) {
    const auto mean = [](const sliced_row& of) {
        return of.whole.empty() ? 0 : static_cast<double>(of.whole.sum_ns()) / static_cast<double>(of.whole.samples());
    };
    const double rate_before = static_cast<double>(before.whole.samples()) / before_s;
    const double rate_after = static_cast<double>(after.whole.samples()) / after_s;
    if (before.whole.empty() || after.whole.empty())
        return std::abs(ns_per_s(before, before_s) - ns_per_s(after, after_s));
    return std::abs(mean(before) - mean(after)) * std::max(rate_before, rate_after) +
           std::abs(rate_before - rate_after) * std::min(mean(before), mean(after));
}

std::vector<compared_row> compare_rows(const sliced& before, const sliced& after, const comparison_options& options) {
    std::vector<compared_row> rows;
    sliced_row none_before;
    sliced_row none_after;
    none_before.slices.resize(before.slices);
    none_after.slices.resize(after.slices);
    auto a = before.rows.begin();
    auto b = after.rows.begin();
    while (a != before.rows.end() || b != after.rows.end()) {
        const bool in_a = a != before.rows.end() && (b == after.rows.end() || a->first <= b->first);
        const bool in_b = b != after.rows.end() && (a == before.rows.end() || b->first <= a->first);
        const sliced_row& of_a = in_a ? a->second : none_before;
        const sliced_row& of_b = in_b ? b->second : none_after;
        compared_row& row = rows.emplace_back();
        row.row = in_a ? a->first : b->first;
        row.ns_per_s_before = ns_per_s(of_a, before.seconds());
        row.ns_per_s_after = ns_per_s(of_b, after.seconds());
        row.weight_ns_per_s = weight_of(of_a, of_b, before.seconds(), after.seconds());
        row.statistics = pair_of_rows(row.row.id.what, of_a, of_b, before.seconds(), after.seconds(), options).all();
        if (in_a) ++a;
        if (in_b) ++b;
    }
    return rows;
}

const culprit* longest_on(const sliced& of, int cpu) {
    const culprit* found = nullptr;
    for (const culprit& one : of.culprits)
        if ((cpu < 0 || std::binary_search(one.cpus.begin(), one.cpus.end(), cpu)) &&
            (found == nullptr || one.stalled_ns > found->stalled_ns))
            found = &one;
    return found;
}

std::vector<double> stalled(const sliced& of, int cpu) {
    std::vector<double> sums(of.slices);
    for (const auto& [which, list] : of.stalled_ns)
        if (cpu < 0 || which == cpu)
            for (std::size_t i = 0; i < sums.size(); i++) sums[i] += static_cast<double>(list.at(i));
    return sums;
}

compared_stalls compare_stalls(const sliced& before, const sliced& after, int cpu, const comparison_options& options) {
    const auto a = stalled(before, cpu);
    const auto b = stalled(after, cpu);
    const auto an_hour = [](const std::vector<double>& from, const sliced& of) {
        return std::accumulate(from.begin(), from.end(), 0.0) / (of.seconds() * 1e9) * ns_per_hour / 1e9;
    };
    compared_stalls made;
    made.cpu = cpu;
    compared& to = made.seconds_per_hour;
    to.what = statistic::stalled;
    to.before = an_hour(a, before);
    to.after = an_hour(b, after);
    to.p = rank_test(a, b);
    to.changed = differs(to.before, to.after, options.least_ratio);
    if (const culprit* const one = longest_on(to.after >= to.before ? after : before, cpu)) made.culprit = one->name;
    return made;
}

// Of a metric that takes the CPU from others by itself: a stretch of ksoftirqd is made of softirqs.
bool takes_time(metric which) { return is_run(which) && which != metric::ksoftirqd_run; }

// Bonferroni: so that all tests together raise no more false alarms than one may.
void decide(const std::vector<compared*>& all, double false_alarms) {
    for (compared* const one : all)
        one->changed = one->changed && one->p <= false_alarms / static_cast<double>(all.size());
}

} // namespace

std::string_view name_of(statistic which) {
    switch (which) {
    case statistic::stalled: return "stalled_seconds_per_hour";
    case statistic::rate: return "rate";
    case statistic::p50: return "p50";
    case statistic::p99: return "p99";
    case statistic::p99_9: return "p99.9";
    case statistic::max: return "max";
    case statistic::interrupted: return "interrupted";
    }
    return "?";
}

comparison compare(const sliced& before, const sliced& after, const comparison_options& options) {
    comparison made;
    made.rows = compare_rows(before, after, options);
    std::vector<compared*> of_rows;
    for (compared_row& row : made.rows)
        for (compared& one : row.statistics) of_rows.push_back(&one);
    made.stalls.push_back(compare_stalls(before, after, -1, options));
    std::set<int> cpus;
    for (const sliced* const of : {&before, &after})
        for (const auto& [cpu, list] : of->stalled_ns) cpus.insert(cpu);
    for (const int cpu : cpus) made.stalls.push_back(compare_stalls(before, after, cpu, options));
    std::vector<compared*> of_stalls;
    for (compared_stalls& one : made.stalls) of_stalls.push_back(&one.seconds_per_hour);
    // half of the false alarms to each of the two questions
    decide(of_rows, options.false_alarms / 2);
    decide(of_stalls, options.false_alarms / 2);
    made.tests = of_rows.size() + of_stalls.size();
    for (compared_row& row : made.rows) {
        row.changed =
            std::any_of(row.statistics.begin(), row.statistics.end(), [](const compared& one) { return one.changed; });
        made.changed = made.changed || row.changed;
    }
    for (const compared_stalls& one : made.stalls) made.changed = made.changed || one.seconds_per_hour.changed;
    std::stable_sort(made.rows.begin(), made.rows.end(), [](const compared_row& a, const compared_row& b) {
        if (a.changed != b.changed) return a.changed;
        if (takes_time(a.row.id.what) != takes_time(b.row.id.what)) return takes_time(a.row.id.what);
        return a.weight_ns_per_s > b.weight_ns_per_s;
    });
    std::stable_sort(made.stalls.begin() + 1, made.stalls.end(),
                     [](const compared_stalls& a, const compared_stalls& b) {
                         const auto by = [](const compared_stalls& one) {
                             return std::abs(one.seconds_per_hour.after - one.seconds_per_hour.before);
                         };
                         if (a.seconds_per_hour.changed != b.seconds_per_hour.changed)
                             return a.seconds_per_hour.changed;
                         return by(a) > by(b);
                     });
    return made;
}

} // namespace irqscope::model

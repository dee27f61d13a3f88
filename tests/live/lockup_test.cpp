// SPDX-License-Identifier: BSD-2-Clause
// The countdown to a soft lockup: against the kernel's own watchdog, whose next look /proc/timer_list tells, and a softirq that
// holds the CPU over it.
#include "host/cpus.hpp"
#include "host/files.hpp"
#include "host/system.hpp"
#include "live/busy.hpp"
#include "live/hog.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "probe/injector.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>
#include <thread>

namespace irqscope::live {

namespace {

using model::injection;
using model::stall;
using model::stall_kind;
using model::stall_state;
using model::truth;
using probe::injector;

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t at = 160 * ms; // a lockup, scaled
constexpr std::uint64_t sample = at / 5;
constexpr std::uint64_t hold = 190 * ms;
constexpr std::uint64_t beat = 1 * ms;

// When the kernel's watchdog looks at that CPU next, and wakes its stopper: CLOCK_MONOTONIC.
std::uint64_t next_look(int cpu) {
    std::istringstream lines(must(host::read_file("/proc/timer_list")));
    bool here = false;
    bool ours = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("cpu: ")) here = line == fmt::format("cpu: {}", cpu);
        if (line.starts_with(" #") && !line.starts_with(" # "))
            ours = here && line.find("watchdog_timer_fn") != std::string::npos;
        const std::string_view label = "expires at ";
        const std::size_t found = line.find(label);
        if (!ours || found == std::string::npos) continue;
        const char* const number = line.data() + found + label.size();
        std::uint64_t ns = 0;
        std::from_chars(number, line.data() + line.size(), ns);
        return ns;
    }
    throw std::runtime_error("/proc/timer_list shows no timer of the watchdog's");
}

void sleep_until(std::uint64_t monotonic_ns) {
    while (host::monotonic_ns() < monotonic_ns) sleep_ms(1);
}

std::vector<stall> lockups(const watched& tracer) {
    std::vector<stall> found;
    for (const stall& one : tracer.told())
        if (one.kind == stall_kind::lockup) found.push_back(one);
    return found;
}

std::string all_words(const std::vector<stall>& all) {
    std::string text = "told:\n";
    for (const stall& one : all) text += "  " + words_of(one) + '\n';
    return text;
}

// One hold over one look of the watchdog; nothing: it missed that.
struct trial {
    std::uint64_t woken_ns = 0;
    truth what;
};
std::optional<trial> hold_over_look(injector& with, int cpu) {
    trial made;
    made.woken_ns = next_look(cpu);
    while (made.woken_ns < host::monotonic_ns() + 200 * ms) {
        sleep_until(made.woken_ns + 10 * ms);
        made.woken_ns = next_look(cpu);
    }
    sleep_until(made.woken_ns - 60 * ms);
    made.what = must(with.inject(cpu, hold));
    const bool over_it = made.what.start_ns < made.woken_ns && made.what.end_ns > made.woken_ns + at * 3 / 4;
    return over_it ? std::optional(made) : std::nullopt;
}

// Empty, or what is wrong with what was told.
std::string wrong_with(const std::vector<stall>& told, const trial& by) {
    std::vector<unsigned> steps;
    std::string wrong;
    for (const stall& one : told) {
        const std::string name = fmt::format("step {} ({}): ", one.lockup->percent, model::name_of(one.state));
        if (!one.lockup->by_watchdog) wrong += name + "not by the watchdog\n";
        if (one.state == stall_state::ended) {
            // until the softirq is over and the stopper runs
            const std::uint64_t true_ns = by.what.end_ns - by.woken_ns;
            if (one.at_least_ns > true_ns + 2 * ms || one.less_than_ns.value_or(0) + beat < true_ns)
                wrong += fmt::format("{}{} .. {} ns, in truth {}\n", name, one.at_least_ns,
                                     one.less_than_ns.value_or(0), true_ns);
            continue;
        }
        steps.push_back(one.lockup->percent);
        const std::uint64_t due_ns = by.woken_ns + at * one.lockup->percent / 100 - sample;
        if (one.end_ns + beat < due_ns || one.end_ns > due_ns + beat)
            wrong += fmt::format("{}{} us from when it was due\n", name,
                                 (static_cast<std::int64_t>(one.end_ns) - static_cast<std::int64_t>(due_ns)) / 1000);
        if (!one.lockup->softirq || one.lockup->softirq->key != "NET_RX") wrong += name + "not in NET_RX\n";
        if (!one.culprit || one.culprit->key != "NET_RX") wrong += name + "the culprit is not NET_RX\n";
        if (one.stack.empty()) wrong += name + "no stack\n";
        if (!one.where) wrong += name + "no breakdown\n";
    }
    if (steps != std::vector<unsigned>{25, 50, 75})
        wrong += fmt::format("{} steps, not 25, 50 and 75 %\n", steps.size());
    if (told.empty() || told.back().state != stall_state::ended) wrong += "no end\n";
    return wrong;
}

} // namespace

TEST(lockup, is_counted_down_with_the_kernels_watchdog_within_a_beat) {
    const int cpu = last_cpu();
    auto with = must(injector::load(injection::net_rx_softirq));
    watched tracer({{stall_kind::lockup, at}}, beat);
    constexpr int trials = 6;
    int good = 0;
    std::string wrong;
    for (int i = 0, tries = 0; i < trials && tries < 3 * trials; tries++) {
        tracer.settle();
        tracer.forget();
        const auto one = hold_over_look(with, cpu);
        tracer.settle();
        if (!one) continue;
        i++;
        const std::vector<stall> told = lockups(tracer);
        const std::string what = wrong_with(told, *one);
        if (what.empty()) good++;
        if (!what.empty()) wrong += what + all_words(told);
    }
    EXPECT_GE(good, trials - 1) << wrong; // the hypervisor may take the CPU at a beat
    if (!wrong.empty()) std::fputs(wrong.c_str(), stdout);
}

TEST(lockup, without_a_watchdog_is_counted_from_when_another_task_waits) {
    const int cpu = last_cpu();
    auto with = must(injector::load(injection::net_rx_softirq));
    watched tracer({{stall_kind::lockup, at}}, beat, WIRE_FLIGHT_SPANS, lockups_by::other_task);
    constexpr std::uint64_t slice = 20 * ms; // until the scheduler wants to switch, at most
    constexpr int trials = 5;
    int good = 0;
    std::string wrong;
    for (int i = 0; i < trials; i++) {
        const busy another({cpu});
        const truth what = must(with.inject(cpu, hold));
        tracer.settle();
        std::vector<unsigned> steps;
        bool in_time = true;
        const std::vector<stall> told = lockups(tracer);
        for (const stall& one : told) {
            if (one.state != stall_state::open) continue;
            steps.push_back(one.lockup->percent);
            const std::uint64_t due_ns = what.start_ns + at * one.lockup->percent / 100;
            in_time =
                in_time && !one.lockup->by_watchdog && one.end_ns + beat >= due_ns && one.end_ns <= due_ns + slice;
        }
        if (in_time && steps == std::vector<unsigned>{25, 50, 75})
            good++;
        else
            wrong += all_words(told);
        tracer.forget();
    }
    EXPECT_GE(good, trials - 1) << wrong;
}

namespace {

void expect_none(lockups_by by, std::chrono::seconds time) {
    watched tracer({{stall_kind::lockup, at}}, beat, WIRE_FLIGHT_SPANS, by);
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
        sleep_ms(100);
        tracer.look();
    }
    const auto report = tracer.finish();
    EXPECT_TRUE(lockups(tracer).empty()) << all_words(tracer.told());
    EXPECT_GT(report.whole.coverage.all_beats().seen, 0U);
}

// IRQSCOPE_LOCKUP_SECONDS: a longer look, by hand.
std::chrono::seconds each() {
    const char* const asked = std::getenv("IRQSCOPE_LOCKUP_SECONDS");     // NOLINT(concurrency-mt-unsafe)
    return std::chrono::seconds(asked == nullptr ? 5 : std::atoi(asked)); // NOLINT(cert-err34-c): a test's
}

} // namespace

TEST(lockup, is_none_on_an_idle_machine) {
    expect_none(lockups_by::watchdog, each());
    expect_none(lockups_by::other_task, each());
}

TEST(lockup, is_none_where_one_task_has_a_cpu_to_itself) {
    const hog alone(last_cpu());
    expect_none(lockups_by::watchdog, each());
    expect_none(lockups_by::other_task, each());
}

TEST(lockup, is_none_where_every_cpu_is_busy) {
    const auto cpus = must(host::online_cpus());
    const busy all(cpus);
    const busy more(cpus); // that wait for each other
    expect_none(lockups_by::watchdog, each());
    expect_none(lockups_by::other_task, each());
}

} // namespace irqscope::live

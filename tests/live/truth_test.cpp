// SPDX-License-Identifier: BSD-2-Clause
// Injected stalls of each kind and of 2 to 50 ms: are they told, is the truth in the printed interval, is the right one
// named?
#include "host/cpus.hpp"
#include "live/disk_cpus.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "probe/injector.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <thread>

namespace irqscope::live {

namespace {

using model::injection;
using model::stall;
using model::stall_kind;
using model::truth;

constexpr std::uint64_t ms = 1'000'000;
constexpr std::array<std::uint64_t, 4> lengths{2 * ms, 5 * ms, 20 * ms, 50 * ms};
constexpr std::size_t times = 50; // of each length

} // namespace

class truths : public testing::TestWithParam<std::tuple<injection, std::uint64_t>> {
protected:
    static injection what() { return std::get<0>(GetParam()); }
    static std::uint64_t length() { return std::get<1>(GetParam()); }

    // So many injections, CPU by CPU in turn, each at another part of the heartbeat's period.
    void inject() {
        probe::injector_options options;
        options.patience_ns = 500 * ms;
        auto injector = must(probe::injector::load(what(), options));
        const auto cpus = what() == injection::device_interrupt ? disk_cpus() : must(host::online_cpus());
        ASSERT_FALSE(cpus.empty()) << "no CPU here gets an interrupt of the disk's";
        watched tracer(low_thresholds());
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(240);
        for (std::size_t i = 0; truths_.size() < times; i++) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the hypervisor disturbs nearly all injections";
            const int cpu = cpus.at(i % cpus.size());
            const auto steal_ns = [&] { return must(tracer.measurement().programs().states()).at(cpu).steal_ns; };
            const std::uint64_t before_ns = steal_ns();
            const truth one = must(injector.inject(cpu, length()));
            std::this_thread::sleep_for(std::chrono::microseconds(15'000 + i * 137 % 1000));
            tracer.look();
            // What the hypervisor took in it or around it (the counter lags by a tick) is no error of the tracer's.
            if (one.away_ns < length() / 20 && steal_ns() - before_ns < length() / 4)
                truths_.push_back(one);
            else
                disturbed_++;
        }
        tracer.settle();
        for (const truth& one : truths_) told_.push_back(tracer.at(one));
        const auto report = tracer.finish();
        for (const auto& [cpu, beats] : report.whole.coverage.heartbeats)
            fmt::print("CPU {}: {} beats due, {} seen, {} skipped, {} unseen\n", cpu, beats.due, beats.seen,
                       beats.skipped, beats.unseen);
        if (disturbed_ != 0) fmt::print("{} injections that the hypervisor disturbed do not count\n", disturbed_);
        for (const auto& [why, aside] : report.asides)
            fmt::print("set aside: {} {}, longest {} ns\n", aside.count, model::name_of(why), aside.max_ns);
        model::histogram lateness; // of beats over idle and over all else
        for (const auto& one : report.whole.all)
            if (one.id.what == model::metric::irq_off || one.id.what == model::metric::idle_exit)
                lateness.merge(one.values);
        beat_latency_ns_ = lateness.quantile(0.9);
        ASSERT_LT(beat_latency_ns_, length() / 10) << "one beat in ten is late: nothing can be told apart";
        EXPECT_TRUE(report.suppressed.empty());
        EXPECT_FALSE(report.whole.lost.counts.contains("stalls_dropped_by_full_rings"));
    }

    // An interrupt more or less at either end is more of a short one.
    static double share_of_length() { return length() >= 5 * ms ? 0.02 : 0.05; }

    // The longest ended stall of the kind at each truth; nothing: none was told.
    [[nodiscard]] std::vector<std::optional<stall>> seen(stall_kind kind) const {
        std::vector<std::optional<stall>> found;
        for (const auto& all : told_) {
            auto& longest = found.emplace_back();
            for (const stall& one : all)
                if (one.kind == kind && one.state == model::stall_state::ended &&
                    (!longest || one.at_least_ns > longest->at_least_ns))
                    longest = one;
        }
        return found;
    }

    // From the end of a hold until the timer's interrupt was accepted, p90.
    [[nodiscard]] std::uint64_t timer_latency_ns(const std::vector<std::optional<stall>>& stalls) const {
        std::vector<std::uint64_t> all;
        for (std::size_t i = 0; i < stalls.size(); i++)
            if (stalls[i] && stalls[i]->end_ns > truths_[i].end_ns)
                all.push_back(stalls[i]->end_ns - truths_[i].end_ns);
        std::sort(all.begin(), all.end());
        return all.empty() ? 0 : all.at(all.size() * 9 / 10);
    }

    // The truth lies in the printed interval, in so many of the cases. The tolerance is the timer's latency at either
    // end: a beat that was due just before the hold is late for what it takes to be served anyhow, and so is one after it.
    void expect_in_interval() {
        std::size_t inside = 0;
        const auto stalls = seen(stall_kind::irq_off);
        const std::uint64_t latency_ns = beat_latency_ns_ + timer_latency_ns(stalls);
        for (std::size_t i = 0; i < stalls.size(); i++) {
            if (!stalls[i]) {
                fmt::print("not seen: {} ns on CPU {}\n", truths_[i].length_ns(), truths_[i].cpu);
                continue;
            }
            const std::uint64_t truth_ns = truths_[i].length_ns();
            const bool in = stalls[i]->at_least_ns <= truth_ns + latency_ns &&
                            truth_ns < stalls[i]->less_than_ns.value_or(0) + latency_ns;
            inside += in ? 1 : 0;
            if (!in) fmt::print("outside: {} ns: {}\n", truth_ns, words_of(*stalls[i]));
        }
        fmt::print(
            "{} {} ms: truth in the interval {} of {}, tolerance (the timer's latency at both ends, p90) {} ns\n",
            model::name_of(what()), length() / ms, inside, times, latency_ns);
        EXPECT_GE(inside * 100, 99 * times);
    }

    void expect_error_below(stall_kind kind, double share) {
        std::vector<double> errors;
        const auto stalls = seen(kind);
        for (std::size_t i = 0; i < stalls.size(); i++) {
            if (!stalls[i]) {
                fmt::print("not seen: {} ns on CPU {}\n", truths_[i].length_ns(), truths_[i].cpu);
                continue;
            }
            const auto truth_ns = static_cast<double>(truths_[i].length_ns());
            errors.push_back(std::abs(static_cast<double>(stalls[i]->at_least_ns) - truth_ns) / truth_ns);
            if (errors.back() > share) fmt::print("off: {} ns: {}\n", truth_ns, words_of(*stalls[i]));
        }
        std::sort(errors.begin(), errors.end());
        ASSERT_GE(errors.size() * 100, 99 * times);
        fmt::print("{} {} ms: seen {} of {}, error median {:.3f} %, largest {:.3f} %\n", model::name_of(what()),
                   length() / ms, errors.size(), times, errors.at(errors.size() / 2) * 100, errors.back() * 100);
        EXPECT_LT(errors.at(errors.size() * 98 / 100), share);
    }

    // That frame is in the stack of every stall of the kind that was seen.
    void expect_frame(stall_kind kind, std::string_view function) {
        for (const auto& one : seen(kind)) {
            if (!one) continue;
            const bool there = std::any_of(one->stack.begin(), one->stack.end(),
                                           [&](const std::string& frame) { return frame.starts_with(function); });
            EXPECT_TRUE(there) << words_of(*one);
        }
    }

    std::vector<truth> truths_;
    std::vector<std::vector<stall>> told_; // at each truth
    std::uint64_t beat_latency_ns_ = 0;    // of beats that nothing held off, most of them: p90
    int disturbed_ = 0;
};

TEST_P(truths, are_told) {
    inject();
    if (HasFatalFailure()) return;
    switch (what()) {
    case injection::irq_off:
        expect_in_interval();
        expect_frame(stall_kind::irq_off, "anon_pipe_write");
        for (const auto& one : seen(stall_kind::irq_off))
            if (one) {
                EXPECT_EQ(one->stack_is, model::stack_kind::post_hoc) << words_of(*one);
            }
        break;
    case injection::softirq_off:
        expect_error_below(stall_kind::softirq_off, share_of_length());
        expect_frame(stall_kind::softirq_off, "__dev_queue_xmit");
        break;
    case injection::timer_interrupt:
        expect_in_interval();
        for (const auto& one : seen(stall_kind::irq_off)) {
            if (!one) continue;
            ASSERT_TRUE(one->culprit) << words_of(*one);
            EXPECT_EQ(one->culprit->key, "local_timer");
            EXPECT_EQ(one->timer_function, "perf_swevent_hrtimer");
            EXPECT_EQ(one->stack_is, model::stack_kind::interrupted);
        }
        break;
    case injection::device_interrupt:
        expect_error_below(stall_kind::hardirq_run, share_of_length());
        for (std::size_t i = 0; i < truths_.size(); i++)
            if (const auto one = seen(stall_kind::hardirq_run)[i]) {
                EXPECT_EQ(one->of->key, truths_[i].action);
            }
        for (const auto& one : seen(stall_kind::irq_off)) {
            if (!one) continue; // a beat was not due in the middle of each short one
            ASSERT_TRUE(one->culprit) << words_of(*one);
            EXPECT_EQ(one->culprit->key, truths_.front().action);
        }
        break;
    case injection::net_rx_softirq:
        expect_error_below(stall_kind::softirq_run, share_of_length());
        for (const auto& one : seen(stall_kind::softirq_run))
            if (one) {
                EXPECT_EQ(one->of->key, "NET_RX");
            }
        break;
    default: FAIL() << "what is it that should be told?";
    }
}

INSTANTIATE_TEST_SUITE_P(all, truths,
                         testing::Combine(testing::Values(injection::irq_off, injection::softirq_off,
                                                          injection::timer_interrupt, injection::device_interrupt,
                                                          injection::net_rx_softirq),
                                          testing::ValuesIn(lengths)),
                         [](const auto& with) {
                             return fmt::format("{}_{}ms", model::name_of(std::get<0>(with.param)),
                                                std::get<1>(with.param) / ms);
                         });

} // namespace irqscope::live

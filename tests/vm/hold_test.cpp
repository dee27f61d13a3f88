// SPDX-License-Identifier: BSD-2-Clause
// Stalls of a known length on other kernels: a module makes them, and writes down how long they really were.
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "vm/holder.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>

namespace irqscope::vm {

namespace {

using live::must;
using live::watched;
using live::words_of;
using model::stall;
using model::stall_kind;

constexpr std::uint64_t ms = 1'000'000;
constexpr int times = 8; // of each
// The virtual clock of a guest goes on by a microsecond for 500 instructions: from the end of a hold until its interrupt,
// and what the programs take before they read the clock.
constexpr std::uint64_t slack = 300'000;

bool is_rt() { return host::read_system().preempt_rt; }

bool has_threaded_handlers() {
    std::ifstream from("/proc/cmdline");
    for (std::string word; from >> word;)
        if (word == "threadirqs") return true;
    return is_rt();
}

bool shows(const stall& one, std::string_view part) {
    return std::any_of(one.stack.begin(), one.stack.end(),
                       [&](const std::string& frame) { return frame.find(part) != std::string::npos; });
}

// The truth lies in the interval, which is no longer than a beat's period; and than the time that the CPU was away, since its
// beats were too.
void expect_to_be(const held& what, const stall& one) {
    fmt::print("{}: {}\n", what.length_ns(), words_of(one));
    EXPECT_LE(one.at_least_ns, what.length_ns() + slack);
    EXPECT_GT(one.less_than_ns.value_or(0) + slack, what.length_ns());
    const std::uint64_t away_ns = what.length_ns() > what.asked_ns ? what.length_ns() - what.asked_ns : 0;
    EXPECT_GE(one.at_least_ns + ms + slack + away_ns, what.length_ns());
}

// The longest one of the kind that has ended there.
std::optional<stall> longest(const std::vector<stall>& of, stall_kind kind) {
    std::optional<stall> found;
    for (const stall& one : of)
        if (one.kind == kind && one.state == model::stall_state::ended &&
            (!found || one.at_least_ns > found->at_least_ns))
            found = one;
    return found;
}

// Nothing of the kind but while the holder itself stood still.
void expect_none(const held& what, const std::vector<stall>& told, stall_kind kind) {
    const auto one = longest(told, kind);
    EXPECT_LE(one ? one->at_least_ns : 0, what.gap_ns + slack)
        << "it got no further for at most " << what.gap_ns << " ns; " << (one ? words_of(*one) : "");
}

std::string parts_of(const stall& one) {
    std::string text;
    for (const model::part which : model::all_parts)
        if (one.where) text += fmt::format("{} {} ns\n", model::name_of(which), one.where->at(which));
    return text;
}

std::string all_words(const std::vector<stall>& of) {
    std::string text;
    for (const stall& one : of) text += words_of(one) + '\n';
    return text.empty() ? "nothing was told" : text;
}

// The module's handler, in hard interrupt context: as a run, and as what held interrupts off.
void expect_handler(const held& what, const std::vector<stall>& told) {
    const auto one = longest(told, stall_kind::hardirq_run);
    ASSERT_TRUE(one) << all_words(told);
    fmt::print("{}: {}\n", what.length_ns(), words_of(*one));
    EXPECT_EQ(one->of->key, "irqscope_hold");
    EXPECT_GE(one->at_least_ns, what.length_ns());
    EXPECT_LE(one->at_least_ns, what.length_ns() + slack);
    const auto off = longest(told, stall_kind::irq_off);
    ASSERT_TRUE(off) << all_words(told);
    ASSERT_TRUE(off->culprit) << words_of(*off);
    EXPECT_EQ(off->culprit->key, "irqscope_hold");
}

} // namespace

class hold_test : public testing::TestWithParam<std::uint64_t> {
protected:
    void SetUp() override { ASSERT_TRUE(can_hold()) << "insmod irqscope_hold.ko, in a guest of scripts/vm"; }

    // So many holds, on each CPU in turn and in another part of the beat's period each; what was told at each.
    void each(const std::string& kind, const std::function<void(const held&, const std::vector<stall>&)>& check) {
        watched tracer(live::low_thresholds());
        const auto cpus = must(host::online_cpus());
        for (int i = 0; i < times; i++) {
            std::this_thread::sleep_for(std::chrono::microseconds(10'000 + i * 137 % 1000));
            tracer.forget();
            const held what = hold(kind, cpus.at(static_cast<std::size_t>(i) % cpus.size()), GetParam());
            tracer.settle();
            tracer.settle(); // kallsyms takes its time here
            SCOPED_TRACE(fmt::format("{} of {} ns on CPU {}", kind, what.length_ns(), what.cpu));
            check(what, tracer.at(what));
        }
        const auto report = tracer.finish();
        for (const auto& [why, aside] : report.asides)
            fmt::print("set aside: {} {}\n", aside.count, model::name_of(why));
    }
};

TEST_P(hold_test, irq_off_is_told_and_lies_in_the_interval) {
    each("irq_off", [](const held& what, const std::vector<stall>& told) {
        const auto one = longest(told, stall_kind::irq_off);
        ASSERT_TRUE(one) << all_words(told);
        expect_to_be(what, *one);
        EXPECT_LT(one->less_than_ns.value_or(0), what.length_ns() + ms + slack) << "an interval of one period";
        EXPECT_TRUE(shows(*one, "[irqscope_hold]")) << words_of(*one);
    });
}

TEST_P(hold_test, softirqs_are_off_while_bottom_halves_are) {
    each("bh_off", [](const held& what, const std::vector<stall>& told) {
        const auto one = longest(told, stall_kind::softirq_off);
        ASSERT_TRUE(one) << all_words(told);
        expect_to_be(what, *one);
        expect_none(what, told, stall_kind::irq_off);
    });
}

TEST_P(hold_test, tasklet_is_a_long_softirq) {
    each("tasklet", [](const held& what, const std::vector<stall>& told) {
        const auto one = longest(told, stall_kind::softirq_run);
        ASSERT_TRUE(one) << all_words(told);
        fmt::print("{}: {}\n", what.length_ns(), words_of(*one));
        EXPECT_EQ(one->of->key, "TASKLET");
        // with PREEMPT_RT it can lose its CPU, which is no part of its run: for so long at most
        EXPECT_GE(one->at_least_ns + (what.preempted_ns != 0 ? slack : 0), what.length_ns() - what.preempted_ns);
        EXPECT_LE(one->at_least_ns, what.length_ns() + slack);
    });
}

TEST_P(hold_test, hard_handler_is_named) { each("hardirq", expect_handler); }

TEST_P(hold_test, handler_in_a_thread_is_the_threads) {
    if (!has_threaded_handlers()) {
        each("threaded", expect_handler);
        return;
    }
    each("threaded", [](const held& what, const std::vector<stall>& told) {
        // with PREEMPT_RT it has interrupts on, and bottom halves off
        const auto one = longest(told, is_rt() ? stall_kind::softirq_off : stall_kind::irq_off);
        ASSERT_TRUE(one) << all_words(told);
        expect_to_be(what, *one);
        EXPECT_TRUE(one->current.comm.starts_with("irq/")) << words_of(*one);
        EXPECT_TRUE(shows(*one, "irq_forced_thread_fn") || shows(*one, "irq_thread")) << words_of(*one);
        EXPECT_FALSE(one->culprit && one->culprit->key == "irqscope_hold") << "no hard handler:\n" << words_of(*one);
        EXPECT_FALSE(longest(told, stall_kind::hardirq_run)) << all_words(told);
    });
}

TEST_P(hold_test, preemption_that_is_off_holds_off_no_interrupt) {
    each("preempt_off", [](const held& what, const std::vector<stall>& told) {
        expect_none(what, told, stall_kind::irq_off);
        // else most softirqs are served by a thread, which has to wait
        if (!has_threaded_handlers()) expect_none(what, told, stall_kind::softirq_off);
    });
}

INSTANTIATE_TEST_SUITE_P(all, hold_test, testing::Values(5 * ms, 20 * ms, 100 * ms),
                         [](const auto& with) { return fmt::format("{}ms", with.param / ms); });

TEST(idle, holds_off_no_softirqs) {
    watched tracer(live::low_thresholds());
    live::sleep_ms(5'000);
    tracer.settle();
    // With PREEMPT_RT and with threadirqs softirqs are ksoftirqd's (kernel/softirq.c, invoke_softirq), and it waits for its
    // CPU like any task: then it says so.
    for (const stall& one : tracer.told()) {
        if (one.kind != stall_kind::softirq_off || one.state != model::stall_state::ended) continue;
        ASSERT_TRUE(one.where) << words_of(one);
        const auto is_most = [&one](model::part which) { return one.where->at(which) * 2 >= one.where->length_ns(); };
        // or the CPU itself was not there: QEMU runs one after the other
        EXPECT_TRUE(is_most(model::part::steal) || (has_threaded_handlers() && !is_most(model::part::idle)))
            << words_of(one) << '\n'
            << parts_of(one);
    }
    const auto report = tracer.finish();
    for (const auto& [why, aside] : report.asides) fmt::print("set aside: {} {}\n", aside.count, model::name_of(why));
    for (const auto& [cpu, beats] : report.whole.coverage.heartbeats) {
        fmt::print("CPU {}: {} beats due, {} seen\n", cpu, beats.due, beats.seen);
        EXPECT_GE(beats.seen * 100, beats.due * 95) << "nothing seen is said only with its coverage";
    }
}

TEST(storm, of_a_tasklet_is_an_overloaded_ksoftirqd) {
    ASSERT_TRUE(can_hold()) << "insmod irqscope_hold.ko, in a guest of scripts/vm";
    watched tracer(live::default_thresholds());
    const int cpu = must(host::online_cpus()).back();
    for (int i = 0; i < 3; i++) {
        tracer.forget();
        const held what = hold("storm", cpu, 300 * ms);
        tracer.settle();
        tracer.settle();
        const auto told = tracer.at(what);
        const auto one = longest(told, stall_kind::ksoftirqd);
        ASSERT_TRUE(one && one->activation && one->where) << all_words(told);
        fmt::print("{}: {}\n", what.length_ns(), words_of(*one));
        EXPECT_EQ(model::cause_of(*one->where), model::cause::overloaded) << parts_of(*one);
        ASSERT_FALSE(one->activation->vectors.empty());
        EXPECT_EQ(one->activation->vectors.front().vector, "TASKLET");
        EXPECT_EQ(one->activation->thread, "ksoftirqd");
    }
}

} // namespace irqscope::vm

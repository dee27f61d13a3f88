// SPDX-License-Identifier: BSD-2-Clause
// The injector by itself: what it writes down is what it was told to do, where and for how long; nothing stays.
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "live/bpf_objects.hpp"
#include "live/disk_cpus.hpp"
#include "live/support.hpp"
#include "probe/injector.hpp"

#include <chrono>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

namespace irqscope::live {

namespace {

using model::injection;
using probe::injector;

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;

// Interrupts may come in the middle of some kinds, and the hypervisor in any: a truth is exact, not its length.
constexpr std::uint64_t slack_ns = 10 * ms;

class inject : public testing::TestWithParam<injection> {};

bool is_idle(injection what) { return what == injection::idle_entry || what == injection::idle_leave; }

} // namespace

TEST_P(inject, holds_that_cpu_for_that_long) {
    const auto cpus = GetParam() == injection::device_interrupt ? disk_cpus() : must(host::online_cpus());
    if (cpus.empty()) GTEST_SKIP() << "no CPU here gets such an event";
    auto one = must(injector::load(GetParam()));
    for (const int cpu : cpus)
        for (const std::uint64_t length : {100 * us, 1 * ms, 4 * ms}) {
            const std::uint64_t before = host::monotonic_ns();
            const auto truth = one.inject(cpu, length);
            const std::uint64_t after = host::monotonic_ns();
            if (!truth && is_idle(GetParam()) && truth.error().status == exit_status::not_possible)
                GTEST_SKIP() << "the CPU is never idle: " << truth.error().message;
            ASSERT_TRUE(truth) << truth.error().message;
            EXPECT_EQ(truth->what, GetParam());
            EXPECT_EQ(truth->cpu, cpu);
            EXPECT_GE(truth->start_ns, before);
            EXPECT_LE(truth->end_ns, after);
            EXPECT_GE(truth->length_ns(), length);
            EXPECT_LT(truth->length_ns(), length + slack_ns);
            EXPECT_LE(truth->away_ns, truth->length_ns());
            EXPECT_EQ(truth->irq.has_value(), GetParam() == injection::device_interrupt);
            EXPECT_EQ(truth->action.empty(), GetParam() != injection::device_interrupt);
            fmt::print("{} on CPU {}: {} ns for {}, {} away {}\n", model::name_of(truth->what), truth->cpu,
                       truth->length_ns(), length, truth->away_ns, truth->action);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
}

INSTANTIATE_TEST_SUITE_P(kinds, inject, testing::ValuesIn(model::all_injections),
                         [](const auto& kind) { return std::string(model::name_of(kind.param)); });

TEST(injector, keeps_to_the_timer_it_was_given) {
    auto one = must(injector::load(injection::timer_hold));
    const std::uint64_t due = host::monotonic_ns() + 30 * ms;
    const auto truth = must(one.inject(0, 1 * ms, due));
    EXPECT_GE(truth.start_ns, due);
    EXPECT_LT(truth.start_ns, due + slack_ns);
}

TEST(injector, refuses_what_could_hurt) {
    auto one = must(injector::load(injection::irq_off));
    for (const std::uint64_t length : {std::uint64_t{0}, 99 * us, 201 * ms, 10'000 * ms}) {
        const auto refused = one.inject(0, length);
        ASSERT_FALSE(refused) << length;
        EXPECT_EQ(refused.error().status, exit_status::usage);
    }
    EXPECT_FALSE(injector::check_length(injection::idle_entry, 21 * ms));
    EXPECT_TRUE(injector::check_length(injection::idle_entry, 20 * ms));
    const auto nowhere = one.inject(60'000, 1 * ms);
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().status, exit_status::usage);
}

TEST(injector, says_when_the_event_never_comes) {
    probe::injector_options options;
    options.file = "/proc/version"; // no disk has it
    options.patience_ns = 300 * ms;
    auto one = must(injector::load(injection::device_interrupt, options));
    const auto refused = one.inject(0, 100 * us);
    if (!refused) {
        EXPECT_EQ(refused.error().status, exit_status::not_possible);
        EXPECT_FALSE(refused.error().message.empty());
    } // else a device of somebody else's came first
}

TEST(injector, leaves_nothing_behind) {
    const auto before = objects_of(getpid());
    bpf_objects held;
    {
        auto one = must(injector::load(injection::softirq_off));
        must(one.inject(0, 100 * us));
        held = objects_of(getpid());
    }
    for (const auto id : before.programs) held.programs.erase(id);
    for (const auto id : before.maps) held.maps.erase(id);
    EXPECT_EQ(held.programs.size(), 2U);
    EXPECT_GE(held.maps.size(), 1U);
    for (int i = 0; i < 50 && any_left(held); i++) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(any_left(held));
    EXPECT_EQ(objects_of(getpid()).links, before.links);
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// A CPU with its ksoftirqd, ktimers and a few tasks, of which activations are told from 10 ms on.
#pragma once

#include "bpf/beating.hpp"

#include <array>
#include <map>
#include <numeric>

namespace irqscope::fake {

constexpr std::uint32_t timer_vector = 1;
constexpr std::uint32_t net_rx = 3;
constexpr unsigned interruptible = 1; // include/linux/sched.h
constexpr unsigned uninterruptible = 2;
constexpr unsigned parked = 0x40;

class activating : public beating {
protected:
    static constexpr std::uint64_t threshold = 10 * ms;

    void SetUp() override {
        beating::SetUp();
        config.totals = 1;
        config.ksoftirqd = 1;
        config.ksoftirqd_from_rq = fake_ksoftirqd_from_rq();
        config.ktimers = 1;
        config.ktimers_from_rq = fake_ktimers_from_rq();
        config.softnet = 1;
        config.softnet_from_rq = fake_softnet_from_rq();
        config.ksoftirqd_latency = 1;
        config.ksoftirqd_run = 1;
        config.activations = 1;
        want({WIRE_STALL_KSOFTIRQD}, threshold);
        on().switch_to(task);
    }

    // What each record must hold, whatever else is asked of it.
    void TearDown() override {
        for (const wire_activation_record& one : activations()) {
            EXPECT_EQ(one.stall.what, WIRE_STALL_KSOFTIRQD);
            EXPECT_EQ(one.stall.culprit, WIRE_NO_CULPRIT);
            if (one.stall.breakdown_start_ns == 0) continue;
            EXPECT_EQ(one.stall.breakdown_start_ns, one.stall.start_ns);
            EXPECT_EQ(one.stall.breakdown_end_ns, one.stall.start_ns + one.stall.duration_ns);
            EXPECT_EQ(sum(one.stall.breakdown_ns), one.stall.duration_ns);
            std::uint64_t tasks = one.evidence.other_tasks_ns;
            for (const wire_task_share& share : one.evidence.tasks)
                if (share.pid != 0) tasks += share.ns;
            EXPECT_EQ(tasks, one.stall.breakdown_ns[WIRE_CLASS_TASK]) << "what tasks had";
        }
        beating::TearDown();
    }

    template <typename T>
    static std::uint64_t sum(const T& ns) {
        return std::accumulate(std::begin(ns), std::end(ns), std::uint64_t{0});
    }

    void wake() { kernel::wake(ksoftirqd); }
    void run() { on().switch_to(ksoftirqd, true); }
    static void sleep(void* next) { on().switch_to(next, false, interruptible); }
    static void preempt(void* next) { on().switch_to(next, true); }
    static void doze(void* next) { on().switch_to(next, true, interruptible); }
    // A beat, now or when it is due.
    void look() {
        on().now_ns = std::max(on().now_ns, expires);
        interrupt();
    }
    // Woken at once, run at once, and asleep after so long.
    void activate(std::uint64_t ns) {
        wake();
        run();
        on().pass(ns);
        sleep(idle);
    }

    [[nodiscard]] static std::vector<wire_activation_record> activations() {
        return on().records<wire_activation_record>(WIRE_RECORD_ACTIVATION);
    }
    static wire_activation_record only_activation() {
        const auto all = activations();
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? wire_activation_record{} : all.front();
    }
    static const wire_activation& known(wire_thread which = WIRE_THREAD_KSOFTIRQD) {
        return on().threads().threads[which];
    }
    static wire_histogram& latency(wire_thread which = WIRE_THREAD_KSOFTIRQD) {
        return on().histogram(std::uint32_t{WIRE_HIST_KSOFTIRQD_LATENCY} + std::uint32_t{which});
    }
    static wire_histogram& runs(wire_thread which = WIRE_THREAD_KSOFTIRQD) {
        return on().histogram(std::uint32_t{WIRE_HIST_KSOFTIRQD_RUN} + std::uint32_t{which});
    }
    static void expect_parts(const wire_activation_record& of, const std::map<wire_class, std::uint64_t>& parts) {
        std::array<std::uint64_t, WIRE_CLASSES> expected{};
        for (const auto& [which, ns] : parts) expected.at(which) = ns;
        for (std::size_t i = 0; i < WIRE_CLASSES; i++)
            EXPECT_EQ(of.stall.breakdown_ns[i], expected.at(i)) << "class " << i; // NOLINT(*-constant-array-index)
    }
    // ns by pid.
    static std::map<std::uint32_t, std::uint64_t> tasks_of(const wire_activation_record& of) {
        std::map<std::uint32_t, std::uint64_t> found;
        for (const wire_task_share& one : of.evidence.tasks)
            if (one.pid != 0) found[one.pid] += one.ns;
        return found;
    }
    // ns, calls and packets by name ("backlog of NAME") or, of a function, by address.
    struct served {
        std::uint64_t ns;
        std::uint64_t count;
        std::uint64_t items;
        bool operator==(const served&) const = default;
    };
    static std::map<std::string, served> devices_of(const wire_activation_record& of) {
        std::map<std::string, served> found;
        for (const wire_source& one : of.evidence.devices)
            if (one.address != 0)
                found[(one.backlog != 0 ? "backlog of " : "") + std::string(static_cast<const char*>(one.name))] = {
                    one.ns, one.count, one.items};
        return found;
    }

    void* nic = fake_action("nic");
    void* task = fake_task(0, 700);
    void* other = fake_task(1, 800);
    void* idle = fake_task(2, 0);
    void* ksoftirqd = fake_ksoftirqd();
    void* ktimers = fake_ktimers();
};

} // namespace irqscope::fake

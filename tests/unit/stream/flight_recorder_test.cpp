// SPDX-License-Identifier: BSD-2-Clause
#include "stream/flight_recorder.hpp"

#include <cstring>
#include <gtest/gtest.h>

namespace irqscope::stream {

namespace {

constexpr std::uint32_t spans = 64;
constexpr std::uint32_t softirqs = spans / 2;
constexpr std::uint16_t nic = WIRE_HIST_HARDIRQ_RUN;
constexpr std::uint16_t local_timer = WIRE_HIST_SYSVEC_RUN;
constexpr std::uint16_t net_rx_in_irq_exit = 3 * WIRE_CONTEXTS + WIRE_CONTEXT_IRQ_EXIT;
constexpr std::uint16_t net_rx_in_ksoftirqd = 3 * WIRE_CONTEXTS + WIRE_CONTEXT_KSOFTIRQD;

// A CPU's two rings, written as its programs do.
class flight_recorder_test : public testing::Test {
protected:
    flight_recorder_test() {
        wire_irq_slot slot{};
        slot.irq = 24;
        slot.claimed = 1;
        std::memcpy(static_cast<char*>(slot.name), "nic", 4);
        names_.set_slots(1, {slot});
    }
    void interrupt(std::uint16_t what, std::uint64_t start_ns, std::uint64_t end_ns) {
        wire_flight one{};
        one.what = what;
        put(one, start_ns, end_ns);
    }
    void softirq(std::uint16_t what, std::uint64_t start_ns, std::uint64_t end_ns) {
        wire_flight& entry = memory_[spans + next_softirq_ % softirqs];
        entry = {};
        entry.what = what;
        entry.start_ns = start_ns;
        entry.end_ns = end_ns;
        entry.number = ++next_softirq_;
    }
    void task(std::uint32_t pid, std::uint64_t start_ns, std::uint64_t end_ns,
              std::uint8_t task_class = WIRE_CLASS_TASK) {
        wire_flight one{};
        one.what = WIRE_FLIGHT_TASK;
        one.pid = pid;
        one.prio = 120;
        one.task_class = task_class;
        std::memcpy(static_cast<char*>(one.comm), "worker", 7);
        put(one, start_ns, end_ns);
    }
    // A stall in [start_ns, end_ns) that the CPU tells at its end; pid 9 runs, since since_ns.
    static wire_stall told(std::uint64_t since_ns) {
        wire_stall one{};
        one.cpu = 1;
        one.pid = 9;
        one.task_class = WIRE_CLASS_TASK;
        one.prio = 120;
        one.task_since_ns = since_ns;
        std::memcpy(static_cast<char*>(one.comm), "dd", 3);
        return one;
    }
    // each_ns: that each part has.
    model::tops tops_of(const wire_stall& wire, std::uint64_t start_ns, std::uint64_t end_ns,
                        std::uint64_t each_ns = 1'000'000) {
        model::stall one = stall_of(start_ns, end_ns);
        one.where->ns.fill(each_ns);
        recorder_.see(wire, names_, one);
        EXPECT_TRUE(one.where->most);
        return one.where->most.value_or(model::tops{});
    }
    static model::stall stall_of(std::uint64_t start_ns, std::uint64_t end_ns) {
        model::stall one;
        one.cpu = 1;
        one.start_ns = start_ns;
        one.end_ns = end_ns;
        one.where.emplace();
        one.where->start_ns = start_ns;
        one.where->end_ns = end_ns;
        return one;
    }

    std::vector<wire_flight> memory_ = std::vector<wire_flight>(spans + softirqs);
    catalog names_;
    flight_recorder recorder_{{{1, memory_}}};

private:
    void put(wire_flight one, std::uint64_t start_ns, std::uint64_t end_ns) {
        one.start_ns = start_ns;
        one.end_ns = end_ns;
        one.number = next_ + 1;
        memory_[next_++ % spans] = one;
    }
    std::uint64_t next_ = 0;
    std::uint64_t next_softirq_ = 0;
};

} // namespace

TEST_F(flight_recorder_test, tops_have_names) {
    task(8, 100, 1000);
    interrupt(nic, 1100, 1150);
    interrupt(nic, 1200, 1250);
    interrupt(local_timer, 1300, 1310);
    softirq(net_rx_in_irq_exit, 1400, 1500);
    softirq(net_rx_in_ksoftirqd, 1600, 1601);
    const auto tops = tops_of(told(1000), 900, 2000);
    ASSERT_TRUE(tops.hardirq && tops.sysvec && tops.softirq && tops.ksoftirqd && tops.task);
    EXPECT_EQ(tops.hardirq->of.key, "nic");
    EXPECT_EQ(tops.hardirq->of.irq, 24U);
    EXPECT_EQ(tops.hardirq->ns, 100U);
    EXPECT_EQ(tops.hardirq->count, 2U);
    EXPECT_EQ(tops.sysvec->of.key, "local_timer");
    EXPECT_EQ(tops.sysvec->ns, 10U);
    EXPECT_EQ(tops.softirq->of.key, "NET_RX");
    EXPECT_EQ(tops.softirq->of.context, "irq_exit");
    EXPECT_EQ(tops.softirq->ns, 100U);
    EXPECT_EQ(tops.ksoftirqd->ns, 1U);
    EXPECT_EQ(tops.task->who.pid, 9);
    EXPECT_EQ(tops.task->who.comm, "dd");
    EXPECT_EQ(model::class_of(tops.task->how), "SCHED_NORMAL");
    EXPECT_EQ(tops.task->ns, 1000U - 211U);
    EXPECT_TRUE(tops.complete);
}

TEST_F(flight_recorder_test, what_has_not_ended_counts_up_to_the_windows_end) {
    task(8, 100, 1000);
    wire_stall wire = told(1000);
    wire.softirq_since_ns = 1200;
    wire.softirq = net_rx_in_irq_exit;
    wire.interrupts = 1;
    wire.open[0] = {1500, 24, 1};
    const auto tops = tops_of(wire, 1000, 2000);
    ASSERT_TRUE(tops.hardirq && tops.softirq && tops.task);
    EXPECT_EQ(tops.hardirq->of.key, "nic");
    EXPECT_EQ(tops.hardirq->ns, 500U);
    EXPECT_EQ(tops.softirq->ns, 300U);
    EXPECT_EQ(tops.task->ns, 200U);
    EXPECT_TRUE(tops.complete);
}

// It ended after the stall was told, and before the recorder was read.
TEST_F(flight_recorder_test, what_has_ended_meanwhile_is_there_once) {
    task(8, 100, 1000);
    wire_stall wire = told(1000);
    wire.softirq_since_ns = 1200;
    wire.softirq = net_rx_in_irq_exit;
    softirq(net_rx_in_irq_exit, 1200, 2500);
    task(9, 1000, 3000);
    const auto tops = tops_of(wire, 1000, 2000);
    EXPECT_EQ(tops.softirq->ns, 800U);
    EXPECT_EQ(tops.softirq->count, 1U);
    EXPECT_EQ(tops.task->ns, 200U);
    EXPECT_EQ(tops.task->count, 1U);
    EXPECT_TRUE(tops.complete);
}

TEST_F(flight_recorder_test, task_to_which_no_switch_was_seen_ran_all_the_time) {
    const auto tops = tops_of(told(0), 1000, 2000);
    EXPECT_EQ(tops.task->ns, 1000U);
    EXPECT_TRUE(tops.complete);
}

TEST_F(flight_recorder_test, top_has_no_more_than_its_part) {
    task(8, 100, 1000);
    task(9, 1000, 2000); // and what was nested in it was overwritten
    softirq(net_rx_in_irq_exit, 1400, 1500);
    const auto tops = tops_of(told(1000), 1000, 2000, 70);
    EXPECT_EQ(tops.task->ns, 70U);
    EXPECT_EQ(tops.softirq->ns, 70U);
}

TEST_F(flight_recorder_test, time_that_no_task_covers_is_not_complete) {
    const auto tops = tops_of(told(1500), 1000, 2000);
    EXPECT_EQ(tops.task->ns, 500U);
    EXPECT_FALSE(tops.complete);
    EXPECT_EQ(tops.lost, 0U);
}

TEST_F(flight_recorder_test, overwritten_spans_of_its_time_make_it_incomplete) {
    task(8, 100, 1000);
    for (std::uint64_t i = 0; i < spans + 10; i++) interrupt(nic, 1001 + 10 * i, 1006 + 10 * i);
    const std::uint64_t first_known_ns = 1006 + 10 * 10;
    auto tops = tops_of(told(1000), 1000, 2000);
    EXPECT_FALSE(tops.complete);
    EXPECT_EQ(tops.lost, 11U);
    EXPECT_EQ(tops.hardirq->count, spans);
    // and of a time after it they do not
    tops = tops_of(told(1000), first_known_ns, 2000);
    EXPECT_TRUE(tops.complete);
    EXPECT_EQ(tops.lost, 0U);
}

TEST_F(flight_recorder_test, overwritten_softirqs_too) {
    task(8, 100, 1000);
    for (std::uint64_t i = 0; i < softirqs + 1; i++) softirq(net_rx_in_irq_exit, 1001 + 10 * i, 1006 + 10 * i);
    const auto tops = tops_of(told(1000), 1000, 2000);
    EXPECT_FALSE(tops.complete);
    EXPECT_EQ(tops.lost, 1U);
}

TEST_F(flight_recorder_test, history_is_longer_than_the_ring_and_ends) {
    std::uint64_t now = 1000;
    task(8, 100, now);
    for (int round = 0; round < 3; round++) {
        for (std::uint32_t i = 0; i < spans / 2; i++, now += 10) interrupt(nic, now, now + 5);
        tops_of(told(1000), now - 10, now);
    }
    EXPECT_TRUE(tops_of(told(1000), 1000, now).complete) << "96 spans, read in time";
    for (int round = 0; round < 3; round++) {
        for (std::uint32_t i = 0; i < spans / 2; i++, now += 10) interrupt(nic, now, now + 5);
        tops_of(told(1000), now - 10, now);
    }
    EXPECT_FALSE(tops_of(told(1000), 1000, now).complete) << "the oldest are forgotten";
    EXPECT_TRUE(tops_of(told(1000), now - 600, now).complete);
}

TEST_F(flight_recorder_test, cpu_without_a_recorder_has_no_tops) {
    model::stall one = stall_of(1000, 2000);
    one.cpu = 2;
    recorder_.see(told(1000), names_, one);
    EXPECT_FALSE(one.where->most);
    recorder_.add_around(one, names_, 100, 5000);
    EXPECT_FALSE(one.around);
}

TEST_F(flight_recorder_test, around_a_stall_is_what_is_recorded_up_to_now) {
    task(8, 100, 1000);
    interrupt(nic, 1500, 1600);
    model::stall one = stall_of(1400, 2000);
    recorder_.see(told(1000), names_, one);
    interrupt(local_timer, 2100, 2150); // since
    recorder_.add_around(one, names_, 500, 2300);
    ASSERT_TRUE(one.around);
    EXPECT_EQ(one.around->start_ns, 900U);
    EXPECT_EQ(one.around->end_ns, 2300U);
    ASSERT_EQ(one.around->spans.size(), 4U);
    EXPECT_EQ(one.around->spans[0].span.number, 8U);
    EXPECT_EQ(one.around->spans[1].span.number, 9U);
    EXPECT_TRUE(one.around->spans[1].span.open);
    EXPECT_EQ(one.around->spans[1].span.end_ns, 2300U);
    EXPECT_EQ(one.around->spans[2].of->key, "nic");
    EXPECT_EQ(one.around->spans[2].depth, 1U);
    EXPECT_EQ(one.around->spans[3].of->key, "local_timer");
    EXPECT_EQ(one.around->spans[3].depth, 1U);
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "model/stall.hpp"

#include <gtest/gtest.h>

namespace irqscope::model {

namespace {

const series_id virtio{metric::hardirq_run, "virtio1-req.0", 36, {}};
const series_id local_timer{metric::sysvec_run, "local_timer", {}, {}};
const series_id net_rx{metric::softirq_run, "NET_RX", {}, "ksoftirqd"};

stall held_by(const series_id& culprit) {
    stall one;
    one.culprit = culprit;
    one.stack = {"do_idle+0x1"};
    one.current = {42, "iperf"};
    return one;
}

stall with_stack(std::vector<std::string> stack) {
    stall one;
    one.stack = std::move(stack);
    one.current = {42, "iperf"};
    return one;
}

} // namespace

TEST(stall_names, are_those_of_the_documents) {
    std::vector<std::string> kinds;
    for (const stall_kind which : all_stall_kinds) kinds.emplace_back(name_of(which));
    EXPECT_EQ(kinds, (std::vector<std::string>{"irq_off", "softirq_off", "softirq_latency", "softirq_run",
                                               "hardirq_run", "ksoftirqd", "lockup"}));
    EXPECT_EQ(name_of(stall_state::open), "open");
    EXPECT_EQ(name_of(stall_state::ended), "ended");
    EXPECT_EQ(name_of(stack_kind::none), "none");
    EXPECT_EQ(name_of(stack_kind::post_hoc), "post-hoc");
    EXPECT_EQ(name_of(stack_kind::ongoing), "ongoing");
    EXPECT_EQ(name_of(stack_kind::interrupted), "interrupted");
}

TEST(is_same, is_by_where_what_and_since_when) {
    stall open = with_stack({"do_idle+0x1"});
    open.kind = stall_kind::softirq_run;
    open.of = net_rx;
    open.start_ns = 7;
    open.state = stall_state::open;
    stall ended = open;
    ended.state = stall_state::ended;
    ended.end_ns = 9;
    ended.stack.clear();
    EXPECT_TRUE(is_same(open, ended));
    stall other = ended;
    other.cpu = 1;
    EXPECT_FALSE(is_same(open, other));
    other = ended;
    other.start_ns++;
    EXPECT_FALSE(is_same(open, other));
    EXPECT_TRUE(is_same_series(open, other));
    for (const bool of_another : {false, true}) {
        other = ended;
        if (of_another)
            other.of = virtio;
        else
            other.kind = stall_kind::softirq_latency;
        EXPECT_FALSE(is_same(open, other));
        EXPECT_FALSE(is_same_series(open, other));
    }
}

TEST(culprit_of, interrupt_or_softirq_is_named_before_the_stack_that_it_interrupted) {
    EXPECT_EQ(culprit_of(held_by(virtio)), "hardirq 36 virtio1-req.0");
    EXPECT_EQ(culprit_of(held_by(local_timer)), "sysvec local_timer");
    EXPECT_EQ(culprit_of(held_by(net_rx)), "softirq NET_RX");
}

TEST(culprit_of, handler_without_a_slot_has_no_number) {
    EXPECT_EQ(culprit_of(held_by({metric::hardirq_run, "other", {}, {}})), "hardirq other");
}

TEST(culprit_of, timer_function_stands_behind_its_interrupt) {
    stall one = held_by(local_timer);
    one.timer_function = "tick_nohz_handler";
    EXPECT_EQ(culprit_of(one), "sysvec local_timer (tick_nohz_handler)");
    one.culprit = net_rx; // not in a timer's interrupt: the function is none of its own
    EXPECT_EQ(culprit_of(one), "softirq NET_RX");
}

TEST(culprit_of, timer_function_stands_behind_a_timer_that_is_a_device_interrupt) {
    stall one = held_by({metric::hardirq_run, "arch_timer", 11, {}}); // arm64
    one.timer_function = "tick_nohz_handler";
    EXPECT_EQ(culprit_of(one), "hardirq 11 arch_timer (tick_nohz_handler)");
}

TEST(culprit_of, run_is_its_own_culprit) {
    stall one = held_by(local_timer);
    one.kind = stall_kind::softirq_run;
    one.of = net_rx;
    EXPECT_EQ(culprit_of(one), "softirq NET_RX");
    one.kind = stall_kind::hardirq_run;
    one.of = virtio;
    EXPECT_EQ(culprit_of(one), "hardirq 36 virtio1-req.0");
}

TEST(culprit_of, latency_is_not_the_fault_of_the_vector_that_waits) {
    stall one = with_stack({"queue_work+0x1"});
    one.kind = stall_kind::softirq_latency;
    one.of = {metric::softirq_latency, "NET_RX", {}, {}};
    EXPECT_EQ(culprit_of(one), "queue_work");
}

TEST(culprit_of, stack_is_told_without_offsets_and_with_modules) {
    EXPECT_EQ(culprit_of(with_stack({"_raw_spin_unlock_irqrestore+0x12", "try_to_wake_up+0x1a0/0x5c0",
                                     "mlx5_poll+0xabc [mlx5_core]", "entry"})),
              "_raw_spin_unlock_irqrestore <- try_to_wake_up <- mlx5_poll [mlx5_core] <- entry");
}

TEST(culprit_of, only_the_offset_goes) {
    EXPECT_EQ(culprit_of(with_stack({"0xffffffff81000000", "operator+"})), "0xffffffff81000000 <- operator+");
}

TEST(culprit_of, eight_innermost_functions_are_told) {
    EXPECT_EQ(culprit_of(with_stack({"a+0x1", "b", "c", "d", "e", "f", "g", "h", "i", "j"})),
              "a <- b <- c <- d <- e <- f <- g <- h");
}

TEST(culprit_of, without_a_stack_it_is_the_task) {
    EXPECT_EQ(culprit_of(with_stack({})), "iperf 42");
    stall idle;
    idle.current = {0, "swapper/3"};
    EXPECT_EQ(culprit_of(idle), "idle");
}

} // namespace irqscope::model

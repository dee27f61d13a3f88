// SPDX-License-Identifier: BSD-2-Clause
#include "model/activation.hpp"

#include "model/stall.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <utility>

namespace irqscope::model {

namespace {

breakdown where_of(std::initializer_list<std::pair<part, std::uint64_t>> parts) {
    breakdown made;
    made.start_ns = 1000;
    made.end_ns = 1000;
    for (const auto& [which, ns] : parts) {
        made.at(which) = ns;
        made.end_ns += ns;
    }
    return made;
}

cause cause_with(std::initializer_list<std::pair<part, std::uint64_t>> parts) { return cause_of(where_of(parts)); }

scheduling task_with(unsigned policy, int prio) { return {prio, policy}; }

activation made_activation() {
    activation made;
    made.thread = "ksoftirqd";
    made.interrupts = {{{metric::hardirq_run, "virtio1-req.0", 36, {}}, 900, 3},
                       {{metric::sysvec_run, "local_timer", {}, {}}, 10, 1}};
    made.vectors = {{"NET_RX", 500, 5}, {"TIMER", 20, 1}};
    made.tasks = {{4711, "fio", task_with(1, 49), 0, 0}};
    made.devices = {{"eth0", false, 400, 4, 40}};
    made.timers = {{"tcp_write_timer", false, 15, 1, 0}};
    return made;
}

} // namespace

TEST(causes, have_the_names_of_the_documents) {
    EXPECT_EQ(name_of(cause::starved), "starved");
    EXPECT_EQ(name_of(cause::hardirq_bound), "hardirq-bound");
    EXPECT_EQ(name_of(cause::overloaded), "overloaded");
    EXPECT_EQ(name_of(cause::mixed), "mixed");
}

TEST(causes, half_of_the_time_is_enough) {
    EXPECT_EQ(cause_with({{part::task, 50}, {part::ksoftirqd, 49}, {part::idle, 1}}), cause::starved);
    EXPECT_EQ(cause_with({{part::task, 49}, {part::ksoftirqd, 48}, {part::idle, 3}}), cause::mixed);
    EXPECT_EQ(cause_with({{part::ksoftirqd, 50}, {part::task, 49}, {part::idle, 1}}), cause::overloaded);
    EXPECT_EQ(cause_with({{part::ksoftirqd, 49}, {part::task, 49}, {part::idle, 2}}), cause::mixed);
    EXPECT_EQ(cause_with({{part::hardirq, 50}, {part::task, 49}, {part::idle, 1}}), cause::hardirq_bound);
    EXPECT_EQ(cause_with({{part::hardirq, 49}, {part::task, 49}, {part::idle, 2}}), cause::mixed);
}

TEST(causes, half_of_an_odd_number_is_more_than_its_floor) {
    EXPECT_EQ(cause_with({{part::task, 1}, {part::ksoftirqd, 1}, {part::idle, 1}}), cause::mixed);
    EXPECT_EQ(cause_with({{part::task, 2}, {part::ksoftirqd, 1}}), cause::starved);
}

TEST(causes, two_halves_are_the_thief_s_and_not_the_work_s) {
    EXPECT_EQ(cause_with({{part::hardirq, 50}, {part::task, 50}}), cause::hardirq_bound);
    EXPECT_EQ(cause_with({{part::hardirq, 50}, {part::ksoftirqd, 50}}), cause::hardirq_bound);
    EXPECT_EQ(cause_with({{part::task, 50}, {part::softirq, 50}}), cause::starved);
}

TEST(causes, kinds_of_interrupts_and_places_of_softirqs_are_added) {
    EXPECT_EQ(cause_with({{part::hardirq, 30}, {part::sysvec, 25}, {part::task, 45}}), cause::hardirq_bound);
    EXPECT_EQ(cause_with({{part::softirq, 30}, {part::ksoftirqd, 25}, {part::task, 45}}), cause::overloaded);
}

TEST(causes, what_was_stolen_and_what_nobody_knows_take_no_part) {
    EXPECT_EQ(cause_with({{part::steal, 900}, {part::task, 60}, {part::ksoftirqd, 40}}), cause::starved);
    EXPECT_EQ(cause_with({{part::unexplained, 900}, {part::hardirq, 60}, {part::task, 40}}), cause::hardirq_bound);
    EXPECT_EQ(cause_with({{part::steal, 900}}), cause::mixed);
    EXPECT_EQ(cause_with({{part::unexplained, 900}}), cause::mixed);
}

TEST(causes, nothing_and_idle_alone_are_mixed) {
    EXPECT_EQ(cause_with({}), cause::mixed);
    EXPECT_EQ(cause_with({{part::idle, 100}}), cause::mixed);
}

TEST(causes, long_times_do_not_overflow) {
    const std::uint64_t much = std::uint64_t{1} << 62U;
    EXPECT_EQ(cause_with({{part::task, much}, {part::ksoftirqd, much - 1}}), cause::starved);
    EXPECT_EQ(cause_with({{part::task, much}, {part::ksoftirqd, much - 1}, {part::idle, 2}}), cause::mixed);
}

TEST(task_shares, classes_have_the_kernel_s_names) {
    EXPECT_EQ(class_of(task_with(0, 120)), "SCHED_NORMAL");
    EXPECT_EQ(class_of(task_with(1, 49)), "SCHED_FIFO");
    EXPECT_EQ(class_of(task_with(2, 49)), "SCHED_RR");
    EXPECT_EQ(class_of(task_with(3, 120)), "SCHED_BATCH");
    EXPECT_EQ(class_of(task_with(4, 120)), "SCHED_4");
    EXPECT_EQ(class_of(task_with(5, 120)), "SCHED_IDLE");
    EXPECT_EQ(class_of(task_with(6, -1)), "SCHED_DEADLINE");
    EXPECT_EQ(class_of(task_with(7, 120)), "SCHED_EXT");
    EXPECT_EQ(class_of(task_with(8, 120)), "SCHED_8");
    EXPECT_EQ(class_of(task_with(~0U, 120)), "SCHED_4294967295");
}

TEST(task_shares, real_time_priority_is_that_of_chrt) {
    EXPECT_EQ(rt_priority_of(task_with(1, 0)), 99);
    EXPECT_EQ(rt_priority_of(task_with(1, 49)), 50);
    EXPECT_EQ(rt_priority_of(task_with(1, 98)), 1);
    EXPECT_EQ(rt_priority_of(task_with(0, 100)), std::nullopt);
    EXPECT_EQ(rt_priority_of(task_with(0, 120)), std::nullopt);
    EXPECT_EQ(rt_priority_of(task_with(6, -1)), std::nullopt) << "deadline tasks have none";
    EXPECT_EQ(rt_priority_of(task_with(6, INT32_MIN)), std::nullopt);
}

TEST(task_shares, nice_is_that_of_ps) {
    EXPECT_EQ(nice_of(task_with(0, 100)), -20);
    EXPECT_EQ(nice_of(task_with(0, 120)), 0);
    EXPECT_EQ(nice_of(task_with(0, 139)), 19);
    EXPECT_EQ(nice_of(task_with(1, 99)), std::nullopt);
    EXPECT_EQ(nice_of(task_with(6, -1)), std::nullopt);
    EXPECT_EQ(nice_of(task_with(0, INT32_MAX)), INT32_MAX - 120);
}

TEST(thieves, are_the_first_of_the_part_that_has_half) {
    const activation one = made_activation();
    EXPECT_EQ(thief_of(one, where_of({{part::hardirq, 1}})), "ksoftirqd hardirq-bound: hardirq 36 virtio1-req.0");
    EXPECT_EQ(thief_of(one, where_of({{part::task, 1}})), "ksoftirqd starved: fio 4711");
    EXPECT_EQ(thief_of(one, where_of({{part::ksoftirqd, 1}})), "ksoftirqd overloaded: NET_RX of eth0");
    EXPECT_EQ(thief_of(one, where_of({{part::idle, 1}})), "ksoftirqd mixed");
}

TEST(thieves, may_be_sysvecs_and_handlers_without_a_number) {
    activation one = made_activation();
    one.interrupts.front().id = {metric::sysvec_run, "reschedule", {}, {}};
    EXPECT_EQ(thief_of(one, where_of({{part::sysvec, 1}})), "ksoftirqd hardirq-bound: sysvec reschedule");
    one.interrupts.front().id = {metric::hardirq_run, "other", {}, {}};
    EXPECT_EQ(thief_of(one, where_of({{part::hardirq, 1}})), "ksoftirqd hardirq-bound: hardirq other");
}

TEST(thieves, load_is_named_with_what_the_vector_served) {
    activation one = made_activation();
    const breakdown where = where_of({{part::softirq, 1}});
    one.vectors.front().vector = "TIMER";
    EXPECT_EQ(thief_of(one, where), "ksoftirqd overloaded: TIMER of tcp_write_timer");
    one.vectors.front().vector = "BLOCK";
    EXPECT_EQ(thief_of(one, where), "ksoftirqd overloaded: BLOCK");
    one.vectors.front().vector = "NET_RX";
    one.devices.front().name.clear();
    EXPECT_EQ(thief_of(one, where), "ksoftirqd overloaded: NET_RX");
    one.devices.clear();
    EXPECT_EQ(thief_of(one, where), "ksoftirqd overloaded: NET_RX");
}

TEST(thieves, that_nobody_has_seen_are_left_out) {
    activation one;
    one.thread = "ktimers";
    EXPECT_EQ(thief_of(one, where_of({{part::hardirq, 1}})), "ktimers hardirq-bound");
    EXPECT_EQ(thief_of(one, where_of({{part::task, 1}})), "ktimers starved");
    EXPECT_EQ(thief_of(one, where_of({{part::ksoftirqd, 1}})), "ktimers overloaded");
}

TEST(thieves, are_the_culprits_of_their_stalls) {
    stall one;
    one.kind = stall_kind::ksoftirqd;
    one.activation = made_activation();
    one.where = where_of({{part::task, 1}});
    EXPECT_EQ(culprit_of(one), "ksoftirqd starved: fio 4711");
}

} // namespace irqscope::model

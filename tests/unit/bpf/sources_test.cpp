// SPDX-License-Identifier: BSD-2-Clause
// bpf/sources.bpf.c: the devices that were polled and the timer functions that ran while ksoftirqd was active.
#include "bpf/activating.hpp"

namespace irqscope::fake {

namespace {

constexpr std::uint64_t first_function = 0xffffffff81230000;
constexpr std::uint64_t second_function = 0xffffffff81240000;

} // namespace

class sources_test : public activating {
protected:
    using devices = std::map<std::string, served>;
    using functions = std::map<std::uint64_t, served>;

    void SetUp() override {
        activating::SetUp();
        wake();
        run();
    }
    // Its end, with time that brings it above the threshold.
    wire_activation_record ended() {
        on().pass(threshold);
        sleep(idle);
        return only_activation();
    }
    static void poll(void* napi, std::uint64_t ns, int work) {
        on().pass(ns);
        kernel::poll(napi, work);
    }
    static void run_function(void* timer, std::uint64_t ns) {
        kernel::begin_timer(timer);
        on().pass(ns);
        kernel::end_timer(timer);
    }
    static functions functions_of(const wire_activation_record& of) {
        functions found;
        for (const wire_source& one : of.evidence.timers)
            if (one.address != 0) found[one.address] = {one.ns, one.count, one.items};
        return found;
    }

    void* eth0 = fake_napi(0, "eth0");
    void* eth1 = fake_napi(1, "eth1");
    void* backlog = fake_napi(0, nullptr);
};

TEST_F(sources_test, devices_have_their_polls_packets_and_time) {
    on().enter(net_rx);
    poll(eth0, 100, 5);
    poll(eth1, 70, 64);
    poll(eth0, 30, 0);
    on().leave(net_rx);
    on().pass(1000); // between two of them
    on().enter(net_rx);
    poll(eth1, 20, 1);
    on().leave(net_rx);
    EXPECT_EQ(devices_of(ended()), (devices{{"eth0", {130, 2, 5}}, {"eth1", {90, 2, 65}}}));
}

TEST_F(sources_test, poll_is_net_of_the_interrupts_in_it) {
    on().enter(net_rx);
    on().pass(10);
    handle(nic, 5000);
    poll(eth0, 20, 1);
    handle(nic, 700);
    poll(eth1, 40, 1);
    on().leave(net_rx);
    const wire_activation_record one = ended();
    EXPECT_EQ(devices_of(one), (devices{{"eth0", {30, 1, 1}}, {"eth1", {40, 1, 1}}}));
    EXPECT_EQ(one.sums.softirqs[net_rx].ns, 70U);
}

TEST_F(sources_test, backlog_is_of_the_device_whose_packets_are_left_in_it) {
    on().enter(net_rx);
    fake_set_backlog(2, "lo");
    poll(backlog, 100, 64);
    fake_set_backlog(0, nullptr);
    poll(backlog, 60, 10);
    on().leave(net_rx);
    EXPECT_EQ(devices_of(ended()), (devices{{"backlog of lo", {100, 1, 64}}, {"backlog of ", {60, 1, 10}}}));
}

TEST_F(sources_test, backlog_of_a_device_is_not_the_device) {
    fake_set_backlog(0, "eth0"); // packets of eth0 that another CPU has sent here
    on().enter(net_rx);
    poll(eth0, 100, 5);
    poll(backlog, 60, 10);
    poll(eth0, 1, 1);
    on().leave(net_rx);
    EXPECT_EQ(devices_of(ended()), (devices{{"eth0", {101, 2, 6}}, {"backlog of eth0", {60, 1, 10}}}));
}

TEST_F(sources_test, backlog_is_nobody_s_where_it_cannot_be_found) {
    config.softnet = 0;
    fake_set_backlog(2, "lo");
    on().enter(net_rx);
    poll(backlog, 100, 64);
    on().leave(net_rx);
    EXPECT_EQ(devices_of(ended()), (devices{{"backlog of ", {100, 1, 64}}}));
}

TEST_F(sources_test, poll_that_failed_has_no_packets) {
    on().enter(net_rx);
    poll(eth0, 100, -1);
    on().leave(net_rx);
    EXPECT_EQ(devices_of(ended()), (devices{{"eth0", {100, 1, 0}}}));
}

TEST_F(sources_test, devices_beyond_eight_are_others) {
    on().enter(net_rx);
    for (unsigned i = 0; i < 11; i++) {
        const std::string name = "veth" + std::to_string(i);
        poll(fake_napi(i, name.c_str()), 10 + i, 1);
    }
    poll(fake_napi(0, "veth0"), 1000, 1);
    on().leave(net_rx);
    const wire_activation_record one = ended();
    const devices all = devices_of(one);
    EXPECT_EQ(all.size(), std::size_t{WIRE_SOURCES});
    EXPECT_EQ(all.at("veth0"), (served{1010, 2, 2}));
    EXPECT_EQ(one.evidence.other_devices_ns, 18U + 19U + 20U);
}

TEST_F(sources_test, polls_outside_of_softirqs_and_activations_are_not_counted) {
    poll(eth0, 100, 5); // a busy-polling socket
    sleep(task);
    on().enter(net_rx);
    poll(eth0, 100, 5);
    on().leave(net_rx);
    wake();
    run();
    EXPECT_TRUE(devices_of(ended()).empty());
}

TEST_F(sources_test, timers_are_known_by_their_functions) {
    void* one = fake_timer(0, first_function);
    void* again = fake_timer(1, first_function);
    void* two = fake_timer(2, second_function);
    on().enter(timer_vector);
    on().pass(500); // the wheel
    run_function(one, 100);
    on().pass(30);
    run_function(two, 70);
    run_function(again, 1);
    on().leave(timer_vector);
    EXPECT_EQ(functions_of(ended()), (functions{{first_function, {101, 2, 0}}, {second_function, {70, 1, 0}}}));
}

TEST_F(sources_test, timer_is_net_of_the_interrupts_in_it) {
    void* one = fake_timer(0, first_function);
    on().enter(timer_vector);
    handle(nic, 9000);
    kernel::begin_timer(one);
    on().pass(10);
    handle(nic, 5000);
    on().pass(20);
    kernel::end_timer(one);
    on().leave(timer_vector);
    EXPECT_EQ(functions_of(ended()), (functions{{first_function, {30, 1, 0}}}));
}

TEST_F(sources_test, interrupt_while_the_clock_is_read_is_not_the_timer_s) {
    void* one = fake_timer(0, first_function);
    on().enter(timer_vector);
    on().after_clock = [this] { handle(nic, 5000); };
    kernel::begin_timer(one);
    on().pass(10);
    on().after_clock = [this] { handle(nic, 7000); };
    kernel::end_timer(one);
    on().leave(timer_vector);
    EXPECT_EQ(functions_of(ended()), (functions{{first_function, {10, 1, 0}}}));
}

TEST_F(sources_test, timer_whose_beginning_went_unseen_is_not_counted) {
    on().enter(timer_vector);
    on().pass(100);
    kernel::end_timer(fake_timer(0, first_function));
    on().leave(timer_vector);
    EXPECT_TRUE(functions_of(ended()).empty());
}

TEST_F(sources_test, functions_beyond_eight_are_others) {
    on().enter(timer_vector);
    for (unsigned i = 0; i < 10; i++) run_function(fake_timer(i, first_function + 64 * i), 10 + i);
    on().leave(timer_vector);
    const wire_activation_record one = ended();
    EXPECT_EQ(functions_of(one).size(), std::size_t{WIRE_SOURCES});
    EXPECT_EQ(one.evidence.other_timers_ns, 18U + 19U);
}

TEST_F(sources_test, both_threads_see_what_is_served_while_they_are_active) {
    on().enter(net_rx);
    poll(eth0, 100, 1);
    kernel::wake(ktimers);
    poll(eth1, 50, 2);
    on().leave(net_rx);
    on().pass(threshold);
    sleep(ktimers);
    sleep(idle);
    const auto both = activations();
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(devices_of(both[0]), (devices{{"eth0", {100, 1, 1}}, {"eth1", {50, 1, 2}}}));
    EXPECT_EQ(devices_of(both[1]), (devices{{"eth1", {50, 1, 2}}}));
}

TEST_F(sources_test, name_of_a_device_is_cut_at_its_room) {
    on().enter(net_rx);
    poll(fake_napi(3, "fifteen_letters"), 1, 1);
    on().leave(net_rx);
    EXPECT_EQ(devices_of(ended()).count("fifteen_letters"), 1U);
}

} // namespace irqscope::fake

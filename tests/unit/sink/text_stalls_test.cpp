// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_stalls.hpp"

#include "sink/made_stalls.hpp"

#include <cstdlib>
#include <ctime>

namespace irqscope::sink {

namespace {

// Local time is UTC+8 in these tests.
class text_stalls_test : public testing::Test {
protected:
    text_stalls_test() {
        const char* had = std::getenv("TZ");
        if (had != nullptr) before_ = had;
        setenv("TZ", "XYZ-8", 1);
        tzset();
        testing::internal::CaptureStdout();
        sink_.begin(made_heading());
        begun_ = testing::internal::GetCapturedStdout();
    }

    ~text_stalls_test() override {
        if (before_.empty())
            unsetenv("TZ");
        else
            setenv("TZ", before_.c_str(), 1);
        tzset();
    }

    [[nodiscard]] std::string text_of(const model::stall& one) const { return sink_.text_of(one); }

    // What the sink writes for it, below what it wrote before.
    std::string told(const model::stall& one) {
        testing::internal::CaptureStdout();
        sink_.stall(one);
        return testing::internal::GetCapturedStdout();
    }

    text_stalls sink_;
    std::string begun_;

private:
    std::string before_;
};

} // namespace

TEST_F(text_stalls_test, heading_says_what_is_watched_for) {
    EXPECT_EQ(begun_,
              "watching 2 CPUs (0-1): irq_off 1 ms, softirq_off 2 ms, softirq_latency 2 ms, softirq_run 10 ms,\n"
              "    hardirq_run 1 ms; a beat each 1 ms\n\n");
}

TEST_F(text_stalls_test, heading_names_cpus_without_a_heartbeat) {
    auto heading = made_heading();
    heading.cpus = {0, 1, 2, 3};
    heading.without_beat = {2, 3};
    find_in(text_stalls::text_of(heading), "without a heartbeat: CPUs 2-3");
    heading.without_beat = {3};
    find_in(text_stalls::text_of(heading), "without a heartbeat: CPU 3\n");
    heading.beat_ns = 0;
    find_in(text_stalls::text_of(heading), "; no heartbeats\n");
    heading = {};
    heading.cpus = {4};
    EXPECT_EQ(text_stalls::text_of(heading), "watching 1 CPU (4): nothing; no heartbeats\n");
}

TEST_F(text_stalls_test, time_off_by_a_task_is_told_by_its_stack) {
    EXPECT_EQ(text_of(made_irq_off()),
              "13:05:15.871 [ 9489.182]  CPU 17   irq_off          107.0 .. 108.0 ms    post-hoc     #3\n"
              "    bash 22840: proc_reg_write+0x36 <- vfs_write <- ksys_write <- do_syscall_64 <- x64_sys_call\n"
              "        <- ipt_do_table [ip_tables] <- entry_SYSCALL_64_after_hwframe\n");
}

TEST_F(text_stalls_test, time_off_by_a_handler_names_it_and_its_victim) {
    EXPECT_EQ(text_of(made_irq_off_by_handler()),
              "13:05:15.871 [ 9489.182]  CPU 0    irq_off          4.21 .. 5.21 ms      interrupted  #4\n"
              "    hardirq 36 virtio1-req.0 took 4.90 ms of it; steal 1.20 ms\n"
              "    interrupted idle task: pv_native_safe_halt+0xf <- do_idle\n");
}

TEST_F(text_stalls_test, timer_interrupt_comes_with_the_timer_that_took_long) {
    auto one = made_irq_off_by_handler();
    one.culprit = model::series_id{model::metric::sysvec_run, "local_timer", {}, {}};
    one.timer_function = "tick_nohz_handler";
    find_in(text_of(one),
            "    sysvec local_timer took 4.90 ms of it; timer function tick_nohz_handler; steal 1.20 ms\n");
}

TEST_F(text_stalls_test, softirqs_off) {
    EXPECT_EQ(text_of(made_softirq_off()),
              "13:05:16.694 [ 9490.005]  CPU 1    softirq_off      5.00 ms              post-hoc     #5\n"
              "    ended by iperf3 801: do_softirq+0x12 <- __local_bh_enable_ip <- __dev_queue_xmit <- udp_sendmsg\n");
}

TEST_F(text_stalls_test, open_latency_goes_on) {
    EXPECT_EQ(text_of(made_softirq_latency()),
              "13:05:16.701 [ 9490.012]  CPU 1    softirq_latency  > 12.0 ms, going on  ongoing      #5\n"
              "    softirq NET_RX, raised and not served\n"
              "    meanwhile iperf3 801: nft_do_chain+0x91 [nf_tables] <- ip_output\n");
    auto ended = made_softirq_latency();
    ended.state = model::stall_state::ended;
    ended.stack_is = model::stack_kind::none;
    EXPECT_EQ(text_of(ended),
              "13:05:16.701 [ 9490.012]  CPU 1    softirq_latency  12.0 ms                           #5\n"
              "    softirq NET_RX, from raise to entry\n");
}

TEST_F(text_stalls_test, runs_name_what_ran) {
    EXPECT_EQ(text_of(made_softirq_run()),
              "13:05:16.694 [ 9490.005]  CPU 1    softirq_run      13.4 ms              post-hoc     #5\n"
              "    softirq NET_RX in ksoftirqd\n"
              "    ksoftirqd/1 16: run_ksoftirqd+0x2a <- smpboot_thread_fn <- kthread\n");
    EXPECT_EQ(text_of(made_hardirq_run()),
              "13:05:16.694 [ 9490.005]  CPU 1    hardirq_run      1.04 ms              interrupted\n"
              "    hardirq 36 virtio1-req.0\n"
              "    interrupted iperf3 801: no kernel stack\n");
    auto other = made_hardirq_run();
    other.of->irq = std::nullopt;
    other.of->key = "other";
    find_in(text_of(other), "    hardirq other\n");
}

TEST_F(text_stalls_test, brief_is_a_line_a_stall) {
    EXPECT_EQ(sink_.brief_of(made_irq_off()),
              "13:05:15.871  CPU 17   irq_off          107.0 .. 108.0 ms    #3   bash 22840: proc_reg_write\n");
    EXPECT_EQ(sink_.brief_of(made_irq_off_by_handler()),
              "13:05:15.871  CPU 0    irq_off          4.21 .. 5.21 ms      #4   hardirq 36 virtio1-req.0\n");
    EXPECT_EQ(sink_.brief_of(made_softirq_latency()),
              "13:05:16.701  CPU 1    softirq_latency  > 12.0 ms, going on  #5   NET_RX; iperf3 801\n");
    auto unseen = made_softirq_latency();
    unseen.stack_is = model::stack_kind::none;
    EXPECT_TRUE(sink_.brief_of(unseen).ends_with("#5   NET_RX\n"));
    EXPECT_EQ(sink_.brief_of(made_hardirq_run()),
              "13:05:16.694  CPU 1    hardirq_run      1.04 ms                   hardirq 36 virtio1-req.0\n");
    EXPECT_NE(sink_.brief_of(made_ksoftirqd()).find("ksoftirqd starved: "), std::string::npos)
        << sink_.brief_of(made_ksoftirqd());
    testing::internal::CaptureStdout();
    text_stalls brief(true);
    brief.begin(made_heading());
    brief.stall(made_irq_off());
    const auto lines = lines_of(testing::internal::GetCapturedStdout());
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(lines.back() + '\n', brief.brief_of(made_irq_off()));
}

TEST_F(text_stalls_test, steal_is_told_when_there_was_some) {
    auto one = made_irq_off();
    for (const auto none : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0)}) {
        one.steal_ns = none;
        EXPECT_EQ(text_of(one).find("steal"), std::string::npos);
    }
    one.steal_ns = 1;
    find_in(text_of(one), "    steal 1 ns\n");
}

TEST_F(text_stalls_test, open_stall_is_never_an_interval) {
    auto one = made_irq_off();
    one.state = model::stall_state::open;
    find_in(text_of(one), "> 107 ms, going on");
    EXPECT_EQ(text_of(one).find(" .. "), std::string::npos);
}

TEST_F(text_stalls_test, long_uptime_pushes_the_rest_and_stays_within_the_page) {
    auto one = made_softirq_latency();
    one.cpu = 8191;
    one.incident = 123'456;
    one.end_ns = 987'654'321'123 * ms;
    find_in(text_of(one), " [987654321.123]  CPU 8191 softirq_latency  ");
    expect_page(text_of(one));
}

TEST_F(text_stalls_test, nothing_of_a_name_reaches_the_terminal) {
    for (auto one : made_stalls()) {
        expect_page(text_of(one));
        one.cpu = 65535;
        one.start_ns = UINT64_MAX;
        one.end_ns = UINT64_MAX;
        one.at_least_ns = UINT64_MAX - 1;
        if (one.less_than_ns) one.less_than_ns = UINT64_MAX;
        one.incident = UINT64_MAX;
        one.of = model::series_id{model::metric::hardirq_run, hostile_name, UINT32_MAX, hostile_name};
        one.culprit = one.of;
        one.culprit_ns = UINT64_MAX;
        one.timer_function = hostile_name;
        one.current = {4'194'304, hostile_name};
        one.stack_is = model::stack_kind::interrupted;
        one.stack = {hostile_name, "", " ", "+0x", "+0x ", hostile_name};
        for (int i = 0; i < 127; i++) one.stack.emplace_back("some_function+0x1 [module]");
        one.steal_ns = UINT64_MAX;
        expect_page(text_of(one));
        expect_page(sink_.brief_of(one));
        one.culprit = std::nullopt;
        one.stack_is = model::stack_kind::ongoing;
        expect_page(sink_.brief_of(one));
    }
}

TEST_F(text_stalls_test, arrows_begin_lines_and_frames_stay_whole) {
    auto one = made_irq_off();
    one.stack.clear();
    for (int i = 0; i < 40; i++) one.stack.push_back("function_" + std::to_string(i) + "+0x10 [module]");
    const auto lines = lines_of(text_of(one));
    ASSERT_GT(lines.size(), 5U);
    for (std::size_t i = 2; i < lines.size(); i++) {
        EXPECT_TRUE(lines[i].starts_with("        <- function_")) << lines[i];
        EXPECT_TRUE(lines[i].ends_with(" [module]")) << lines[i];
    }
}

TEST_F(text_stalls_test, each_call_writes_what_it_says) {
    const std::string whole = text_of(made_irq_off());
    testing::internal::CaptureStdout();
    EXPECT_TRUE(sink_.stall(made_irq_off()));
    EXPECT_EQ(testing::internal::GetCapturedStdout(), whole);
    testing::internal::CaptureStdout();
    EXPECT_TRUE(sink_.report(made_quiet_report()));
    find_in(testing::internal::GetCapturedStdout(), "\nno stall seen in 60.0 s\n");
}

TEST_F(text_stalls_test, one_empty_line_stands_above_the_summary) {
    const auto summed_up = [this] {
        testing::internal::CaptureStdout();
        sink_.report(made_quiet_report());
        return testing::internal::GetCapturedStdout();
    };
    EXPECT_TRUE(summed_up().starts_with("no stall seen")) << "it stands below the heading";
    told(made_irq_off());
    EXPECT_TRUE(summed_up().starts_with("\nno stall seen"));
}

TEST_F(text_stalls_test, stack_of_an_incident_is_not_said_again) {
    auto one = made_irq_off();
    const std::string whole = text_of(one);
    EXPECT_EQ(told(one), whole) << "the first";
    one.kind = model::stall_kind::softirq_off;
    one.less_than_ns = std::nullopt;
    EXPECT_EQ(told(one), "13:05:15.871 [ 9489.182]  CPU 17   softirq_off      107 ms               post-hoc     #3\n"
                         "    ended by bash 22840: stack as above\n");
    find_in(told(one), "    ended by bash 22840: stack as above\n");
}

TEST_F(text_stalls_test, stack_of_an_open_one_is_not_said_again_at_its_end) {
    auto one = made_softirq_latency();
    told(one);
    one.state = model::stall_state::ended;
    one.stack_is = model::stack_kind::post_hoc;
    EXPECT_EQ(told(one), "13:05:16.701 [ 9490.012]  CPU 1    softirq_latency  12.0 ms              post-hoc     #5\n"
                         "    softirq NET_RX, from raise to entry\n"
                         "    served by iperf3 801: stack as above\n")
        << "it is the same context, meanwhile or at the end";
}

TEST_F(text_stalls_test, stack_that_differs_in_anything_is_said) {
    const auto first = made_irq_off();
    const auto is_said = [&](const model::stall& then) {
        const std::string whole = text_of(then); // nothing was told yet, or something else
        told(first);
        EXPECT_EQ(told(then), whole);
        told(made_softirq_off()); // of another CPU and incident
        told(made_irq_off_by_handler());
    };
    auto then = first;
    then.incident = 4;
    is_said(then);
    then = first;
    then.incident = 0;
    is_said(then);
    then = first;
    then.cpu = 16;
    is_said(then);
    then = first;
    then.current.pid++;
    is_said(then);
    then = first;
    then.current.comm = "zsh";
    is_said(then);
    then = first;
    then.stack.front() = "proc_reg_write+0x37";
    is_said(then);
    then = first;
    then.stack.pop_back();
    is_said(then);
    then = first;
    then.stack.clear();
    is_said(then);
}

TEST_F(text_stalls_test, offsets_that_are_not_shown_make_no_difference) {
    auto one = made_irq_off();
    told(one);
    one.stack.at(1) = "vfs_write+0xd7";
    find_in(told(one), ": stack as above\n");
}

TEST_F(text_stalls_test, stack_further_up_is_said_by_its_incident) {
    told(made_irq_off());
    told(made_softirq_off());
    find_in(told(made_irq_off()), "    bash 22840: stack as above in #3\n");
    find_in(told(made_irq_off()), "    bash 22840: stack as above\n");
}

TEST_F(text_stalls_test, stall_without_a_stack_does_not_come_between) {
    auto one = made_softirq_latency();
    told(one);
    one.stack_is = model::stack_kind::none;
    EXPECT_EQ(told(one).find("stack"), std::string::npos);
    one.stack_is = model::stack_kind::ongoing;
    find_in(told(one), ": stack as above\n");
}

TEST_F(text_stalls_test, short_stack_is_shorter_than_words_about_it) {
    for (const std::vector<std::string>& stack : {std::vector<std::string>{}, {"do_idle+0x10"}}) {
        auto one = made_irq_off();
        one.stack = stack;
        const std::string whole = text_of(one);
        told(one);
        EXPECT_EQ(told(one), whole);
    }
}

TEST(wall_of, goes_with_the_monotonic_clock_both_ways) {
    const clock_pair clock = made_heading().clock;
    EXPECT_EQ(wall_of(clock, clock.monotonic_ns), clock.wall);
    EXPECT_EQ(wall_of(clock, clock.monotonic_ns + 5 * ms), clock.wall + std::chrono::milliseconds(5));
    EXPECT_EQ(wall_of(clock, clock.monotonic_ns - 5 * ms), clock.wall - std::chrono::milliseconds(5));
    wall_of({UINT64_MAX, std::chrono::system_clock::time_point::max()}, 0); // must not overflow
}

} // namespace irqscope::sink

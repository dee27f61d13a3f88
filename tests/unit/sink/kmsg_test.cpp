// SPDX-License-Identifier: BSD-2-Clause
#include "sink/kmsg.hpp"

#include "sink/made_stalls.hpp"

#include <gtest/gtest.h>

namespace irqscope::sink {
namespace {

// Without its newline, which must be there.
std::string line_of(const model::stall& one, std::uint64_t left_out = 0) {
    std::string line = kmsg_of({one, left_out});
    EXPECT_TRUE(line.ends_with('\n'));
    line.pop_back();
    return line;
}

TEST(kmsg, says_where_what_how_long_and_who) {
    EXPECT_EQ(line_of(made_irq_off()),
              "<4>irqscope: CPU 17: irq_off 107.0 .. 108.0 ms #3: proc_reg_write <- vfs_write <- ksys_write <- "
              "do_syscall_64 <- x64_sys_call <- ipt_do_table [ip_tables] <- entry_SYSCALL_64_after_hwframe; in bash "
              "22840");
    EXPECT_EQ(line_of(made_ksoftirqd()),
              "<4>irqscope: CPU 1: ksoftirqd 20.0 ms #7: ksoftirqd starved: fio 4711; task 60 %, hardirq 20 %");
}

TEST(kmsg, step_to_a_lockup_says_how_far_it_is) {
    model::stall one = made_lockup();
    one.where.emplace();
    one.where->at(model::part::ksoftirqd) = 700 * ms;
    one.where->at(model::part::hardirq) = 300 * ms;
    EXPECT_EQ(line_of(one),
              "<4>irqscope: CPU 1: 25 % of the way to a soft lockup: migration/1 waits, the watchdog counts 5.00 s of "
              "20 s; in softirq NET_RX in ksoftirqd for 1.01 s #5: softirq NET_RX; in ksoftirqd/1 16: run_ksoftirqd <- "
              "smpboot_thread_fn <- kthread; ksoftirqd 70 %, hardirq 30 %");
    one.lockup->by_watchdog = false;
    one.lockup->softirq = {};
    EXPECT_NE(line_of(one).find("another task waits, no watchdog looks, 5.00 s of 20 s #"), std::string::npos)
        << line_of(one);
}

TEST(kmsg, end_of_a_countdown_says_that_it_was_averted) {
    model::stall one = made_lockup();
    one.state = model::stall_state::ended;
    one.less_than_ns = one.at_least_ns + ms;
    one.lockup->percent = 50;
    EXPECT_TRUE(line_of(one).starts_with("<4>irqscope: CPU 1: soft lockup averted: 1.000 .. 1.001 s, 50 % of 20 s #"))
        << line_of(one);
}

TEST(kmsg, says_what_was_left_out_before_it) {
    EXPECT_TRUE(line_of(made_hardirq_run(), 12).ends_with(" (12 lines before this left out)"));
}

TEST(kmsg, is_one_printable_line_of_bounded_length_whatever_names_hold) {
    model::stall one = made_irq_off();
    one.current.comm = "a\nb\x1b[2J";
    one.stack.assign(48, std::string(200, 'x') + "\n+0x1");
    const std::string line = line_of(one);
    EXPECT_LE(line.size(), kmsg_width);
    for (const char each : line) EXPECT_TRUE(each >= ' ' && each < 0x7f) << static_cast<int>(each);
}

} // namespace
} // namespace irqscope::sink

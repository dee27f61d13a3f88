// SPDX-License-Identifier: BSD-2-Clause
// Stalls, one of each kind, for the sinks' tests.
#pragma once

#include "sink/made_snapshot.hpp"
#include "sink/stall_sink.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

namespace irqscope::sink {

inline constexpr std::uint64_t ms = 1'000'000;
inline const std::string hostile_name =
    "\x1b[2J\x1b]0;owned\x07\r\n\t\b\x7f\x1f\x9b caf\xc3\xa9 +0x \" \\ " + std::string(300, 'n');

// 9489.182 s since boot were 2025-05-08T05:05:15.871 UTC.
inline stalls_heading made_heading() {
    stalls_heading made;
    made.cpus = {0, 1};
    made.beat_ns = ms;
    made.thresholds_ns = {{model::stall_kind::irq_off, ms},
                          {model::stall_kind::softirq_off, 2 * ms},
                          {model::stall_kind::softirq_latency, 2 * ms},
                          {model::stall_kind::softirq_run, 10 * ms},
                          {model::stall_kind::hardirq_run, ms}};
    made.clock = {9'489'182 * ms, std::chrono::system_clock::time_point{std::chrono::milliseconds(1'746'680'715'871)}};
    return made;
}

inline model::stall made_irq_off() {
    model::stall made;
    made.kind = model::stall_kind::irq_off;
    made.cpu = 17;
    made.start_ns = (9'489'182 - 107) * ms;
    made.end_ns = 9'489'182 * ms;
    made.at_least_ns = 107 * ms;
    made.less_than_ns = 108 * ms;
    made.current = {22840, "bash"};
    made.stack_is = model::stack_kind::post_hoc;
    made.stack = {"proc_reg_write+0x36",
                  "vfs_write+0xd6",
                  "ksys_write+0x6f",
                  "do_syscall_64+0x5d",
                  "x64_sys_call+0x12",
                  "ipt_do_table+0x23c [ip_tables]",
                  "entry_SYSCALL_64_after_hwframe+0x76"};
    made.steal_ns = 0;
    made.incident = 3;
    return made;
}

// Masked by an interrupt's handler: the stack is the victim's.
inline model::stall made_irq_off_by_handler() {
    model::stall made = made_irq_off();
    made.cpu = 0;
    made.at_least_ns = 4'210'000;
    made.less_than_ns = 5'210'000;
    made.culprit = model::series_id{model::metric::hardirq_run, "virtio1-req.0", 36, {}};
    made.culprit_ns = 4'900'000;
    made.stack_is = model::stack_kind::interrupted;
    made.stack = {"pv_native_safe_halt+0xf", "do_idle+0x1e0"};
    made.current = {0, "swapper/0"};
    made.steal_ns = 1'200'000;
    made.incident = 4;
    return made;
}

inline model::stall made_softirq_off() {
    model::stall made;
    made.kind = model::stall_kind::softirq_off;
    made.cpu = 1;
    made.start_ns = 9'490'000 * ms;
    made.end_ns = 9'490'005 * ms;
    made.at_least_ns = 5 * ms;
    made.current = {801, "iperf3"};
    made.stack_is = model::stack_kind::post_hoc;
    made.stack = {"do_softirq+0x12", "__local_bh_enable_ip+0x55", "__dev_queue_xmit+0x2ba", "udp_sendmsg+0x9c1"};
    made.incident = 5;
    return made;
}

inline model::stall made_softirq_latency() {
    model::stall made = made_softirq_off();
    made.kind = model::stall_kind::softirq_latency;
    made.state = model::stall_state::open;
    made.end_ns = 9'490'012 * ms;
    made.at_least_ns = 12 * ms;
    made.of = model::series_id{model::metric::softirq_latency, "NET_RX", {}, {}};
    made.stack_is = model::stack_kind::ongoing;
    made.stack = {"nft_do_chain+0x91 [nf_tables]", "ip_output+0x60"};
    return made;
}

inline model::stall made_softirq_run() {
    model::stall made = made_softirq_off();
    made.kind = model::stall_kind::softirq_run;
    made.at_least_ns = 13'400'000;
    made.of = model::series_id{model::metric::softirq_run, "NET_RX", {}, "ksoftirqd"};
    made.current = {16, "ksoftirqd/1"};
    made.stack = {"run_ksoftirqd+0x2a", "smpboot_thread_fn+0xda", "kthread+0xe0"};
    return made;
}

inline model::stall made_hardirq_run() {
    model::stall made = made_softirq_off();
    made.kind = model::stall_kind::hardirq_run;
    made.at_least_ns = 1'040'000;
    made.of = model::series_id{model::metric::hardirq_run, "virtio1-req.0", 36, {}};
    made.stack_is = model::stack_kind::interrupted;
    made.stack = {}; // user space
    made.incident = 0;
    return made;
}

// Starved by a real-time task, at its end; and it was preempted, interrupted, and had something to do as well.
inline model::stall made_ksoftirqd() {
    model::stall made;
    made.kind = model::stall_kind::ksoftirqd;
    made.cpu = 1;
    made.start_ns = 9'490'000 * ms;
    made.end_ns = 9'490'020 * ms;
    made.at_least_ns = 20 * ms;
    made.of = model::series_id{model::metric::ksoftirqd_run, "ksoftirqd", {}, {}};
    made.current = {16, "ksoftirqd/1"};
    made.incident = 7;
    made.where.emplace();
    made.where->start_ns = made.start_ns;
    made.where->end_ns = made.end_ns;
    made.where->at(model::part::task) = 12 * ms;
    made.where->at(model::part::hardirq) = 4 * ms;
    made.where->at(model::part::ksoftirqd) = 3 * ms;
    made.where->at(model::part::sysvec) = 1 * ms;
    model::activation& how = made.activation.emplace();
    how.thread = "ksoftirqd";
    how.raised_vector = "NET_RX";
    how.raised_ns = made.start_ns - 12'000;
    how.woken_ns = made.start_ns;
    how.first_run_ns = made.start_ns + 9 * ms;
    how.run_ns = 5 * ms;
    how.preemptions = 2;
    how.interrupts = {{{model::metric::hardirq_run, "virtio1-req.0", 36, {}}, 4 * ms, 1200},
                      {{model::metric::sysvec_run, "local_timer", {}, {}}, 1 * ms, 20}};
    how.vectors = {{"NET_RX", 2'500'000, 40}, {"TIMER", 500'000, 3}};
    how.tasks = {{4711, "fio", 49, 1, 10 * ms, 3}, {800, "make", 125, 0, 1'500'000, 2}};
    how.other_tasks_ns = 500'000;
    how.devices = {{"eth0", false, 2 * ms, 30, 1200}, {"lo", true, 400'000, 10, 64}};
    how.other_devices_ns = 1000;
    how.timers = {{"tcp_write_timer", false, 400'000, 7, 0}};
    how.softnet = model::softnet_growth{1264, 5, 1};
    return made;
}

// A quarter of the way, in a softirq that goes on.
inline model::stall made_lockup() {
    model::stall made = made_softirq_run();
    made.kind = model::stall_kind::lockup;
    made.state = model::stall_state::open;
    made.of = {};
    made.at_least_ns = 1'000 * ms;
    made.end_ns = made.start_ns + made.at_least_ns;
    made.less_than_ns = {};
    made.stack_is = model::stack_kind::ongoing;
    made.culprit = model::series_id{model::metric::softirq_run, "NET_RX", {}, "ksoftirqd"};
    made.culprit_ns = 990 * ms;
    made.lockup = model::lockup_count{25, 5'000 * ms, 20'000 * ms, true, made.culprit, 1'013 * ms};
    return made;
}

inline std::vector<model::stall> made_stalls() {
    return {made_irq_off(),     made_irq_off_by_handler(), made_softirq_off(), made_softirq_latency(),
            made_softirq_run(), made_hardirq_run(),        made_ksoftirqd(),   made_lockup()};
}

// A minute in which nothing stalled.
inline model::stalls_report made_quiet_report() {
    model::stalls_report made;
    made.whole = made_snapshot();
    made.whole.duration_ns = 60'000 * ms;
    made.whole.coverage.beat_ns = ms;
    made.whole.coverage.heartbeats[0] = {60'000, 59'995, 3, 0, 5, 0, true};
    made.whole.coverage.heartbeats[1] = {60'000, 59'990, 9, 4, 6, 0, true};
    made.whole.cost = {482'000, 210, 180 * ms, 14 << 20, 2 << 20};
    return made;
}

inline model::stalls_report made_report() {
    model::stalls_report made = made_quiet_report();
    made.cpus[0] = {4, 19 * ms, 6 * ms};
    made.cpus[1] = {8, 391 * ms, 108 * ms};
    made.culprits.push_back({"proc_reg_write <- vfs_write <- ksys_write <- do_syscall_64 <- x64_sys_call <- "
                             "entry_SYSCALL_64_after_hwframe",
                             9,
                             391 * ms,
                             108 * ms,
                             {0, 1},
                             made_irq_off()});
    made.culprits.push_back({"hardirq 36 virtio1-req.0", 3, 19 * ms, 6 * ms, {1}, made_irq_off_by_handler()});
    made.open = {made_softirq_latency()};
    made.asides[model::aside::idle_exit] = {12, 20 * ms, 3'200'000};
    made.asides[model::aside::steal] = {3, 9 * ms, 4 * ms};
    made.suppressed[model::stall_kind::irq_off] = 1200;
    return made;
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream from(text);
    for (std::string line; std::getline(from, line);) lines.push_back(line);
    return lines;
}

// No line wider than the page, and no byte that a terminal would obey.
inline void expect_page(const std::string& text) {
    for (const std::string& line : lines_of(text)) {
        EXPECT_LE(line.size(), 100U) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line << '|';
    }
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c == '\n' || (c >= 0x20 && c < 0x7f);
    })) << testing::PrintToString(text);
}

inline std::size_t find_in(const std::string& in, const std::string& what) {
    const std::size_t found = in.find(what);
    EXPECT_NE(found, std::string::npos) << what << " is not in\n" << in;
    return found;
}

} // namespace irqscope::sink

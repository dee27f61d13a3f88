// SPDX-License-Identifier: BSD-2-Clause
// The parts of a stall as text. Nothing in it is wrapped yet, and nothing of it would move a terminal.
#pragma once

#include "model/stall.hpp"

#include <string>

namespace irqscope::sink {

// "hardirq 36 virtio1-req.0", "sysvec local_timer", "softirq NET_RX in ksoftirqd"
std::string words_of(const model::series_id& id);
// "bash 22840", "idle task"
std::string words_of(const model::task& task);
// "SCHED_FIFO 50", "SCHED_NORMAL", "SCHED_NORMAL nice 5"
std::string words_of(const model::scheduling& how);
// "5.00 ms" (exact), "4.21 .. 5.21 ms", "> 12.0 ms, going on" (open)
std::string length_of(const model::stall& one);
// "25 % of the way to a soft lockup: migration/1 waits, the watchdog counts 5.00 s of 20 s; in softirq NET_RX in ksoftirqd for
// 1.02 s"
std::string words_of(const model::lockup_count& count, int cpu);
// "vfs_write+0xa3/0x400 [module]" -> "vfs_write"
std::string function_of(const std::string& frame);
// Innermost first, joined with " <- ", for wrapped(); only the innermost frame keeps its offset.
std::string words_of(const std::vector<std::string>& stack);

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
// Stalls as lines of the kernel log.
#pragma once

#include "model/log_rule.hpp"

#include <string>

namespace irqscope::sink {

// "<4>irqscope: CPU 1: irq_off 4.21 .. 5.21 ms #3: vfs_write <- ksys_write; in dd 700; task 98 %": with its priority, a warning,
// and a newline, without which the kernel would show it to nobody until something else is logged (vprintk_store(): it might go on).
// Whatever names hold, it is one printable line of at most kmsg_width bytes.
inline constexpr std::size_t kmsg_width = 480; // the kernel takes some 970 (kernel/printk/printk.c, devkmsg_write)
std::string kmsg_of(const model::log_rule::line& line);

} // namespace irqscope::sink

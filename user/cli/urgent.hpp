// SPDX-License-Identifier: BSD-2-Clause
// This process on a sick host: it must be able to run there.
#pragma once

namespace irqscope::cli {

// Real-time scheduling (SCHED_FIFO, the least priority), and its memory locked, as far as it is allowed; silently not
// where it is not: the tool works without, and answers later.
void become_urgent();

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// The CPUs that a thread may run on.
#pragma once

#include <sys/types.h>
#include <vector>

namespace irqscope::host {

// Those of the calling thread that are online, ascending; empty: the kernel does not tell.
std::vector<int> own_cpus();

// From now on a thread (0: the calling one) runs on these. False: the kernel refuses, or none of them is online, and
// nothing has changed. A thread that sleeps or waits for its CPU is moved at once; if one runs on a CPU that is not among
// these, or is being woken there, this waits for that CPU (kernel/sched/core.c, affine_move_task).
bool run_on(pid_t thread, const std::vector<int>& cpus);

} // namespace irqscope::host

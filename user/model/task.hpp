// SPDX-License-Identifier: BSD-2-Clause
// A thread, as the scheduler knows it.
#pragma once

#include <optional>
#include <string>

namespace irqscope::model {

struct task {
    int pid = 0; // the thread's, in the initial namespace; 0: an idle task
    std::string comm;
};

struct scheduling {
    int prio = 0;        // task_struct.prio: below 0 deadline, below 100 real-time, from 100 on nice + 120
    unsigned policy = 0; // SCHED_*: include/uapi/linux/sched.h
};

// "SCHED_FIFO", ..; "SCHED_9" where it is not known here.
std::string class_of(const scheduling& task);
// 1..99 (99 is the most urgent); nothing: it is no real-time task's.
std::optional<int> rt_priority_of(const scheduling& task);
// -20..19; nothing: a real-time or deadline task's.
std::optional<int> nice_of(const scheduling& task);

} // namespace irqscope::model

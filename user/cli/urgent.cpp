// SPDX-License-Identifier: BSD-2-Clause
#include "cli/urgent.hpp"

#include <cstddef>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <vector>

namespace irqscope::cli {

namespace {

constexpr std::size_t heap_reserve = 4U << 20;

// What is allocated from here on comes out of memory that is there already, whatever thread asks for it.
void reserve_heap() {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 2 * heap_reserve);
    mallopt(M_MMAP_THRESHOLD, heap_reserve);
    const std::vector<char> reserve(heap_reserve - 4096); // written, hence there
}

} // namespace

void become_urgent() {
    sched_param parameter{};
    parameter.sched_priority = sched_get_priority_min(SCHED_FIFO);
    sched_setscheduler(0, SCHED_FIFO, &parameter);
    reserve_heap();
    // Not what is mapped later: without CAP_IPC_LOCK, which is given up soon, that would fail at RLIMIT_MEMLOCK.
    mlockall(MCL_CURRENT);
}

} // namespace irqscope::cli

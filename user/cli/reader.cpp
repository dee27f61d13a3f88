// SPDX-License-Identifier: BSD-2-Clause
#include "cli/reader.hpp"

#include <cstring>
#include <malloc.h>
#include <memory>
#include <sched.h>
#include <sys/mman.h>

namespace irqscope::cli {

namespace {

constexpr std::size_t heap_reserve = 4U << 20;

// What is allocated from here on comes out of memory that is there already.
void reserve_heap() {
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

struct affinity::mask {
    static constexpr std::size_t most_cpus = 8192; // the kernel's largest NR_CPUS
    mask() : set(CPU_ALLOC(most_cpus)) { CPU_ZERO_S(bytes(), set); }
    mask(const mask& other) : mask() { std::memcpy(set, other.set, bytes()); }
    mask& operator=(const mask&) = delete;
    mask(mask&&) = delete;
    mask& operator=(mask&&) = delete;
    ~mask() { CPU_FREE(set); }
    static std::size_t bytes() { return CPU_ALLOC_SIZE(most_cpus); }

    cpu_set_t* set;
};

affinity::affinity() : whole_(std::make_unique<mask>()) {
    if (sched_getaffinity(0, mask::bytes(), whole_->set) != 0) whole_.reset();
}
affinity::~affinity() = default;

void affinity::avoid(const std::vector<int>& cpus) {
    if (!whole_ || cpus == avoided_) return;
    const mask left(*whole_);
    for (const int cpu : cpus) CPU_CLR_S(static_cast<std::size_t>(cpu), mask::bytes(), left.set);
    avoided_ = cpus;
    if (CPU_COUNT_S(mask::bytes(), left.set) > 0) sched_setaffinity(0, mask::bytes(), left.set);
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// Loads of known size, for the live tests and the bench. Traffic goes to the loopback interface only.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace irqscope::load {

// What makes NET_RX slow on a CPU: a filter on the receiving socket, which runs in that softirq.
struct slow_cpu {
    int cpu = -1; // -1: none is
    std::uint32_t spin_ns = 0;
};

// Sends so many UDP datagrams over loopback from each CPU at once, each from a thread pinned there. The kernel serves
// each with one NET_RX softirq on that CPU, in the sender's local_bh_enable() (loopback_xmit, netif_rx). Returns the
// nanoseconds that the slowest sender took. Throws std::system_error.
std::uint64_t send_datagrams(const std::vector<int>& cpus, std::uint64_t each, slow_cpu slow = {});

// A file of its own in the directory, gone with the object, to read from the disk itself: each 4 KiB read with O_DIRECT
// brings an interrupt of the disk's. Throws std::system_error.
class direct_file {
public:
    explicit direct_file(const std::string& directory);
    direct_file(const direct_file&) = delete;
    direct_file& operator=(const direct_file&) = delete;
    direct_file(direct_file&&) = delete;
    direct_file& operator=(direct_file&&) = delete;
    ~direct_file();

    void read(std::uint64_t times);

private:
    int descriptor_ = -1;
    std::unique_ptr<void, decltype(&std::free)> room_;
};

// Wakes threads of CPU pairs by futexes and runs membarrier(): rescheduling and call-function interrupts. Throws.
void interrupt_each_other(const std::vector<int>& cpus, std::uint64_t rounds);

// Keeps every ordinary task off the CPUs, for less than the second after which the kernel throttles real-time tasks:
// the calling thread and those that it starts run as SCHED_FIFO, and a FIFO thread of less priority spins on each CPU.
// Why: on the machines that test this project the kernel runs no BPF program (and takes no perf sample) while a task of
// the sandbox's own agent is current, and counts no miss (docs/LOST.md). A count can equal the kernel's only without it.
class exclusive {
public:
    explicit exclusive(const std::vector<int>& cpus);
    exclusive(const exclusive&) = delete;
    exclusive& operator=(const exclusive&) = delete;
    exclusive(exclusive&&) = delete;
    exclusive& operator=(exclusive&&) = delete;
    ~exclusive();

    // Whether it has lasted so long that others may have run.
    [[nodiscard]] bool expired() const;

private:
    std::atomic<bool> over_ = false;
    std::vector<std::thread> spinners_;
    std::chrono::steady_clock::time_point start_;
};

// The calling thread, to one CPU. Throws.
void pin(int cpu);

} // namespace irqscope::load

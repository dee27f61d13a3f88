// SPDX-License-Identifier: BSD-2-Clause
#include "load/load.hpp"

#include "load/descriptor.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <barrier>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace irqscope::load {

namespace {

constexpr std::size_t block = 4096;
constexpr std::size_t blocks = 256;

void check(bool done, const char* what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

// One thread a CPU, pinned; the first exception of any is thrown here.
template <typename F>
void on_each(const std::vector<int>& cpus, F work) {
    std::vector<std::thread> threads;
    std::exception_ptr wrong;
    std::mutex guard;
    for (std::size_t i = 0; i < cpus.size(); i++)
        threads.emplace_back([&, i] {
            try {
                pin(cpus[i]);
                work(i);
            } catch (...) {
                const std::lock_guard lock(guard);
                wrong = std::current_exception();
            }
        });
    for (std::thread& thread : threads) thread.join();
    if (wrong) std::rethrow_exception(wrong);
}

} // namespace

namespace {

void become(int policy, int priority) {
    sched_param parameter{};
    parameter.sched_priority = priority;
    check(sched_setscheduler(0, policy, &parameter) == 0, "sched_setscheduler");
}

constexpr int spinner_priority = 1;
constexpr int worker_priority = 2;
constexpr auto longest = std::chrono::milliseconds(850); // sched_rt_runtime_us is 950 ms of each second

} // namespace

exclusive::exclusive(const std::vector<int>& cpus) : start_(std::chrono::steady_clock::now()) {
    become(SCHED_FIFO, worker_priority);
    std::atomic<std::size_t> ready = 0;
    for (const int cpu : cpus)
        spinners_.emplace_back([this, cpu, &ready] {
            pin(cpu);
            become(SCHED_FIFO, spinner_priority);
            ready++;
            while (!over_ && !expired()) {
            }
        });
    while (ready < cpus.size()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

exclusive::~exclusive() {
    over_ = true;
    become(SCHED_OTHER, 0);
    for (std::thread& spinner : spinners_) spinner.join();
    // the throttle's period, so that the next one has its whole second again
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

bool exclusive::expired() const { return std::chrono::steady_clock::now() - start_ > longest; }

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    check(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

namespace {

// A socket filter that lets everything pass, so many ns after it was called. Fails: throws.
descriptor spinning_filter(std::uint32_t spin_ns) {
    constexpr std::uint8_t r0 = BPF_REG_0;
    constexpr std::uint8_t r6 = BPF_REG_6;
    constexpr std::uint8_t r7 = BPF_REG_7;
    const std::array<bpf_insn, 10> code{{
        {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns},
        {BPF_ALU64 | BPF_MOV | BPF_X, r6, r0, 0, 0},
        {BPF_ALU64 | BPF_MOV | BPF_K, r7, 0, 0, 0},
        {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns},
        {BPF_ALU64 | BPF_SUB | BPF_X, r0, r6, 0, 0},
        {BPF_JMP | BPF_JGE | BPF_K, r0, 0, 2, static_cast<std::int32_t>(spin_ns)},
        {BPF_ALU64 | BPF_ADD | BPF_K, r7, 0, 0, 1},
        {BPF_JMP | BPF_JLT | BPF_K, r7, 0, -5, 5'000}, // the verifier wants an end
        {BPF_ALU | BPF_MOV | BPF_K, r0, 0, 0, 0xffff},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    }};
    const char license[] = "GPL"; // NOLINT(*-c-arrays): bpf_ktime_get_ns() asks for it
    bpf_attr attributes{};
    attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attributes.insn_cnt = code.size();
    attributes.insns =
        reinterpret_cast<std::uintptr_t>(code.data()); // NOLINT(*-reinterpret-cast): the system call's way
    attributes.license = reinterpret_cast<std::uintptr_t>(&license); // NOLINT(*-reinterpret-cast)
    return {static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes))), "bpf"};
}

void slow_down(int receiver, std::uint32_t spin_ns) {
    const descriptor filter = spinning_filter(spin_ns);
    const int number = filter.get();
    check(setsockopt(receiver, SOL_SOCKET, SO_ATTACH_BPF, &number, sizeof(number)) == 0, "SO_ATTACH_BPF");
}

} // namespace

std::uint64_t send_datagrams(const std::vector<int>& cpus, std::uint64_t each, slow_cpu slow) {
    std::atomic<std::uint64_t> slowest = 0;
    std::barrier start(static_cast<std::ptrdiff_t>(cpus.size()));
    on_each(cpus, [&](std::size_t which) {
        // A bound receiver that nobody reads: its queue fills and the rest is dropped, with no answer on the wire.
        const descriptor receiver(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
        const descriptor sender(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* where = reinterpret_cast<sockaddr*>(&address); // NOLINT(*-reinterpret-cast): the socket API's way
        check(bind(receiver.get(), where, size) == 0, "bind");
        check(getsockname(receiver.get(), where, &size) == 0, "getsockname");
        check(connect(sender.get(), where, size) == 0, "connect");
        if (cpus.at(which) == slow.cpu) slow_down(receiver.get(), slow.spin_ns);
        start.arrive_and_wait();
        const auto begin = std::chrono::steady_clock::now();
        const char byte = 0;
        for (std::uint64_t i = 0; i < each; i++) check(send(sender.get(), &byte, 1, 0) == 1, "send");
        const auto ns = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin).count());
        std::uint64_t seen = slowest.load();
        while (ns > seen && !slowest.compare_exchange_weak(seen, ns)) {
        }
    });
    return slowest;
}

direct_file::direct_file(const std::string& directory) : room_(std::aligned_alloc(block, block), std::free) {
    check(room_ != nullptr, "aligned_alloc");
    std::string path = directory + "/irqscope-load-XXXXXX";
    descriptor_ = mkostemp(path.data(), O_CLOEXEC);
    check(descriptor_ >= 0, "mkostemp");
    unlink(path.c_str());
    std::fill_n(static_cast<char*>(room_.get()), block, 'i');
    for (std::size_t i = 0; i < blocks; i++)
        check(write(descriptor_, room_.get(), block) == static_cast<ssize_t>(block), "write");
    check(fsync(descriptor_) == 0, "fsync");
    check(fcntl(descriptor_, F_SETFL, O_DIRECT) == 0, "O_DIRECT");
}

direct_file::~direct_file() {
    if (descriptor_ >= 0) close(descriptor_);
}

void direct_file::read(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; i++)
        check(pread(descriptor_, room_.get(), block, static_cast<off_t>((i * 7 % blocks) * block)) ==
                  static_cast<ssize_t>(block),
              "pread");
}

void interrupt_each_other(const std::vector<int>& cpus, std::uint64_t rounds) {
    check(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0, "membarrier");
    std::barrier turn(static_cast<std::ptrdiff_t>(cpus.size()));
    on_each(cpus, [&](std::size_t) {
        for (std::uint64_t i = 0; i < rounds; i++) {
            turn.arrive_and_wait(); // sleepers are woken from another CPU
            check(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0, "membarrier");
        }
    });
}

} // namespace irqscope::load

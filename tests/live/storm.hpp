// SPDX-License-Identifier: BSD-2-Clause
// Work for one CPU's ksoftirqd, and what takes its time from it: the truth of the scenarios of activation_test.cpp.
#pragma once

#include "storm_wire.h"

#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::live {

// A network namespace of its own, whose loopback interface hands its packets to one CPU (receive packet steering): who
// sends on another CPU fills that one's backlog. Gone with the object. Throws.
class steered_loopback {
public:
    explicit steered_loopback(int to_cpu);
    steered_loopback(const steered_loopback&) = delete;
    steered_loopback& operator=(const steered_loopback&) = delete;
    steered_loopback(steered_loopback&&) = delete;
    steered_loopback& operator=(steered_loopback&&) = delete;
    ~steered_loopback();

    // So many UDP datagrams, as fast as they go, from that CPU. At most what a backlog holds (net.core.netdev_max_backlog).
    void send(int from_cpu, unsigned many) const;

    [[nodiscard]] std::uint32_t ifindex() const { return 1; } // loopback's, in every namespace

private:
    std::string name_;
    sockaddr_in address_{};
    int receiver_ = -1;
};

enum class thief { none, timer, device };

struct storm_options {
    int cpu = 0;
    std::uint64_t packet_ns = 100'000;
    thief from = thief::none;
    std::uint64_t interrupt_ns = 0; // a spin in each of its interrupts, from the first packet on
    std::uint64_t period_ns = 0;    // the timer's
    std::uint32_t most_interrupts = STORM_SPINS;
    std::uint32_t irq = 0; // the device's
};

// Holds as long as it lives. To be made behind the tracer: its programs come after the tracer's. Throws.
class storm {
public:
    explicit storm(const storm_options& options);
    storm(const storm&) = delete;
    storm& operator=(const storm&) = delete;
    storm(storm&&) = delete;
    storm& operator=(storm&&) = delete;
    ~storm();

    // The spins in the device's interrupts, or the timer's interrupts, whole and all of them.
    [[nodiscard]] std::vector<storm_spin> spins() const;
    // What they took of the window, in ns.
    [[nodiscard]] std::uint64_t spun_in(std::uint64_t start_ns, std::uint64_t end_ns) const;
    [[nodiscard]] std::uint32_t packets() const;

private:
    struct implementation;
    std::unique_ptr<implementation> inner_;
};

} // namespace irqscope::live

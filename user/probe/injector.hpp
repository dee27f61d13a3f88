// SPDX-License-Identifier: BSD-2-Clause
// Holds a CPU for a known time, by BPF alone, and tells exactly from when to when: the truth that `irqscope selftest`
// and the live tests compare with. Nothing is pinned: the programs go with this object, and with the process.
#pragma once

#include "model/injection.hpp"
#include "result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace irqscope::probe {

struct injector_options {
    std::string file = "/proc/self/exe"; // device_interrupt reads it with O_DIRECT: on the disk whose interrupt it is
    std::uint64_t period_ns = 1'000'000; // timer_interrupt: of the cpu-clock event whose expiry holds the CPU
    std::uint64_t patience_ns = 2'000'000'000; // how long inject() waits for the event that it provokes
};

class injector {
public:
    // Bounds of a length. A runqueue's lock is held for idle_entry and idle_leave, hence less.
    static constexpr std::uint64_t shortest_ns = 100'000;
    static constexpr std::uint64_t longest_ns = 200'000'000;
    static constexpr std::uint64_t longest_locked_ns = 20'000'000;

    // Opens and loads the programs of that kind. Fails: not_possible (no bpf_loop before 5.17, no tracepoint, no
    // rights), failed.
    static result<injector> load(model::injection what, const injector_options& options = {});

    // Whether such a length may be injected. Fails (usage): out of bounds, or a tenth of kernel.watchdog_thresh or more.
    static result<void> check_length(model::injection what, std::uint64_t length_ns);

    injector(const injector&) = delete;
    injector& operator=(const injector&) = delete;
    injector(injector&& other) noexcept;
    injector& operator=(injector&& other) noexcept;
    ~injector();

    // One injection on that CPU. Attaches, so that its program runs behind those that are attached already; provokes
    // the event with threads of its own, pinned to the CPU; detaches. Returns the truth, whose length is length_ns or
    // somewhat more. at_ns (timer_hold): when its timer is due, CLOCK_MONOTONIC; without it, soon.
    // Fails: usage (the length, the CPU), not_possible (the event never came), failed.
    result<model::truth> inject(int cpu, std::uint64_t length_ns, std::optional<std::uint64_t> at_ns = {});

    [[nodiscard]] model::injection what() const { return what_; }

private:
    injector();

    struct implementation;
    std::unique_ptr<implementation> inner_;
    model::injection what_ = model::injection::irq_off;
    injector_options options_;
};

} // namespace irqscope::probe

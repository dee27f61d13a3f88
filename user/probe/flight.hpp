// SPDX-License-Identifier: BSD-2-Clause
// The memory of the flight recorder: for each CPU an array map on its node, written by the programs and read through a
// mapping of it.
#pragma once

#include "result.hpp"
#include "wire.h"

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace irqscope::probe {

class flight_set {
public:
    static constexpr std::uint32_t fewest_spans = 64;
    static constexpr std::uint32_t most_spans = 1U << 20;

    flight_set() = default;
    // spans: of interrupts and tasks; half as many of softirqs. A power of two. Fails (failed) with the system's reason.
    static result<flight_set> make(const std::vector<int>& cpus, std::uint32_t spans);

    flight_set(const flight_set&) = delete;
    flight_set& operator=(const flight_set&) = delete;
    flight_set(flight_set&& other) noexcept;
    flight_set& operator=(flight_set&& other) noexcept;
    ~flight_set();

    // Enters the arrays, under their CPUs, into the outer map. Fails (failed) with the system's reason.
    [[nodiscard]] result<void> publish(int outer_map) const;

    [[nodiscard]] const std::map<int, int>& descriptors() const { return descriptors_; }
    [[nodiscard]] const std::map<int, std::span<const wire_flight>>& memory() const { return memory_; }

private:
    std::map<int, int> descriptors_; // CPU -> map
    std::map<int, std::span<const wire_flight>> memory_;
};

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
// One ring buffer for each CPU, on that CPU's node, and the map that leads to them.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace irqscope::probe {

// The memory node of a CPU; 0 where there are none.
std::uint32_t node_of(int cpu);

// Enters the maps, under their CPUs, into the outer map; what: each of them is, for the error. Fails (failed) with the
// system's reason.
result<void> enter(int outer_map, const std::map<int, int>& descriptors, const char* what);

class ring_set {
public:
    ring_set() = default;
    // bytes: of each ring, a power of two and at least a page. Fails (failed) with the system's reason.
    static result<ring_set> make(const std::vector<int>& cpus, std::uint32_t bytes);

    ring_set(const ring_set&) = delete;
    ring_set& operator=(const ring_set&) = delete;
    ring_set(ring_set&& other) noexcept;
    ring_set& operator=(ring_set&& other) noexcept;
    ~ring_set();

    // Enters the rings, under their CPUs, into the outer map. Fails (failed) with the system's reason.
    [[nodiscard]] result<void> publish(int outer_map) const;

    [[nodiscard]] const std::map<int, int>& descriptors() const { return descriptors_; }

private:
    std::map<int, int> descriptors_; // CPU -> map
};

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/flight.hpp"

#include "probe/rings.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace irqscope::probe {

result<flight_set> flight_set::make(const std::vector<int>& cpus, std::uint32_t spans) {
    const std::uint32_t entries = spans / 2 * 3;
    const std::size_t bytes = entries * sizeof(wire_flight);
    const auto refused = [&] {
        return failure(exit_status::failed,
                       fmt::format("cannot make a flight recorder of {} bytes for each of {} CPUs: {}", bytes,
                                   cpus.size(), std::strerror(errno)));
    };
    flight_set made;
    for (const int cpu : cpus) {
        bpf_map_create_opts options{};
        options.sz = sizeof(options);
        options.map_flags = BPF_F_MMAPABLE | BPF_F_NUMA_NODE;
        options.numa_node = node_of(cpu);
        const int descriptor = bpf_map_create(BPF_MAP_TYPE_ARRAY, "irqscope_flight", sizeof(std::uint32_t),
                                              sizeof(wire_flight), entries, &options);
        if (descriptor < 0) return refused();
        made.descriptors_[cpu] = descriptor;
        void* const memory = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
        if (memory == MAP_FAILED) return refused();
        made.memory_[cpu] = {static_cast<const wire_flight*>(memory), entries};
    }
    return made;
}

flight_set::flight_set(flight_set&& other) noexcept
    : descriptors_(std::exchange(other.descriptors_, {})), memory_(std::exchange(other.memory_, {})) {}

flight_set& flight_set::operator=(flight_set&& other) noexcept {
    std::swap(descriptors_, other.descriptors_);
    std::swap(memory_, other.memory_);
    return *this;
}

flight_set::~flight_set() {
    for (const auto& [cpu, entries] : memory_)
        munmap(const_cast<wire_flight*>(entries.data()), entries.size_bytes()); // NOLINT(*-const-cast)
    for (const auto& [cpu, descriptor] : descriptors_) close(descriptor);
}

result<void> flight_set::publish(int outer_map) const { return enter(outer_map, descriptors_, "a flight recorder"); }

} // namespace irqscope::probe

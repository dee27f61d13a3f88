// SPDX-License-Identifier: BSD-2-Clause
#include "probe/rings.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <unistd.h>
#include <utility>

namespace irqscope::probe {

// /sys/devices/system/cpu/cpuN holds a link nodeM; 0 where there are no nodes.
std::uint32_t node_of(int cpu) {
    std::error_code failed;
    const std::filesystem::directory_iterator entries(fmt::format("/sys/devices/system/cpu/cpu{}", cpu), failed);
    if (failed) return 0;
    for (const auto& entry : entries) {
        const std::string name = entry.path().filename();
        if (name.starts_with("node") && name.size() > 4) return static_cast<std::uint32_t>(std::stoul(name.substr(4)));
    }
    return 0;
}

result<void> enter(int outer_map, const std::map<int, int>& descriptors, const char* what) {
    for (const auto& [cpu, descriptor] : descriptors)
        if (bpf_map_update_elem(outer_map, &cpu, &descriptor, BPF_ANY) != 0)
            return failure(exit_status::failed,
                           fmt::format("cannot enter {} into its map: {}", what, std::strerror(errno)));
    return {};
}

result<ring_set> ring_set::make(const std::vector<int>& cpus, std::uint32_t bytes) {
    ring_set made;
    for (const int cpu : cpus) {
        bpf_map_create_opts options{};
        options.sz = sizeof(options);
        options.map_flags = BPF_F_NUMA_NODE;
        options.numa_node = node_of(cpu);
        const int descriptor = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "irqscope_ring", 0, 0, bytes, &options);
        if (descriptor < 0)
            return failure(exit_status::failed,
                           fmt::format("cannot make a ring buffer of {} bytes for each of {} CPUs: {}", bytes,
                                       cpus.size(), std::strerror(errno)));
        made.descriptors_[cpu] = descriptor;
    }
    return made;
}

ring_set::ring_set(ring_set&& other) noexcept : descriptors_(std::exchange(other.descriptors_, {})) {}

ring_set& ring_set::operator=(ring_set&& other) noexcept {
    std::swap(descriptors_, other.descriptors_);
    return *this;
}

ring_set::~ring_set() {
    for (const auto& [cpu, descriptor] : descriptors_) close(descriptor);
}

result<void> ring_set::publish(int outer_map) const { return enter(outer_map, descriptors_, "a ring buffer"); }

} // namespace irqscope::probe

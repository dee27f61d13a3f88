// SPDX-License-Identifier: BSD-2-Clause
// What of BPF's a process holds, and whether the kernel has dropped it since.
#pragma once

#include <cstdint>
#include <set>
#include <sys/types.h>

namespace irqscope::live {

// Ids of BPF objects, as the fdinfo of a process names them ("prog_id:", "map_id:", "link_id:").
struct bpf_objects {
    std::set<std::uint32_t> programs;
    std::set<std::uint32_t> maps;
    std::set<std::uint32_t> links;
};

bpf_objects objects_of(pid_t process);

// Whether the kernel still has any of them. An id is not used again soon (idr_alloc_cyclic).
bool any_left(const bpf_objects& of);

} // namespace irqscope::live

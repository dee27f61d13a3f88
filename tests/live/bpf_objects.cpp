// SPDX-License-Identifier: BSD-2-Clause
#include "live/bpf_objects.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <unistd.h>

namespace irqscope::live {

bpf_objects objects_of(pid_t process) {
    bpf_objects found;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fdinfo", process), gone)) {
        std::ifstream file(entry.path());
        std::string word;
        while (file >> word) {
            std::set<std::uint32_t>* to = word == "prog_id:"   ? &found.programs
                                          : word == "map_id:"  ? &found.maps
                                          : word == "link_id:" ? &found.links
                                                               : nullptr;
            std::uint32_t id = 0;
            if (to != nullptr && file >> id) to->insert(id);
        }
    }
    return found;
}

bool any_left(const bpf_objects& of) {
    const auto left = [](const std::set<std::uint32_t>& ids, int (*open)(std::uint32_t)) {
        return std::any_of(ids.begin(), ids.end(), [open](std::uint32_t id) {
            const int descriptor = open(id);
            if (descriptor >= 0) close(descriptor);
            return descriptor >= 0;
        });
    };
    return left(of.programs, bpf_prog_get_fd_by_id) || left(of.maps, bpf_map_get_fd_by_id) ||
           left(of.links, bpf_link_get_fd_by_id);
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/places.hpp"

#include "host/cpus.hpp"

#include <algorithm>

namespace irqscope::cli {

std::vector<std::vector<int>> deal(const std::vector<int>& cpus, std::size_t most) {
    std::vector<std::vector<int>> parts(std::min(cpus.size(), most));
    for (std::size_t i = 0; i < cpus.size(); i++) parts[i * parts.size() / cpus.size()].push_back(cpus[i]);
    return parts;
}

std::vector<place> places(const std::vector<std::vector<int>>& parts, const std::vector<int>& stalled) {
    std::vector<place> all;
    for (const auto& part : parts) all.push_back({host::difference(part, stalled), 0});
    std::size_t rank = 0;
    for (place& one : all)
        if (!one.cpus.empty()) one.rank = rank++;
    for (std::size_t i = 0; i < all.size(); i++)
        if (all[i].cpus.empty()) all[i] = {parts[i], rank++};
    return all;
}

} // namespace irqscope::cli

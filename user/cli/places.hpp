// SPDX-License-Identifier: BSD-2-Clause
// Where each of several readers runs, and which of them comes first: so that whatever CPU is held, another reader's is
// not.
#pragma once

#include <cstddef>
#include <vector>

namespace irqscope::cli {

// The CPUs in parts that have none in common, at most so many, and none empty. cpus: ascending.
std::vector<std::vector<int>> deal(const std::vector<int>& cpus, std::size_t most);

struct place {
    std::vector<int> cpus;
    std::size_t rank = 0; // 0: it comes first
};

// One for each part, in their order: its CPUs without the stalled ones. Where all of them are stalled it stays, but
// leaves the work to those that are better off. stalled: ascending.
std::vector<place> places(const std::vector<std::vector<int>>& parts, const std::vector<int>& stalled);

} // namespace irqscope::cli

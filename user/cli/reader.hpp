// SPDX-License-Identifier: BSD-2-Clause
// This process on a sick host: it must be able to run there, and to leave.
#pragma once

#include <memory>
#include <vector>

namespace irqscope::cli {

// Real-time scheduling (SCHED_FIFO, the least priority), and its memory locked, as far as it is allowed; silently not
// where it is not: the tool works without, and answers later.
void become_urgent();

// The CPUs that this process may run on.
class affinity {
public:
    affinity(); // as they are now

    affinity(const affinity&) = delete;
    affinity& operator=(const affinity&) = delete;
    affinity(affinity&&) = default;
    affinity& operator=(affinity&&) = default;
    ~affinity();

    // From now on not on these, as long as others are left of those that it began with.
    void avoid(const std::vector<int>& cpus);

private:
    struct mask;
    std::unique_ptr<mask> whole_; // nothing: the kernel did not tell
    std::vector<int> avoided_;
};

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// Everything that was due to be seen and was not, by kind.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace irqscope::model {

struct lost {
    // Kind -> how many, summed over the CPUs; kinds with none are absent. The names are those of the JSON.
    std::map<std::string, std::uint64_t> counts;
    // Calls that the kernel skipped because the program was running on that CPU already, by program.
    std::map<std::string, std::uint64_t> recursion_misses;
    std::vector<int> cpus_gone; // online at the start, not at the end
    std::vector<int> cpus_come; // the other way round

    [[nodiscard]] bool nothing() const;
    void merge(const lost& other);
};

} // namespace irqscope::model

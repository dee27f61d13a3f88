// SPDX-License-Identifier: BSD-2-Clause
// The kernel's histograms, read again and again: what was counted since the last time, with u32 buckets widened.
#pragma once

#include "probe/session.hpp"
#include "result.hpp"
#include "stream/table.hpp"

#include <cstdint>
#include <map>
#include <utility>

namespace irqscope::probe {

// What `now` counted since `before`, added to the cell. `ended` is the epoch that ends with this reading: min and max
// are that epoch's, and of what came after it and is counted here already.
void add_difference(stream::table::cell& cell, const wire_histogram& before, const wire_histogram& now,
                    std::uint32_t ended);

class kernel_counts {
public:
    explicit kernel_counts(session& from) : from_(&from) {}

    // Adds what was counted since the last call to `into`. A bucket wraps after 2^32 samples: call it once a minute.
    // Fails (failed) with the system's reason.
    result<void> read(stream::table& into);

    // Samples in which the buckets and the exact count, read at rest, disagreed. Not 0 only by a defect.
    [[nodiscard]] std::uint64_t mismatches() const;

private:
    session* from_;
    std::map<std::pair<int, std::uint32_t>, wire_histogram> last_;
    std::map<std::pair<int, std::uint32_t>, std::uint64_t> samples_; // widened, by the buckets
};

} // namespace irqscope::probe

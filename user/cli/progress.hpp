// SPDX-License-Identifier: BSD-2-Clause
// Where a recording stands, on a terminal while it goes on and in a line at its end.
#pragma once

#include "model/snapshot.hpp"
#include "recording/recorder.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace irqscope::cli {

class progress {
public:
    // of: lives as long as this.
    progress(const recording::recorder& of, std::optional<std::uint64_t> duration_ns);

    // One more interval has gone by.
    void show(const model::snapshot& interval);
    void clear() const;
    // name: of the newest file.
    void sum_up(const std::string& name, bool with_spans) const;

private:
    const recording::recorder* of_;
    std::optional<std::uint64_t> duration_ns_;
    std::uint64_t ns_ = 0; // of the intervals so far
    std::uint64_t spans_ = 0;
    std::uint64_t lost_ = 0;
    bool shown_;
};

} // namespace irqscope::cli

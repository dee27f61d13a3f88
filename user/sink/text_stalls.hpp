// SPDX-License-Identifier: BSD-2-Clause
// Stalls for people: one after the other as they happen, and the answer at the end; at most 100 columns wide.
#pragma once

#include "sink/stall_sink.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace irqscope::sink {

class text_stalls final : public stall_sink {
public:
    // brief: a line a stall, without its stack.
    explicit text_stalls(bool brief = false) : brief_(brief) {}

    bool begin(const stalls_heading& heading) override;
    bool stall(const model::stall& one) override;
    bool report(const model::stalls_report& report) override;

    [[nodiscard]] static std::string text_of(const stalls_heading& heading);
    // Begins with the moment at which the stall ended (open: was looked at), twice: the wall clock, local, and the
    // seconds since boot for a look into dmesg. That is CLOCK_MONOTONIC, near which the kernel's printk clock
    // (local_clock) stays; where that one drifts or goes on in suspend, the two differ. A stack that the incident's last
    // one had with the same task is not said again.
    [[nodiscard]] std::string text_of(const model::stall& one) const;
    // When, where, what, how long, and in a few words who; cut so that it fits.
    [[nodiscard]] std::string brief_of(const model::stall& one) const;

private:
    // Who was there, and where, as it was printed.
    struct context {
        std::uint64_t incident = 0;
        std::string task;
        std::string stack;
    };

    [[nodiscard]] std::string context_of(const model::stall& one) const;

    bool brief_;
    stalls_heading heading_;
    std::map<int, context> contexts_; // by CPU, the last that was printed
    std::optional<int> last_cpu_;     // of the stall right above
    bool gap_ = false;                // the last line that was written is an empty one
};

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
// What changes from interval to interval: how many interrupts and softirqs each CPU had, and what was lost.
#pragma once

#include "exporting/perfetto_packets.hpp"
#include "exporting/perfetto_tracks.hpp"
#include "recording/replay.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::exporting {

class perfetto_counters {
public:
    static constexpr std::size_t most_kinds = 256; // of what is lost; no recording of ours has a tenth of it

    perfetto_counters(const recording::replay& of, recording::selection wanted, perfetto_packets& to,
                      perfetto_tracks& tracks);

    enum what { hardirqs, softirqs, whats };
    // A run that ended: it counts in the interval that is told next.
    void ran(what which, std::uint32_t cpu) {
        if (cpu >= runs_.size()) runs_.resize(cpu + 1);
        runs_[cpu].at(which)++;
    }

    void on_interval(const model::snapshot& one);
    void finish(std::uint64_t last_ns); // the rates are unknown from there on: 0
    void lose(const std::string& kind, std::uint64_t start_ns, std::uint64_t end_ns, std::uint64_t count);

private:
    using counts = std::array<std::uint64_t, whats>;
    struct track {
        std::optional<std::uint64_t> uuid; // nothing: there are too many
        std::uint64_t last_ns = 0;         // of what was written
        std::uint64_t total = 0;           // of lost ones
        bool is_zero = true;
    };

    void rate(std::uint32_t cpu, what which, std::uint64_t ns, double per_second);

    bool has_spans_;
    recording::selection wanted_;
    perfetto_packets* to_;
    perfetto_tracks* tracks_;
    std::vector<counts> runs_; // by CPU, since the last interval
    std::map<std::pair<std::uint32_t, what>, track> rates_;
    std::map<std::string, track> lost_;
    std::uint64_t reached_ns_ = 0; // the last interval's end
};

} // namespace irqscope::exporting

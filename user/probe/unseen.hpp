// SPDX-License-Identifier: BSD-2-Clause
// The kernel counts every softirq and interrupt itself. What it counted and none of our programs saw is lost, whatever
// the reason: a kernel may run no BPF program for a while and say so nowhere (docs/LOST.md).
#pragma once

#include "host/proc_counts.hpp"
#include "model/series.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace irqscope::probe {

class unseen {
public:
    // The kernel's counts just after the programs began to count. cpus: those watched, nothing: all.
    unseen(host::proc_counts softirqs, host::proc_counts interrupts, std::set<model::metric> metrics,
           std::optional<std::vector<int>> cpus);

    // So many spans that ended, or that a full ring dropped; all of an interval before until().
    void saw(const model::series_id& id, std::uint64_t count);

    // By the kernel's counts of a moment from which on `saw` knows everything: how many of each kind nobody has seen
    // since the start, at least. Spans under way are in `open`.
    [[nodiscard]] std::map<std::string, std::uint64_t> until(const host::proc_counts& softirqs,
                                                             const host::proc_counts& interrupts,
                                                             const std::vector<model::open_span>& open) const;

private:
    [[nodiscard]] std::string row_of(const model::series_id& id) const; // of an interrupt, in /proc/interrupts

    host::proc_counts softirqs_;
    host::proc_counts interrupts_;
    std::set<model::metric> metrics_;
    std::optional<std::vector<int>> cpus_;
    std::map<std::string, std::uint64_t> softirqs_seen_; // by row of /proc/softirqs
    // By row of /proc/interrupts and action: a shared interrupt runs each of its actions.
    std::map<std::string, std::map<std::string, std::uint64_t>> interrupts_seen_;
    bool slots_full_ = false; // some device interrupts were counted without their numbers
};

} // namespace irqscope::probe

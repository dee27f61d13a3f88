// SPDX-License-Identifier: BSD-2-Clause
// A perf.data of the stalls: an event for each kind, whose period is the stalled time. Names are the recording's own, so that perf
// needs no symbols of that kernel; addresses are made up, since a recording has none.
#pragma once

#include "exporting/call_chain.hpp"
#include "exporting/exporter.hpp"
#include "exporting/output.hpp"
#include "exporting/told_once.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace irqscope::exporting {

class perf final : public exporter {
public:
    // Into a file, or as perf reads it from a pipe where the output cannot be rewritten.
    perf(const recording::replay& of, output& to);

    void on_told(model::stall one) override { stalls_.told(std::move(one)); }
    result<void> finish() override;

private:
    struct task_name {
        std::string comm;
        bool changes = false; // it had more than one, and stalls do not come in the order of their times
    };

    void begin();
    void add(const model::stall& one);
    int name_task(const model::stall& one);
    std::uint64_t address_of(const frame& one);
    [[nodiscard]] std::vector<std::pair<unsigned, std::string>> features() const;

    const recording::header* about_;
    output* to_;
    told_once stalls_;
    std::map<std::string, std::uint64_t> functions_; // where each begins
    std::map<int, task_name> tasks_;                 // by pid
    std::vector<std::string> names_;                 // of the events
    std::uint64_t data_at_ = 0;
    std::uint64_t first_ns_ = UINT64_MAX;
    std::uint64_t last_ns_ = 0;
};

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
// From when to when each incident was, by the numbers that its stalls have.
#pragma once

#include "model/incidents.hpp"
#include "model/stall.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace irqscope::exporting {

struct incident_span {
    std::uint64_t number = 0;
    int cpu = 0;
    std::uint64_t start_ns = UINT64_MAX; // the first start of a stall of it
    std::uint64_t end_ns = 0;            // the last end; of one that is open, when it was looked at
    std::uint64_t stalls = 0;
    std::uint64_t longest_ns = 0;
    std::string longest; // what was described of that one
};

// An incident is told when no stall of it is open and none can join it any more: as model::incidents forgets it. One that a
// stall joins all the same is told once more, of that time.
class incident_spans {
public:
    static constexpr std::uint64_t settled_after_ns = model::incidents::fold_after_ns;
    static constexpr std::size_t most = model::incidents::most_incidents; // held, of a CPU

    // describe: of a stall that is the longest of its incident so far; short, since it is kept.
    incident_spans(std::function<std::string(const model::stall&)> describe,
                   std::function<void(const incident_span&)> tell)
        : describe_(std::move(describe)), tell_(std::move(tell)) {}

    void told(const model::stall& one); // one without a number is in none
    void over(const model::stall& ended);
    void rest();

private:
    struct held {
        incident_span span;
        std::vector<model::stall> open; // what tells which: kind, of, start
    };
    struct of_cpu {
        std::map<std::uint64_t, held> incidents; // by number, which is the order in which they began to be told
        std::uint64_t newest_end_ns = 0;
    };

    static bool close(held& one, const model::stall& ended);
    void settle(of_cpu& cpu);

    std::function<std::string(const model::stall&)> describe_;
    std::function<void(const incident_span&)> tell_;
    std::map<int, of_cpu> cpus_;
};

} // namespace irqscope::exporting

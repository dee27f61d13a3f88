// SPDX-License-Identifier: BSD-2-Clause
// The flight recorders of all CPUs: copied when a stall is told, and asked who had most of its time.
#pragma once

#include "model/stall.hpp"
#include "stream/catalog.hpp"
#include "stream/flight_log.hpp"
#include "wire.h"

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace irqscope::stream {

// What had not ended when the stall was told, up to `until_ns`.
std::vector<model::flight_span> open_in(const wire_stall& from, const catalog& names, std::uint64_t until_ns);

model::task task_of(const model::flight_span& span);

class flight_recorder {
public:
    // By CPU, both rings each (bpf/flight.bpf.h); the memory outlives this. None: there is no recorder.
    explicit flight_recorder(const std::map<int, std::span<const wire_flight>>& memory);

    // A stall's record has come, and `one` was made of it: reads what its CPU wrote, and fills in who had most of its time.
    // At once, for the CPU writes on.
    void see(const wire_stall& from, const catalog& names, model::stall& one);

    // What is recorded from ns before the stall's start to ns after its end, but not beyond now_ns (CLOCK_MONOTONIC).
    static constexpr std::size_t most_around = 200; // the first and the last so many spans
    void add_around(model::stall& one, const catalog& names, std::uint64_t ns, std::uint64_t now_ns);

private:
    struct of_cpu {
        explicit of_cpu(std::span<const wire_flight> memory) : log(memory) {}
        flight_log log;
        std::vector<model::flight_span> open; // when the last stall was told
    };
    std::map<int, of_cpu> cpus_;
};

} // namespace irqscope::stream

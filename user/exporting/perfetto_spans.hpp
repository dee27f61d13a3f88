// SPDX-License-Identifier: BSD-2-Clause
// A recording's spans: device interrupts and softirqs as ftrace events, the others as slices, each CPU's by themselves.
#pragma once

#include "exporting/perfetto_packets.hpp"
#include "exporting/perfetto_tracks.hpp"
#include "recording/replay.hpp"
#include "wire.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace irqscope::exporting {

class perfetto_spans {
public:
    perfetto_spans(const recording::replay& of, perfetto_packets& to, perfetto_tracks& tracks);
    perfetto_spans(const perfetto_spans&) = delete;
    perfetto_spans& operator=(const perfetto_spans&) = delete;
    perfetto_spans(perfetto_spans&&) = delete;
    perfetto_spans& operator=(perfetto_spans&&) = delete;
    ~perfetto_spans();

    void on_interrupt(const wire_span& span);
    void on_softirq(const wire_softirq_span& span);
    void on_wait(const wire_span& span); // irq_off and softirq_off; the others have no track
    void finish();

    [[nodiscard]] std::uint64_t left_out() const; // see nesting
    [[nodiscard]] std::uint64_t moved() const;

private:
    class ftrace_writer;
    class slice_writer;
    struct of_cpu;

    of_cpu& at(std::uint32_t cpu) {
        if (cpu < cpus_.size() && cpus_[cpu]) return *cpus_[cpu];
        return make(cpu);
    }
    of_cpu& make(std::uint32_t cpu);

    const recording::replay* of_;
    perfetto_packets* to_;
    perfetto_tracks* tracks_;
    std::size_t most_held_; // of a track
    std::vector<std::unique_ptr<of_cpu>> cpus_;
};

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
// A recording as a trace for Perfetto's UI and trace_processor: docs/PERFETTO.md.
#pragma once

#include "exporting/exporter.hpp"
#include "exporting/incident_spans.hpp"
#include "exporting/output.hpp"
#include "exporting/perfetto_counters.hpp"
#include "exporting/perfetto_packets.hpp"
#include "exporting/perfetto_spans.hpp"
#include "exporting/perfetto_tracks.hpp"
#include "exporting/told_once.hpp"

#include <cstdint>

namespace irqscope::exporting {

// On each track of the file the times ascend, and slices nest. Spans are held back for that, so many of each track; stalls and
// incidents are told whole, and one that comes too late for its track is on another one of the same name.
class perfetto final : public exporter {
public:
    perfetto(const recording::replay& of, const recording::selection& wanted, output& to);

    void on_interrupt(const wire_span& span) override;
    void on_softirq(const wire_softirq_span& span) override;
    void on_wait(const wire_span& span) override;
    void on_told(model::stall one) override;
    void on_told_over(const model::stall& one) override { incidents_.over(one); }
    void on_interval(const model::snapshot& one) override;
    result<void> finish() override;

private:
    void draw(const model::stall& one);
    void draw(const incident_span& one);

    perfetto_packets packets_;
    perfetto_tracks tracks_;
    perfetto_spans spans_;
    perfetto_counters counters_;
    told_once stalls_;
    incident_spans incidents_;
    std::uint64_t until_ns_;    // what was asked for
    std::uint64_t last_ns_ = 0; // of intervals and stalls, up to that
    std::uint64_t left_out_ = 0;
};

} // namespace irqscope::exporting

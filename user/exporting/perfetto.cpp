// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perfetto.hpp"

#include "exporting/perfetto_annotations.hpp"
#include "exporting/perfetto_stall.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace {

// Of a CPU's track of that kind: CPU by CPU, and there by kind.
int rank_of(int cpu, model::stall_kind kind) {
    return static_cast<int>(static_cast<unsigned>(cpu) * model::all_stall_kinds.size() + static_cast<unsigned>(kind));
}

std::string encoded(const incident_span& one) {
    std::string made;
    protozero::pbf_writer to(made);
    to.add_string(fields::track_event::name, fmt::format("incident {}", one.number));
    annotations said(to, fields::track_event::debug_annotations);
    said.number("stalls", one.stalls);
    return made + one.longest;
}

} // namespace

perfetto::perfetto(const recording::replay& of, const recording::selection& wanted, output& to)
    : packets_(of.about(), to), tracks_(packets_), spans_(of, packets_, tracks_),
      counters_(of, wanted, packets_, tracks_), stalls_([this](const model::stall& one) { draw(one); }),
      incidents_(perfetto_longest, [this](const incident_span& one) { draw(one); }), until_ns_(wanted.to_ns) {}

void perfetto::on_interrupt(const wire_span& span) {
    if (span.histogram >= WIRE_HIST_HARDIRQ_RUN) counters_.ran(perfetto_counters::hardirqs, span.cpu);
    spans_.on_interrupt(span);
}

void perfetto::on_softirq(const wire_softirq_span& span) {
    counters_.ran(perfetto_counters::softirqs, span.span.cpu);
    spans_.on_softirq(span);
}

void perfetto::on_wait(const wire_span& span) { spans_.on_wait(span); }

void perfetto::on_told(model::stall one) {
    incidents_.told(one);
    stalls_.told(std::move(one));
}

void perfetto::on_interval(const model::snapshot& one) {
    last_ns_ = std::max(last_ns_, std::min(one.start_ns + one.duration_ns, until_ns_));
    counters_.on_interval(one);
}

void perfetto::draw(const model::stall& one) {
    const bool of_thread = one.kind == model::stall_kind::ksoftirqd;
    const std::string name =
        of_thread ? fmt::format("CPU {}", one.cpu) : fmt::format("CPU {} {}", one.cpu, name_of(one.kind));
    last_ns_ = std::max(last_ns_, std::min(one.end_ns, until_ns_));
    if (!tracks_.slice(of_thread ? track_group::ksoftirqd : track_group::stalls, name, rank_of(one.cpu, one.kind),
                       {std::min(one.start_ns, one.end_ns), one.end_ns}, perfetto_stall(one)))
        left_out_++;
}

void perfetto::draw(const incident_span& one) {
    if (!tracks_.slice(track_group::incidents, fmt::format("CPU {}", one.cpu), one.cpu, {one.start_ns, one.end_ns},
                       encoded(one)))
        left_out_++;
}

result<void> perfetto::finish() {
    spans_.finish();
    stalls_.rest();
    incidents_.rest();
    counters_.finish(last_ns_);
    counters_.lose("left_out_of_this_trace", last_ns_, last_ns_, left_out_ + spans_.left_out());
    counters_.lose("moved_in_this_trace", last_ns_, last_ns_, spans_.moved());
    return {};
}

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perfetto_counters.hpp"

#include "sink/page.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace {

constexpr std::size_t longest_kind = 64;
constexpr double second_ns = 1e9;

std::optional<perfetto_counters::what> what_of(const model::series_id& id) {
    if (id.what == model::metric::hardirq_run) return perfetto_counters::hardirqs;
    if (id.what == model::metric::softirq_run) return perfetto_counters::softirqs;
    return {};
}

} // namespace

perfetto_counters::perfetto_counters(const recording::replay& of, recording::selection wanted, perfetto_packets& to,
                                     perfetto_tracks& tracks)
    : has_spans_(of.about().spans), wanted_(std::move(wanted)), to_(&to), tracks_(&tracks) {}

void perfetto_counters::rate(std::uint32_t cpu, what which, std::uint64_t ns, double per_second) {
    const auto [found, is_new] = rates_.try_emplace({cpu, which});
    track& at = found->second;
    if (is_new)
        at.uuid = tracks_->add_counter(track_group::rates,
                                       fmt::format("CPU {} {}/s", cpu, which == hardirqs ? "hardirqs" : "softirqs"),
                                       static_cast<int>(cpu) * whats + which);
    if (!at.uuid) return;
    at.last_ns = std::max(at.last_ns, ns);
    at.is_zero = per_second <= 0;
    to_->count(*at.uuid, at.last_ns, per_second);
}

// The kind's total up to end_ns grows by so many, of which nobody knows when in that time they were.
void perfetto_counters::lose(const std::string& kind, std::uint64_t start_ns, std::uint64_t end_ns,
                             std::uint64_t count) {
    if (count == 0) return;
    auto found = lost_.find(kind);
    if (found == lost_.end()) {
        if (lost_.size() == most_kinds) return;
        found = lost_.emplace(kind, track{}).first;
        track& made = found->second;
        made.uuid = tracks_->add_counter(track_group::lost, "lost: " + sink::printable(kind, longest_kind),
                                         static_cast<int>(lost_.size()));
        made.last_ns = start_ns;
        if (made.uuid) to_->count(*made.uuid, start_ns, std::uint64_t{0});
    }
    track& at = found->second;
    at.last_ns = std::max(at.last_ns, end_ns);
    at.total += count;
    if (at.uuid) to_->count(*at.uuid, at.last_ns, at.total);
}

void perfetto_counters::on_interval(const model::snapshot& one) {
    // what is drawn is not to reach beyond what was asked for: the UI would show all of that time
    const std::uint64_t start_ns = std::max(one.start_ns, wanted_.from_ns);
    const std::uint64_t end_ns = std::min(one.start_ns + one.duration_ns, wanted_.to_ns);
    if (end_ns <= start_ns) return;
    if (reached_ns_ < start_ns) finish(reached_ns_); // an interval is missing: nobody knows its rates
    reached_ns_ = std::max(reached_ns_, end_ns);
    std::uint64_t counted_ns = end_ns - start_ns;
    if (!has_spans_) { // the histograms are of all of it
        counted_ns = one.duration_ns;
        for (const model::series& series : one.all)
            if (const auto which = what_of(series.id); which && wanted_.has(series.cpu)) {
                const auto cpu = static_cast<std::size_t>(series.cpu);
                if (cpu >= runs_.size()) runs_.resize(cpu + 1);
                runs_[cpu].at(*which) += series.values.samples();
            }
    }
    for (std::uint32_t cpu = 0; cpu < runs_.size(); cpu++)
        for (const what which : {hardirqs, softirqs}) {
            const std::uint64_t runs = std::exchange(runs_[cpu].at(which), 0);
            const auto known = rates_.find({cpu, which});
            // a track for each that has any, and no second zero
            if (runs == 0 && (known == rates_.end() || known->second.is_zero)) continue;
            rate(cpu, which, start_ns, static_cast<double>(runs) * second_ns / static_cast<double>(counted_ns));
        }
    for (const auto& [kind, count] : one.lost.counts) lose(kind, start_ns, end_ns, count);
    std::uint64_t unseen = 0;
    for (const auto& [cpu, beats] : one.coverage.heartbeats)
        if (wanted_.has(cpu)) unseen += beats.unseen;
    lose("beats_unseen", start_ns, end_ns, unseen);
}

void perfetto_counters::finish(std::uint64_t last_ns) {
    for (const auto& [of, last] : rates_)
        if (!last.is_zero) rate(of.first, of.second, last_ns, 0);
}

} // namespace irqscope::exporting

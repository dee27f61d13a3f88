// SPDX-License-Identifier: BSD-2-Clause
#include "recording/slicing.hpp"

#include <algorithm>

namespace irqscope::recording {

namespace {

constexpr std::uint64_t shortest_ns = 20'000'000;

model::row_id row_of(const model::series_id& id, int cpu) {
    model::row_id made;
    made.id.what = id.what;
    made.id.key = id.key;
    made.id.irq = id.irq;
    made.cpu = cpu;
    return made;
}

} // namespace

std::uint64_t shortest_slice_ns(const header& about) { return about.spans ? shortest_ns : about.interval_ns(); }

model::sliced rows_of(const summing::sums& sums) {
    model::sliced made;
    made.start_ns = sums.histograms.start_ns;
    for (const model::series& one : sums.histograms.all) made.rows[row_of(one.id, one.cpu)].whole.merge(one.values);
    made.culprits = sums.stalls.culprits;
    return made;
}

slicing::slicing(model::sliced& of, const std::map<model::row_id, model::thresholds>& thresholds,
                 const stream::catalog& names, bool with_spans)
    : of_(&of), thresholds_(&thresholds), names_(&names), with_spans_(with_spans) {
    for (auto& [id, row] : of.rows) row.slices.resize(of.slices);
}

slicing::place slicing::place_of(const model::row_id& row) const {
    const auto found = of_->rows.find(row);
    const auto beyond = thresholds_->find(row);
    if (found == of_->rows.end() || beyond == thresholds_->end()) return {};
    return {&found->second, &beyond->second};
}

std::optional<std::size_t> slicing::slice_at(std::uint64_t ns) const {
    if (ns < of_->start_ns || of_->slice_ns == 0) return std::nullopt;
    const std::uint64_t which = (ns - of_->start_ns) / of_->slice_ns;
    if (which >= of_->slices) return std::nullopt;
    return which;
}

void slicing::count(const wire_span& span, std::uint32_t histogram, std::uint64_t ns, std::uint64_t nested_ns) {
    const auto which = slice_at(span.start_ns + span.duration_ns);
    if (!which) return;
    if (span.cpu >= places_.size()) places_.resize(span.cpu + 1);
    auto& of_cpu = places_[span.cpu];
    if (of_cpu.empty()) of_cpu.resize(WIRE_HISTS);
    auto& known = of_cpu.at(histogram);
    const int cpu = static_cast<int>(span.cpu);
    if (!known) known = place_of(row_of(names_->named(cpu, histogram), cpu));
    if (known->row != nullptr) known->row->count(*which, ns, nested_ns, *known->thresholds);
}

void slicing::on_softirq(const wire_softirq_span& span) {
    count(span.span, span.span.histogram, span.span.duration_ns, span.span.nested_ns);
    if (span.off_ns != WIRE_NO_LATENCY) count(span.span, WIRE_HIST_SOFTIRQ_OFF, span.off_ns, 0);
    if (span.latency_ns == WIRE_NO_LATENCY) return;
    count(span.span, stream::latency_of_run(span.span.histogram), span.latency_ns, 0);
}

void slicing::on_interval(const model::snapshot& one) {
    if (with_spans_) return;
    const auto which = slice_at(one.start_ns + one.duration_ns / 2);
    if (!which) return;
    for (const model::series& series : one.all)
        if (const place to = place_of(row_of(series.id, series.cpu)); to.row != nullptr)
            to.row->count(*which, series.values, *to.thresholds);
}

void slicing::on_told(model::stall one) { stalls_[one.cpu].emplace_back(one.start_ns, one.end_ns); }

void slicing::finish() {
    for (auto& [cpu, list] : stalls_) {
        auto& to = of_->stalled_ns[cpu];
        to.resize(of_->slices);
        std::sort(list.begin(), list.end());
        std::uint64_t done_ns = of_->start_ns;
        for (auto [start_ns, end_ns] : list) {
            start_ns = std::max(start_ns, done_ns);
            for (auto which = slice_at(start_ns); which && start_ns < end_ns; which = slice_at(start_ns)) {
                const std::uint64_t until_ns = std::min(end_ns, of_->start_ns + (*which + 1) * of_->slice_ns);
                to[*which] += until_ns - start_ns;
                start_ns = until_ns;
            }
            done_ns = std::max(done_ns, end_ns);
        }
    }
}

} // namespace irqscope::recording

// SPDX-License-Identifier: BSD-2-Clause
#include "recording/summing.hpp"

#include "host/cpus.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::recording {

void summing::on_told(model::stall one) {
    if (one.state == model::stall_state::ended) incidents_.over(one);
    incidents_.add(one);
    tell_(one);
}

void summing::on_interval(const model::snapshot& one) {
    if (!intervals_)
        intervals_ = one;
    else
        intervals_->join(one);
}

// It comes behind its interval, if that is wanted; what comes before the first of those was so before.
void summing::on_untold(const untold& so_far) {
    if (!intervals_)
        before_ = so_far;
    else
        until_ = so_far;
}

summing::sums summing::whole(const replay& of) {
    const header& about = of.about();
    const account& read = of.read();
    sums made;
    model::snapshot& to = made.histograms;
    if (intervals_) to = std::move(*intervals_);
    to.host = about.host;
    to.kernel = about.kernel;
    to.machine = about.machine;
    to.metrics = about.metrics;
    // Behind the last interval there may be spans: a recording that was cut off.
    const std::uint64_t until_ns = std::min(std::max(read.last_ns, to.start_ns + to.duration_ns), wanted_.to_ns);
    if (to.start_ns == 0)
        to.start_ns = read.last_ns == 0 ? about.monotonic_ns : std::max(read.first_ns, wanted_.from_ns);
    for (const damage& one : of.file().damages())
        if (one.is == damage::what::payload && one.kind == chunk_kind::spans)
            to.lost.counts["spans_in_damaged_chunks"] += one.records;
        else if (one.is == damage::what::payload)
            to.lost.counts["damaged_chunks"]++;
        else if (one.is != damage::what::cut)
            to.lost.counts["missing_chunks"] += one.is == damage::what::missing ? one.size : one.records;
    if (!of.file().has_end()) to.lost.counts["recording_not_ended"] = 1;
    if (until_ns > to.start_ns + to.duration_ns) to.duration_ns = until_ns - to.start_ns;
    if (about.spans && (wanted_.from_ns > to.start_ns || wanted_.to_ns < to.start_ns + to.duration_ns)) {
        const std::uint64_t from_ns = std::max(wanted_.from_ns, to.start_ns);
        to.part_ns = {from_ns, std::max(from_ns, std::min(wanted_.to_ns, to.start_ns + to.duration_ns))};
    }
    to.start_time = about.wall_of(to.part_ns ? to.part_ns->first : to.start_ns);
    if (to.coverage.cpus.empty()) to.coverage.cpus = about.cpus;
    if (about.spans) to.coverage.aggregation = "recording";
    model::snapshot counted;
    counted.start_ns = to.start_ns;
    counted.all = counts_.take().named(of.names());
    counted.duration_ns = to.duration_ns;
    counted.open = std::move(to.open);
    counted.lost.cpus_gone = to.lost.cpus_gone;
    counted.lost.cpus_come = to.lost.cpus_come;
    counted.cost.bpf_ns_per_call = to.cost.bpf_ns_per_call;
    to.join(counted);
    if (wanted_.cpus) {
        const auto other = [this](const auto& one) { return !wanted_.has(one.cpu); };
        std::erase_if(to.all, other);
        std::erase_if(to.open, other);
        if (to.split) std::erase_if(to.split->cpus, other);
        std::erase_if(to.coverage.heartbeats, [this](const auto& one) { return !wanted_.has(one.first); });
        to.coverage.cpus = host::intersection(to.coverage.cpus, *wanted_.cpus);
        to.coverage.without_beat = host::intersection(to.coverage.without_beat, *wanted_.cpus);
    }
    incidents_.look(until_ns);
    incidents_.report(made.stalls);
    made.stalls.whole = to;
    made.stalls.whole.all.clear();
    for (const auto& [why, all] : until_.asides) {
        const model::set_aside none;
        const model::set_aside& early = before_ && before_->asides.contains(why) ? before_->asides.at(why) : none;
        if (all.count > early.count)
            made.stalls.asides[why] = {all.count - early.count, all.total_ns - early.total_ns, all.max_ns};
    }
    for (const auto& [kind, all] : until_.suppressed) {
        const std::uint64_t early = before_ && before_->suppressed.contains(kind) ? before_->suppressed.at(kind) : 0;
        if (all > early) made.stalls.suppressed[kind] = all - early;
    }
    return made;
}

} // namespace irqscope::recording

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/measurement.hpp"

#include "host/cpus.hpp"
#include "host/proc_counts.hpp"
#include "host/system.hpp"
#include "probe/untraced.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <sys/resource.h>
#include <utility>

namespace irqscope::probe {

namespace {

using model::metric;

// In the order of enum wire_lost; the names are those of the JSON.
constexpr std::array<std::string_view, WIRE_LOST_KINDS> lost_names{
    "hardirq_entries_without_exit", "hardirq_exits_without_entry",  "sysvec_entries_without_exit",
    "sysvec_exits_without_entry",   "softirq_entries_without_exit", "softirq_exits_without_entry",
    "softirq_raises_unseen",        "interrupts_nested_too_deep",   "softirq_contexts_unknown",
    "softirq_contexts_misread"};

std::uint64_t ns_of(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_usec) * 1000;
}

rusage own_usage() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage;
}

std::vector<int> difference(const std::vector<int>& from, const std::vector<int>& what) {
    std::vector<int> left;
    std::set_difference(from.begin(), from.end(), what.begin(), what.end(), std::back_inserter(left));
    return left;
}

std::vector<int> intersection(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<int> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

// Calls of our programs, by what they counted: a raise is one, every other span two.
std::uint64_t calls_of(const std::vector<model::series>& all, const std::set<metric>& metrics, std::uint64_t raises) {
    std::uint64_t calls = raises;
    // softirq_entry and softirq_exit run for either metric
    const metric softirqs = metrics.contains(metric::softirq_run) ? metric::softirq_run : metric::softirq_latency;
    for (const model::series& one : all)
        if (one.id.what == softirqs || one.id.what == metric::hardirq_run || one.id.what == metric::sysvec_run)
            calls += 2 * (one.values.samples() + one.dropped);
    return calls;
}

} // namespace

result<measurement> measurement::start(const kernel& on, const session_options& options) {
    const auto online = host::online_cpus();
    if (!online) return tl::unexpected(online.error());
    auto programs = session::load(on, options);
    if (!programs) return tl::unexpected(programs.error());

    measurement made(std::make_unique<state>(std::move(*programs), options.metrics.contains(metric::softirq_run),
                                             options.metrics.contains(metric::softirq_latency)));
    state& inner = *made.state_;
    if (options.stream) {
        auto reader = stream::ring_reader::open(inner.programs.rings(), inner.streamed);
        if (!reader) return tl::unexpected(reader.error());
        inner.reader = std::move(*reader);
    }
    made.ns_per_call_ = inner.programs.calibrate();
    made.online_at_start_ = *online;
    if (const auto interrupts = host::read_interrupts())
        made.untraced_labels_ = probe::untraced_labels(on, *interrupts);
    if (const auto attached = inner.programs.attach(); !attached) return tl::unexpected(attached.error());
    made.interval_start_ns_ = host::monotonic_ns();
    made.interval_start_time_ = std::chrono::system_clock::now();
    made.before_ = made.count({});
    return made;
}

std::vector<int> measurement::descriptors() const {
    return state_->reader ? state_->reader->descriptors() : std::vector<int>{};
}

bool measurement::drain() { return state_->reader && state_->reader->drain(); }

result<void> measurement::refresh() { return state_->kernel.read(state_->table); }

measurement::counters measurement::count(const by_cpu<wire_cpu_state>& states) const {
    counters now;
    for (const auto& [cpu, here] : states) {
        now.raises += here.raises;
        for (std::size_t kind = 0; kind < lost_names.size(); kind++)
            if (here.lost[kind] != 0) // NOLINT(*-constant-array-index)
                now.lost.counts[std::string(lost_names.at(kind))] += here.lost[kind]; // NOLINT(*-constant-array-index)
    }
    now.lost.recursion_misses = state_->programs.recursion_misses();
    const rusage usage = own_usage();
    now.user_cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
    const auto& cpus = state_->programs.options().cpus;
    if (const auto interrupts = host::read_interrupts())
        for (const std::string& label : untraced_labels_)
            if (const auto row = interrupts->find(label); row != interrupts->end()) {
                std::uint64_t sum = 0;
                for (const auto& [cpu, count] : row->second.by_cpu)
                    if (!cpus || std::binary_search(cpus->begin(), cpus->end(), cpu)) sum += count;
                now.untraced[label] = sum;
            }
    return now;
}

std::vector<model::open_span> measurement::open_spans(const by_cpu<wire_cpu_state>& states,
                                                      const stream::catalog& names, std::uint64_t end_ns) const {
    std::vector<model::open_span> open;
    const auto add = [&](int cpu, model::series_id id, std::uint64_t start_ns) {
        if (start_ns != 0 && start_ns <= end_ns) open.push_back({std::move(id), cpu, start_ns, end_ns - start_ns});
    };
    const auto& metrics = state_->programs.options().metrics;
    for (const auto& [cpu, here] : states) {
        for (std::uint32_t depth = 0; depth < std::min<std::uint32_t>(here.depth, WIRE_INTERRUPT_DEPTH); depth++) {
            const wire_interrupt_frame& frame = here.interrupts[depth]; // NOLINT(*-constant-array-index)
            add(cpu, frame.action != 0 ? names.hardirq_run(cpu, frame.key) : names.sysvec_run(frame.key),
                frame.start_ns);
        }
        if (metrics.contains(metric::softirq_run))
            add(cpu, names.softirq_run(here.softirq.vector, here.softirq.context), here.softirq.start_ns);
        for (std::uint32_t vector = 0; vector < WIRE_VECTORS; vector++)
            add(cpu, names.softirq_latency(vector), here.raised_ns[vector]); // NOLINT(*-constant-array-index)
    }
    return open;
}

result<void> measurement::collect(const by_cpu<wire_cpu_state>& states, bool last) {
    state& inner = *state_;
    const session_options& options = inner.programs.options();
    while (drain()) {
        if (!last) break; // the next turn goes on
    }
    // Also with a stream alone: the kernel counts there what the rings dropped.
    if (const auto read = inner.kernel.read(inner.table); !read) return read;
    if (options.stream && !options.kernel_histograms) inner.table.merge(inner.streamed.take());
    if (last && options.stream && !options.kernel_histograms && options.metrics.contains(metric::softirq_latency))
        // A softirq that still runs has had its latency, which the stream would have told at its end.
        for (const auto& [cpu, here] : states)
            if (here.softirq.start_ns != 0 && here.softirq.latency_ns != WIRE_NO_LATENCY)
                inner.table.at(cpu, WIRE_HIST_SOFTIRQ_LATENCY + here.softirq.vector)
                    .values.count(here.softirq.latency_ns);
    return {};
}

void measurement::fill_lost(model::snapshot& to, const counters& now) const {
    for (const auto& [kind, count] : now.lost.counts) {
        const auto found = before_.lost.counts.find(kind);
        const std::uint64_t earlier = found == before_.lost.counts.end() ? 0 : found->second;
        if (count > earlier) to.lost.counts[kind] = count - earlier;
    }
    for (const auto& [program, count] : now.lost.recursion_misses) {
        const auto found = before_.lost.recursion_misses.find(program);
        const std::uint64_t earlier = found == before_.lost.recursion_misses.end() ? 0 : found->second;
        if (count > earlier) to.lost.recursion_misses[program] = count - earlier;
    }
    std::uint64_t dropped = 0;
    for (const model::series& one : to.all) dropped += one.dropped;
    if (dropped != 0) to.lost.counts["samples_dropped_by_full_rings"] = dropped;
    if (state_->reader && state_->reader->unknown() != 0)
        to.lost.counts["records_unknown"] = state_->reader->unknown();
}

result<model::snapshot> measurement::close_interval(bool last) {
    state& inner = *state_;
    const session_options& options = inner.programs.options();
    const std::uint64_t end_ns = host::monotonic_ns();
    const auto end_time = std::chrono::system_clock::now();
    // Before the programs go: exits that come when the entries are gone already would look lost.
    auto states = inner.programs.states();
    if (!states) return tl::unexpected(states.error());
    counters now = count(*states);
    const auto kernel_bytes = inner.programs.kernel_bytes();
    if (last) {
        inner.programs.detach();
        states = inner.programs.states();
        if (!states) return tl::unexpected(states.error());
    }
    if (const auto collected = collect(*states, last); !collected) return tl::unexpected(collected.error());
    const auto names = inner.programs.catalog(*states);
    if (!names) return tl::unexpected(names.error());

    model::snapshot snapshot;
    const host::system system = host::read_system();
    snapshot.host = system.host;
    snapshot.kernel = system.kernel;
    snapshot.machine = system.machine;
    snapshot.start_ns = interval_start_ns_;
    snapshot.start_time = interval_start_time_;
    snapshot.duration_ns = end_ns - interval_start_ns_;
    for (const metric which : model::all_metrics)
        if (options.metrics.contains(which)) snapshot.metrics.push_back(which);
    snapshot.all = inner.table.named(*names);
    snapshot.open = open_spans(*states, *names, end_ns);
    fill_lost(snapshot, now);
    if (last && options.kernel_histograms && inner.kernel.mismatches() != 0)
        snapshot.lost.counts["samples_that_buckets_and_counts_disagree_on"] = inner.kernel.mismatches();
    if (const auto online = host::online_cpus()) {
        snapshot.lost.cpus_gone = difference(online_at_start_, *online);
        snapshot.lost.cpus_come = difference(*online, online_at_start_);
        snapshot.coverage.cpus = options.cpus ? intersection(*options.cpus, *online) : *online;
    }
    snapshot.coverage.programs = inner.programs.programs();
    snapshot.coverage.aggregation = options.kernel_histograms ? "kernel" : "stream";
    snapshot.coverage.softirq_contexts = inner.programs.contexts() ? "caller" : "unknown";
    snapshot.coverage.reraises = inner.programs.reraises();
    snapshot.coverage.nested =
        options.metrics.contains(metric::hardirq_run) && options.metrics.contains(metric::sysvec_run);
    for (const auto& [label, count] : now.untraced)
        snapshot.coverage.untraced.emplace_back(label, count - std::min(count, before_.untraced[label]));
    for (const auto& [cpu, here] : *states)
        if (here.slots_used >= WIRE_IRQ_SLOTS) snapshot.coverage.slots_full = true;
    snapshot.cost = {calls_of(snapshot.all, options.metrics, now.raises - before_.raises), ns_per_call_,
                     now.user_cpu_ns - before_.user_cpu_ns,
                     static_cast<std::uint64_t>(own_usage().ru_maxrss) * 1024, kernel_bytes};

    inner.table = {};
    interval_start_ns_ = end_ns;
    interval_start_time_ = end_time;
    before_ = std::move(now);
    return snapshot;
}

result<model::snapshot> measurement::interval() { return close_interval(false); }
result<model::snapshot> measurement::finish() { return close_interval(true); }

} // namespace irqscope::probe

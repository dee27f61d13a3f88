// SPDX-License-Identifier: BSD-2-Clause
#include "probe/measurement.hpp"

#include "host/cpus.hpp"
#include "host/proc_counts.hpp"
#include "host/system.hpp"
#include "probe/untraced.hpp"

#include <algorithm>
#include <array>
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
    "softirq_contexts_misread",     "softirq_entries_unseen",       "stalls_dropped_by_full_rings",
    "ksoftirqd_sleeps_unseen",      "ksoftirqd_wakings_unseen",     "task_switches_unseen"};

std::uint64_t ns_of(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_usec) * 1000;
}

rusage own_usage() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage;
}

std::uint64_t earlier(const std::map<std::string, std::uint64_t>& counts, const std::string& name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
}

// Calls of our programs, by what they counted: a raise is one, every other span two.
std::uint64_t calls_of(const measurement::counted_spans& all, bool run, std::uint64_t raises) {
    std::uint64_t calls = raises;
    // softirq_entry and softirq_exit run for either metric
    const metric softirqs = run ? metric::softirq_run : metric::softirq_latency;
    for (const auto& [id, count] : all)
        if (id.what == softirqs || id.what == metric::hardirq_run || id.what == metric::sysvec_run) calls += 2 * count;
    return calls;
}

// The split's programs count what nobody may have asked for.
void leave_asked_for(model::snapshot& in, const std::set<metric>& metrics) {
    const auto unasked = [&metrics](const auto& one) { return !metrics.contains(one.id.what); };
    std::erase_if(in.all, unasked);
    std::erase_if(in.open, unasked);
}

} // namespace

result<measurement> measurement::start(const kernel& on, const session_options& options, stream::span_sink* spans) {
    const auto online = host::online_cpus();
    if (!online) return tl::unexpected(online.error());
    auto programs = session::load(on, options);
    if (!programs) return tl::unexpected(programs.error());

    measurement made(std::make_unique<state>(std::move(*programs), options.wants_softirq_runs(),
                                             options.metrics.contains(metric::softirq_latency), spans));
    state& inner = *made.state_;
    if (options.wants_rings()) {
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
    auto counted = made.count();
    if (!counted) return tl::unexpected(counted.error());
    made.before_ = std::move(*counted);
    if (options.wants_split())
        if (const auto begun = made.split_.begin(made.state_->programs); !begun) return tl::unexpected(begun.error());
    made.unseen_.emplace(made.before_.softirqs, made.before_.interrupts, options.metrics, options.cpus);
    return made;
}

std::vector<int> measurement::descriptors() const {
    return state_->reader ? state_->reader->descriptors() : std::vector<int>{};
}

std::vector<int> measurement::watched() const {
    const auto online = host::online_cpus().value_or(std::vector<int>{});
    const auto& wanted = state_->programs.options().cpus;
    return wanted ? host::intersection(*wanted, online) : online;
}

result<void> measurement::add_untold(model::stalls_report& to) const {
    const auto states = state_->programs.states();
    if (!states) return tl::unexpected(states.error());
    constexpr std::array asides{model::aside::idle_exit, model::aside::hang}; // in the order of enum wire_aside_kind
    static_assert(asides.size() == WIRE_ASIDES);
    for (const auto& [cpu, here] : *states) {
        for (std::size_t i = 0; i < asides.size(); i++) {
            const wire_aside& from = here.asides[i]; // NOLINT(*-constant-array-index)
            if (from.count == 0) continue;
            model::set_aside& sum = to.asides[asides.at(i)];
            sum.count += from.count;
            sum.total_ns += from.total_ns;
            sum.max_ns = std::max<std::uint64_t>(sum.max_ns, from.max_ns);
        }
        for (std::uint32_t kind = 0; kind < WIRE_STALL_KINDS; kind++)
            if (const std::uint64_t count = here.suppressed[kind]; count != 0) // NOLINT(*-constant-array-index)
                to.suppressed[stream::stall_kind_of(kind)] += count;
    }
    return {};
}

bool measurement::drain() { return state_->reader && state_->reader->drain(); }

result<void> measurement::refresh() { return state_->kernel.read(state_->table); }

// The kernel's own counts first: what they hold, our maps hold when they are read after it.
result<measurement::counters> measurement::count() const {
    counters now;
    auto softirqs = host::read_softirqs();
    if (!softirqs) return tl::unexpected(softirqs.error());
    now.softirqs = std::move(*softirqs);
    auto interrupts = host::read_interrupts();
    if (!interrupts) return tl::unexpected(interrupts.error());
    now.interrupts = std::move(*interrupts);
    const auto states = state_->programs.states();
    if (!states) return tl::unexpected(states.error());
    for (const auto& [cpu, here] : *states) {
        now.raises += here.raises;
        for (std::size_t kind = 0; kind < lost_names.size(); kind++)
            if (here.lost[kind] != 0)                                                 // NOLINT(*-constant-array-index)
                now.lost.counts[std::string(lost_names.at(kind))] += here.lost[kind]; // NOLINT(*-constant-array-index)
    }
    now.lost.recursion_misses = state_->programs.recursion_misses();
    const rusage usage = own_usage();
    now.user_cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
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
    if (last && options.stream && !options.kernel_histograms)
        // A softirq that still runs has had its latency, and its off-time; the stream would have told them at its end.
        for (const auto& [cpu, here] : states) {
            const wire_softirq_frame& now = here.softirq;
            if (now.start_ns == 0) continue;
            if (options.metrics.contains(metric::softirq_latency) && now.latency_ns != WIRE_NO_LATENCY)
                inner.table.at(cpu, WIRE_HIST_SOFTIRQ_LATENCY + now.vector).values.count(now.latency_ns);
            if (options.metrics.contains(metric::softirq_off) && now.off_ns != WIRE_NO_LATENCY)
                inner.table.at(cpu, WIRE_HIST_SOFTIRQ_OFF).values.count(now.off_ns);
        }
    return {};
}

result<void> measurement::take_split(model::snapshot& to) {
    if (!state_->programs.options().wants_split()) return {};
    auto split = split_.take(state_->programs, watched());
    if (!split) return tl::unexpected(split.error());
    to.split = std::move(*split);
    return {};
}

void measurement::fill_lost(model::snapshot& to, counters& now, const counted_spans& seen) {
    if (state_->reader && state_->reader->unknown() != 0)
        now.lost.counts["records_unknown"] = state_->reader->unknown();
    if (const std::uint64_t count = state_->streamed.unsound_breakdowns(); count != 0)
        now.lost.counts["breakdowns_unsound"] = count;
    for (const auto& [id, count] : seen) unseen_->saw(id, count);
    for (const auto& [kind, count] : unseen_->until(now.softirqs, now.interrupts, to.open))
        now.lost.counts[kind] = std::max(count, earlier(before_.lost.counts, kind));
    for (const auto& [kind, count] : now.lost.counts)
        if (const std::uint64_t before = earlier(before_.lost.counts, kind); count > before)
            to.lost.counts[kind] = count - before;
    for (const auto& [program, count] : now.lost.recursion_misses)
        if (const std::uint64_t before = earlier(before_.lost.recursion_misses, program); count > before)
            to.lost.recursion_misses[program] = count - before;
    std::uint64_t dropped = 0;
    for (const model::series& one : to.all) dropped += one.dropped;
    if (dropped != 0) to.lost.counts["samples_dropped_by_full_rings"] = dropped;
    if (const auto online = host::online_cpus()) {
        to.lost.cpus_gone = host::difference(online_at_start_, *online);
        to.lost.cpus_come = host::difference(*online, online_at_start_);
    }
}

// Since each heartbeat began. Between two of the kernel's writes to them the figures may be off by the beat under way.
std::map<int, model::beats> measurement::beats_of(const by_cpu<wire_cpu_state>& states, std::uint64_t end_ns) const {
    const session& programs = state_->programs;
    const std::uint64_t period = programs.options().beat_ns;
    std::map<int, model::beats> all;
    for (const auto& [cpu, here] : states) {
        const wire_beats& from = here.beats;
        if (from.generation == 0) continue; // not one beat has come
        const bool beats = std::binary_search(beating_.begin(), beating_.end(), cpu);
        // On a CPU that has gone none is due after the last that came.
        const std::uint64_t until =
            beats ? std::max<std::uint64_t>({end_ns, from.first_ns, from.last_ns}) : here.due_ns - 1;
        all[cpu] = {from.past_due + (until - from.first_ns) / period + 1,
                    from.seen,
                    from.late,
                    from.skipped,
                    from.unseen,
                    from.restarts,
                    programs.soft_beats()};
    }
    for (const int cpu : beating_) all[cpu].soft = programs.soft_beats(); // also those of which nothing is known yet
    return all;
}

void measurement::fill_beats(model::coverage& to, const by_cpu<wire_cpu_state>& states, std::uint64_t end_ns) {
    const session_options& options = state_->programs.options();
    if (!options.wants_beats()) return;
    to.beat_ns = options.beat_ns;
    auto now = beats_of(states, end_ns);
    for (const auto& [cpu, here] : now) {
        const model::beats& before = beats_before_[cpu];
        to.heartbeats[cpu] = {here.due - std::min(before.due, here.due),
                              here.seen - before.seen,
                              here.late - before.late,
                              here.skipped - before.skipped,
                              here.unseen - before.unseen,
                              here.restarts - before.restarts,
                              here.soft};
    }
    to.without_beat = without_beat_;
    beats_before_ = std::move(now);
}

void measurement::fill_coverage(model::snapshot& to, const counters& now, const by_cpu<wire_cpu_state>& states) const {
    const session& programs = state_->programs;
    const session_options& options = programs.options();
    model::coverage& coverage = to.coverage;
    coverage.cpus = watched();
    coverage.programs = programs.programs();
    coverage.aggregation = options.kernel_histograms ? "kernel" : "stream";
    coverage.softirq_contexts = programs.contexts() ? "caller" : "unknown";
    coverage.reraises = programs.reraises();
    coverage.flight_spans = programs.flights().empty() ? 0 : options.flight_spans;
    coverage.nested = options.wants_split() ||
                      (options.metrics.contains(metric::hardirq_run) && options.metrics.contains(metric::sysvec_run));
    for (const std::string& label : untraced_labels_) {
        const auto row = now.interrupts.find(label);
        const auto before = before_.interrupts.find(label);
        if (row == now.interrupts.end() || before == before_.interrupts.end()) continue;
        const std::uint64_t came = row->second.on(coverage.cpus);
        coverage.untraced.emplace_back(label, came - std::min(came, before->second.on(coverage.cpus)));
    }
    for (const auto& [cpu, here] : states)
        if (here.slots_used >= WIRE_IRQ_SLOTS) coverage.slots_full = true;
}

result<model::snapshot> measurement::close_interval(bool last) {
    state& inner = *state_;
    const session_options& options = inner.programs.options();
    const std::uint64_t end_ns = host::monotonic_ns();
    const auto end_time = std::chrono::system_clock::now();
    // Before the programs go: exits that come when the entries are gone already would look lost.
    auto now = count();
    if (!now) return tl::unexpected(now.error());
    const auto kernel_bytes = inner.programs.kernel_bytes();
    beating_ = inner.programs.beating();
    without_beat_ = inner.programs.without_beat();
    model::snapshot snapshot;
    if (const auto split = take_split(snapshot); !split) return tl::unexpected(split.error());
    if (last) inner.programs.detach();
    const auto states = inner.programs.states();
    if (!states) return tl::unexpected(states.error());
    if (const auto collected = collect(*states, last); !collected) return tl::unexpected(collected.error());
    const auto names = inner.programs.catalog(*states);
    if (!names) return tl::unexpected(names.error());

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
    counted_spans seen = inner.streamed.handed_on().take(*names); // none of them is in the snapshot
    if (options.kernel_histograms) seen.clear();                  // but for these
    for (const model::series& one : snapshot.all) seen.emplace_back(one.id, one.values.samples() + one.dropped);
    fill_lost(snapshot, *now, seen);
    if (last && options.kernel_histograms && inner.kernel.mismatches() != 0)
        snapshot.lost.counts["samples_that_buckets_and_counts_disagree_on"] = inner.kernel.mismatches();
    fill_coverage(snapshot, *now, *states);
    fill_beats(snapshot.coverage, *states, end_ns);
    const bool run = options.wants_softirq_runs();
    const std::uint64_t others = now->raises - before_.raises + (options.wants_split() ? split_.context_switches() : 0);
    snapshot.cost = {calls_of(seen, run, others), ns_per_call_, now->user_cpu_ns - before_.user_cpu_ns,
                     static_cast<std::uint64_t>(own_usage().ru_maxrss) * 1024, kernel_bytes};
    if (options.wants_split()) leave_asked_for(snapshot, options.metrics);

    inner.table = {};
    interval_start_ns_ = end_ns;
    interval_start_time_ = end_time;
    before_ = std::move(*now);
    return snapshot;
}

result<model::snapshot> measurement::interval() { return close_interval(false); }
result<model::snapshot> measurement::finish() { return close_interval(true); }

} // namespace irqscope::probe

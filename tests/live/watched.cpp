// SPDX-License-Identifier: BSD-2-Clause
#include "live/watched.hpp"

#include "host/system.hpp"
#include "host/watchdog.hpp"
#include "live/support.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <thread>

namespace irqscope::live {

using model::stall_kind;

namespace {

probe::measurement start(const thresholds& above, std::uint64_t beat_ns, std::uint32_t flight_spans, lockups_by by) {
    probe::session_options options;
    options.stalls = above;
    options.lockup_scaled = true;
    if (by == lockups_by::watchdog) options.watchdog_cpus = host::read_watchdog().cpus;
    if (above.contains(stall_kind::ksoftirqd))
        options.metrics.insert({model::metric::ksoftirqd_latency, model::metric::ksoftirqd_run});
    options.beat_ns = beat_ns;
    options.ring_bytes = 1U << 22;
    options.flight_spans = flight_spans;
    options.stall_rate = 1'000'000; // every one is wanted
    const auto kernel = must(probe::kernel::inspect({}));
    return must(probe::measurement::start(kernel, options));
}

} // namespace

thresholds low_thresholds() {
    thresholds all;
    for (const stall_kind kind : model::all_stall_kinds)
        if (kind != stall_kind::lockup) all[kind] = 1'000'000;
    return all;
}

thresholds default_thresholds() {
    return {{stall_kind::irq_off, 1'000'000},         {stall_kind::softirq_off, 2'000'000},
            {stall_kind::softirq_latency, 2'000'000}, {stall_kind::softirq_run, 10'000'000},
            {stall_kind::hardirq_run, 1'000'000},     {stall_kind::ksoftirqd, 10'000'000}};
}

watched::watched(const thresholds& above, std::uint64_t beat_ns, std::uint32_t flight_spans, lockups_by by)
    : running_(start(above, beat_ns, flight_spans, by)), symbols_(must(symbols::live_symbols::open())),
      recorder_(running_.programs().flights()), flow_(above, symbols_, &recorder_) {}

void watched::take() {
    const auto records = running_.take_stalls();
    if (records.empty()) return;
    const auto names = must(running_.programs().catalog());
    for (const auto& record : records) flow_.add(record, names);
}

void watched::look() {
    while (running_.drain()) {
    }
    take();
    for (model::stall& one : flow_.take(host::monotonic_ns())) told_.push_back(std::move(one));
}

void watched::settle() {
    for (int i = 0; i < 6; i++) {
        sleep_ms(50);
        look();
    }
}

std::vector<model::stall> watched::at(const model::truth& truth) const {
    std::vector<model::stall> found;
    for (const model::stall& one : told_)
        if (one.cpu == truth.cpu && one.start_ns < truth.end_ns && one.end_ns > truth.start_ns) found.push_back(one);
    return found;
}

model::stalls_report watched::finish() {
    model::stalls_report report;
    const std::uint64_t end_ns = host::monotonic_ns();
    report.whole = must(running_.interval());
    take();
    for (model::stall& one : flow_.take_rest(end_ns)) told_.push_back(std::move(one));
    flow_.report(report);
    must(running_.add_untold(report));
    return report;
}

bool ends_in_a_thunk(const model::stall& one) {
    return one.stack.size() == 1 && one.stack.front().find("x86_indirect_thunk_") != std::string::npos;
}

std::string words_of(const model::stall& one) {
    const auto ms = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e6; };
    return fmt::format("{} {} CPU {} #{} {:.3f} .. {:.3f} ms, {}{}, {} {}: {}", model::name_of(one.kind),
                       model::name_of(one.state), one.cpu, one.incident, ms(one.at_least_ns),
                       ms(one.less_than_ns.value_or(one.at_least_ns)), one.of ? one.of->key + " " : "",
                       model::culprit_of(one), model::name_of(one.stack_is), one.current.comm,
                       fmt::join(one.stack, " <- "));
}

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

} // namespace irqscope::live

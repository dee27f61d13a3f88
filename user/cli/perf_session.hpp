// SPDX-License-Identifier: BSD-2-Clause
// A perf that runs beside us: stalls go into its events (--perf-pid) or the trace buffer (--mark), its events are on around
// incidents (--perf-control), and it writes its flight recorder at each (--perf-signal). docs/PERF.md.
#pragma once

#include "cli/commands.hpp"
#include "host/process.hpp"
#include "model/act_rule.hpp"
#include "model/steer_rule.hpp"
#include "perf/control.hpp"
#include "probe/mark.hpp"
#include "probe/session.hpp"
#include "result.hpp"
#include "sink/stall_sink.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace irqscope::cli {

// As given; empty: not given.
struct perf_options {
    std::optional<int> pid;
    std::string control;
    std::string window;
    std::optional<int> signal;
    std::string every;
    std::string mark;
};

void add_perf(CLI::App& app, perf_options& to);

// What of it there is, held.
struct perf_partners {
    std::optional<probe::perf_events> events;
    bool printk = false;
    std::optional<perf::control> control;
    std::uint64_t window_ns = 0;
    std::optional<host::process> signalled;
    model::act_rule::plan signals;

    [[nodiscard]] bool any() const { return events || printk || control || signalled; }
};

// Before anything is given up, and before the session is loaded, which is told what it needs. Fails: usage, failed, not_possible
// (there is no such perf, or it has no such event).
result<perf_partners> find_partners(const perf_options& options, probe::session_options& to);

// Finds the CPUs of perf's events, as soon as the programs are loaded. Fails: not_possible (none of them can be shared).
result<void> enter(perf_partners& with, probe::session& programs);

// Between the watch and what it tells.
class perf_session final : public sink::stall_sink {
public:
    // Behind enter(). The session and `to` live as long as this.
    perf_session(perf_partners with, probe::session& programs, sink::stall_sink& to);

    // Finds the CPUs of perf's events. Fails: not_possible (none of them can be shared).
    result<void> enter();
    // At each turn. Waits for nothing.
    void turn(std::uint64_t now_ns);
    // Behind the last turn: the events are off as they were, and it is said what was done, on stderr and if wanted in a JSON
    // document on stdout (irqscope.perf/1). Waits for perf's answer, at most 2 s.
    void finish(bool json);

    bool begin(const sink::stalls_heading& heading) override { return to_->begin(heading); }
    bool stall(const model::stall& one) override;
    bool over(const model::stall& one) override;
    bool report(const model::stalls_report& report) override { return to_->report(report); }

private:
    void watch_events(std::uint64_t now_ns);
    void watch_control();
    void signal();
    [[nodiscard]] wire_mark_counts marks() const;
    [[nodiscard]] std::string words() const;
    [[nodiscard]] std::string document() const;

    perf_partners with_;
    model::steer_rule steer_;
    model::act_rule signal_rule_;
    probe::session* programs_;
    sink::stall_sink* to_;
    bool events_gone_ = false;
    bool told_full_ = false;
    bool told_silent_ = false;
    std::uint64_t next_look_ns_ = 0;
    std::uint64_t signals_ = 0;
    std::uint64_t signals_failed_ = 0;
};

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/perf_session.hpp"

#include "cli/parse.hpp"
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "sink/json_parts.hpp"
#include "sink/sink.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <thread>
#include <utility>
#include <vector>

namespace irqscope::cli {

namespace {

constexpr std::uint64_t usual_window_ns = 1'000'000'000;
constexpr std::uint64_t usual_every_ns = 10'000'000'000;
constexpr std::uint64_t look_ns = 1'000'000'000;

void warn(const std::string& what) { fmt::print(stderr, "irqscope: warning: {}\n", what); }

std::string who(const host::process& one) { return fmt::format("{} {}", one.name(), one.id()); }

// A perf that would not survive the signal, or could not be sent it. Fails: not_possible.
result<host::process> to_signal(int pid) {
    auto one = host::process::open(pid, fmt::format("--perf-signal {}", pid));
    if (!one) return one;
    if (!one->is_ours())
        return failure(exit_status::not_possible,
                       fmt::format("--perf-signal {}: {} is another user's, and irqscope gives up the right to signal "
                                   "it; run perf as the same user",
                                   pid, one->name()));
    if (!one->catches(SIGUSR2).value_or(false))
        return failure(exit_status::not_possible,
                       fmt::format("--perf-signal {}: {} has no use for SIGUSR2, which may end it; start it as `perf "
                                   "record --overwrite --switch-output=signal`",
                                   pid, one->name()));
    return one;
}

result<void> set_time(const char* option, const std::string& text, std::uint64_t& to) {
    if (text.empty()) return {};
    const auto ns = parse_duration(option, text);
    if (!ns) return tl::unexpected(ns.error());
    to = *ns;
    return {};
}

} // namespace

void add_perf(CLI::App& app, perf_options& to) {
    app.add_option("--perf-pid", to.pid,
                   "stalls go into the bpf-output event of this running perf, too\n(docs/PERF.md)")
        ->type_name("PID");
    app.add_option("--perf-control", to.control,
                   "enables a perf's events around each incident: fifo:CTL[,ACK], as\nperf's "
                   "own --control")
        ->type_name("FIFOS");
    app.add_option("--perf-window", to.window, "for so long after an incident they stay enabled (1s)")
        ->type_name("TIME");
    app.add_option("--perf-signal", to.signal, "SIGUSR2 to this perf at each incident, for --switch-output=signal")
        ->type_name("PID");
    app.add_option("--perf-every", to.every, "not more often; what is skipped is counted (10s)")->type_name("TIME");
    app.add_option("--mark", to.mark,
                   "printk: stalls go into the kernel's trace buffer, too\n(bpf_trace:bpf_trace_printk)")
        ->type_name("WHERE");
}

result<perf_partners> find_partners(const perf_options& options, probe::session_options& to) {
    for (const auto& [name, pid] : {std::pair{"--perf-pid", options.pid}, std::pair{"--perf-signal", options.signal}})
        if (pid && *pid <= 0) return failure(exit_status::usage, fmt::format("{} {}: that is no process", name, *pid));
    perf_partners made;
    made.window_ns = usual_window_ns;
    made.signals.interval_ns = usual_every_ns;
    if (!options.window.empty() && options.control.empty())
        return failure(exit_status::usage, "--perf-window needs --perf-control");
    if (!options.every.empty() && !options.signal)
        return failure(exit_status::usage, "--perf-every needs --perf-signal");
    if (auto set = set_time("--perf-window", options.window, made.window_ns); !set) return tl::unexpected(set.error());
    if (auto set = set_time("--perf-every", options.every, made.signals.interval_ns); !set)
        return tl::unexpected(set.error());
    for (const auto& [kind, ns] : to.stalls) made.signals.kinds.insert(kind);
    if (!options.mark.empty() && options.mark != "printk")
        return failure(exit_status::usage, fmt::format("--mark {}: printk is all there is", options.mark));
    made.printk = to.mark_printk = options.mark == "printk";
    if (made.printk && to.stalls.empty())
        return failure(exit_status::usage, "every kind of stall is off: there is nothing to mark");
    if (!options.control.empty()) {
        auto control = perf::control::open(options.control);
        if (!control) return tl::unexpected(control.error());
        made.control = std::move(*control);
    }
    if (options.signal) {
        auto one = to_signal(*options.signal);
        if (!one) return tl::unexpected(one.error());
        made.signalled = std::move(*one);
    }
    if (!options.pid) return made;
    auto one = host::process::open(*options.pid, fmt::format("--perf-pid {}", *options.pid));
    if (!one) return tl::unexpected(one.error());
    auto events = probe::perf_events::borrow(std::move(*one));
    if (!events) return tl::unexpected(events.error());
    made.events = std::move(*events);
    to.mark_perf = true;
    return made;
}

result<void> enter(perf_partners& with, probe::session& programs) {
    if (!with.events) return {};
    if (auto entered = with.events->enter(programs); !entered) return entered;
    programs.set_marks_wait(with.events->has_more());
    const auto online = host::online_cpus().value_or(std::vector<int>{});
    if (const auto without = host::difference(online, with.events->cpus()); with.events->cpus().empty())
        fmt::print(stderr,
                   "irqscope: {} has its event on no CPU now; stalls go into it once it is enabled, if it watches\n"
                   "    CPUs (-a)\n",
                   who(with.events->owner()));
    else if (!without.empty())
        warn(fmt::format("{} has no event on CPUs {}: their stalls do not go into it", who(with.events->owner()),
                         host::format_cpu_list(without)));
    return {};
}

perf_session::perf_session(perf_partners with, probe::session& programs, sink::stall_sink& to)
    : with_(std::move(with)), steer_(with_.window_ns), signal_rule_(with_.signals), programs_(&programs), to_(&to) {}

bool perf_session::stall(const model::stall& one) {
    const std::uint64_t now_ns = host::monotonic_ns();
    if (with_.control) steer_.told(one, now_ns);
    if (with_.signalled && signal_rule_.told(one, now_ns) == model::act_verdict::run) signal();
    return to_->stall(one);
}

bool perf_session::over(const model::stall& one) {
    if (with_.control) steer_.over(one, host::monotonic_ns());
    return to_->over(one);
}

void perf_session::signal() {
    // one that nobody has waited for yet would take it
    const int failed = with_.signalled->has_ended() ? ESRCH : with_.signalled->send(SIGUSR2);
    (void)signal_rule_.over(host::monotonic_ns()); // nothing of it goes on
    (failed == 0 ? signals_ : signals_failed_)++;
    if (failed != 0 && signals_failed_ == 1)
        warn(fmt::format("--perf-signal: {} cannot be signalled any more: {}", who(*with_.signalled),
                         std::strerror(failed)));
}

void perf_session::watch_events(std::uint64_t now_ns) {
    if (events_gone_) return;
    if (with_.events->owner().has_ended()) {
        with_.events->give_back();
        programs_->set_marks_wait(false);
        events_gone_ = true;
        warn(fmt::format("{} has ended: stalls no longer go into it", who(with_.events->owner())));
        return;
    }
    if (now_ns < next_look_ns_) return;
    next_look_ns_ = now_ns + look_ns;
    programs_->set_marks_wait(with_.events->has_more());
    if (with_.events->has_more()) with_.events->look();
    if (told_full_ || marks().full == 0) return;
    told_full_ = true;
    warn(fmt::format("{} does not read its buffer, which is full: stalls do not get into it, and are counted",
                     who(with_.events->owner())));
}

void perf_session::watch_control() {
    using outcome = perf::control::outcome;
    const auto last = with_.control->last();
    if (last == outcome::none || (last != outcome::answered) == told_silent_) return;
    told_silent_ = last != outcome::answered;
    if (!told_silent_)
        fmt::print(stderr, "irqscope: --perf-control: perf answers again\n");
    else
        warn(last == outcome::unread ? "--perf-control: nobody reads the commands; is there a perf with this --control?"
                                     : "--perf-control: perf reads the commands and does not answer");
}

void perf_session::turn(std::uint64_t now_ns) {
    if (with_.events) watch_events(now_ns);
    if (!with_.control) return;
    const bool was_waiting = with_.control->is_waiting();
    with_.control->turn(steer_.is_on(now_ns), now_ns);
    if (was_waiting && !with_.control->is_waiting() && with_.control->is_on())
        next_look_ns_ = 0; // its events are enabled
    watch_control();
}

void perf_session::finish(bool json) {
    if (!with_.any()) return;
    if (with_.control) {
        const std::uint64_t until_ns = host::monotonic_ns() + perf::control::patience_ns;
        for (std::uint64_t now_ns = 0; now_ns < until_ns && (with_.control->is_on() || with_.control->is_waiting());) {
            now_ns = host::monotonic_ns();
            with_.control->turn(false, now_ns);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        watch_control();
    }
    fmt::print(stderr, "irqscope: {}\n", words());
    if (json) sink::write_out(document());
}

wire_mark_counts perf_session::marks() const {
    const auto counts = programs_->mark_counts();
    return counts ? probe::sum_of(*counts) : wire_mark_counts{};
}

std::string perf_session::words() const {
    std::vector<std::string> parts;
    const wire_mark_counts made = marks();
    const auto add = [&parts](std::uint64_t count, const char* what) {
        if (count != 0) parts.back() += fmt::format(", {} {}", sink::format_count(count), what);
    };
    if (with_.events) {
        parts.push_back(fmt::format("{}: {}", who(with_.events->owner()), sink::counted(made.sent, "sample")));
        add(made.full, "not, since its buffer was full");
        add(made.off, "not, while its event was disabled");
        add(made.absent, "not, since there was no event of it");
    }
    if (with_.printk) parts.push_back(fmt::format("--mark printk: {}", sink::counted(made.printed, "line")));
    if (with_.control) {
        const auto& done = with_.control->done();
        parts.push_back(fmt::format("--perf-control: {}, {}", sink::counted(done.enables, "enable"),
                                    sink::counted(done.disables, "disable")));
        add(done.unread, "that nobody read");
        add(done.unanswered, "without an answer");
    }
    if (with_.signalled) {
        parts.push_back(fmt::format("--perf-signal: {} sent", sink::counted(signals_, "signal")));
        add(signals_failed_, "failed");
        add(signal_rule_.skipped(model::act_verdict::too_soon), "skipped (--perf-every)");
    }
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string perf_session::document() const {
    const wire_mark_counts made = marks();
    sink::object to{{"schema", "irqscope.perf/1"},
                    {"pid", with_.events ? sink::object(with_.events->owner().id()) : sink::object(nullptr)},
                    {"sent", made.sent},
                    {"buffer_full", made.full},
                    {"disabled", made.off},
                    {"no_event", made.absent},
                    {"printed", made.printed}};
    const auto done = with_.control ? with_.control->done() : perf::control::counts{};
    to["enables"] = done.enables;
    to["disables"] = done.disables;
    to["unread"] = done.unread;
    to["unanswered"] = done.unanswered;
    to["signals"] = signals_;
    to["signals_failed"] = signals_failed_;
    to["signals_skipped"] = signal_rule_.skipped(model::act_verdict::too_soon);
    return sink::dump(to, true);
}

} // namespace irqscope::cli

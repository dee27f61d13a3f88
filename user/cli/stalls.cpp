// SPDX-License-Identifier: BSD-2-Clause
// `irqscope stalls`: each stall as it happens, and what they add up to.
#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/scope.hpp"
#include "cli/turns.hpp"
#include "cli/urgent.hpp"
#include "cli/wait.hpp"
#include "host/system.hpp"
#include "probe/flight.hpp"
#include "probe/measurement.hpp"
#include "probe/rights.hpp"
#include "probe/stuck.hpp"
#include "sink/json_stalls.hpp"
#include "sink/text_stalls.hpp"
#include "stream/stall_flow.hpp"
#include "symbols/live_symbols.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace irqscope::cli {

namespace {

using model::stall_kind;

constexpr std::uint64_t turn_ns = 100'000'000; // how late a stall is told, at most, beside what settles it
constexpr std::uint64_t look_ns = 500'000'000; // at CPUs that come, go or are stuck, and at the clocks
constexpr std::uint64_t refresh_ns = 30'000'000'000;
constexpr std::uint64_t suspend_ns = 1'000'000; // by which CLOCK_BOOTTIME gains when the machine sleeps, at least
constexpr std::uint32_t ring_bytes = 1U << 17;  // a CPU: some 250 stalls

struct threshold_option {
    stall_kind kind;
    const char* name;
    std::string text; // as given, or the default
};

struct stalls_options {
    scope_options scope;
    std::uint32_t rate = 100;
    bool json = false;
    bool brief = false;
    std::string around;
    std::uint32_t flight = WIRE_FLIGHT_SPANS;
    std::array<threshold_option, 6> thresholds{{{stall_kind::irq_off, "--irq-off", "1ms"},
                                                {stall_kind::softirq_off, "--softirq-off", "2ms"},
                                                {stall_kind::softirq_latency, "--softirq-latency", "2ms"},
                                                {stall_kind::softirq_run, "--softirq-run", "10ms"},
                                                {stall_kind::hardirq_run, "--hardirq-run", "1ms"},
                                                {stall_kind::ksoftirqd, "--ksoftirqd", "10ms"}}};
};

struct plan {
    std::optional<std::uint64_t> duration_ns;
    probe::session_options session;
    bool json = false;
    bool brief = false;
    std::uint64_t around_ns = 0; // spans from before and after a stall that are shown with it; 0: none
};

result<plan> understand(const stalls_options& options) {
    plan made;
    const auto scope = understand(options.scope);
    if (!scope) return tl::unexpected(scope.error());
    made.duration_ns = scope->duration_ns;
    scope->apply(made.session);
    for (const threshold_option& one : options.thresholds) {
        if (one.text == "off") continue;
        const auto ns = parse_threshold(one.name, one.text);
        if (!ns) return tl::unexpected(ns.error());
        made.session.stalls[one.kind] = *ns;
    }
    if (made.session.stalls.empty())
        return failure(exit_status::usage, "every kind of stall is off: there is nothing to watch for");
    if (made.session.stalls.contains(stall_kind::ksoftirqd))
        made.session.metrics.insert({model::metric::ksoftirqd_latency, model::metric::ksoftirqd_run});
    if (!options.around.empty()) {
        const auto ns = parse_threshold("--around", options.around);
        if (!ns) return tl::unexpected(ns.error());
        made.around_ns = *ns;
        if (options.flight == 0)
            return failure(exit_status::usage, "--around needs the flight recorder: no --flight 0");
    }
    if (options.flight != 0 && (options.flight < probe::flight_set::fewest_spans ||
                                options.flight > probe::flight_set::most_spans || !std::has_single_bit(options.flight)))
        return failure(exit_status::usage,
                       fmt::format("--flight {}: a power of two from {} to {}, or 0", options.flight,
                                   probe::flight_set::fewest_spans, probe::flight_set::most_spans));
    made.session.flight_spans = options.flight;
    made.session.stall_rate = options.rate;
    made.session.ring_bytes = ring_bytes;
    if (options.json && options.brief) return failure(exit_status::usage, "--brief does not go with --json");
    if (options.brief && !options.around.empty())
        return failure(exit_status::usage, "--brief does not go with --around: a line has no room for spans");
    made.json = options.json;
    made.brief = options.brief;
    return made;
}

// The watch over one measurement: until the time is over, the user ends it, or nobody reads any more.
class watch {
public:
    watch(const plan& todo, probe::measurement& running, symbols::source& symbols, sink::stall_sink& out, turns& when)
        : running_(&running), out_(&out), when_(&when), recorder_(running.programs().flights()),
          flow_(todo.session.stalls, symbols, &recorder_), boot_offset_ns_(host::boot_offset_ns()),
          last_look_ns_(host::monotonic_ns()), end_ns_(after(last_look_ns_, todo.duration_ns)),
          next_look_ns_(last_look_ns_ + look_ns), next_refresh_ns_(last_look_ns_ + refresh_ns),
          around_ns_(todo.around_ns) {}

    result<void> run() {
        return when_->take([this](bool stopped) { return turn(stopped); }, last_look_ns_);
    }

private:
    result<std::optional<std::uint64_t>> turn(bool stopped);
    result<void> take_records();
    result<void> look();
    bool tell(std::vector<model::stall> stalls);
    result<void> finish();

    probe::measurement* running_;
    sink::stall_sink* out_;
    turns* when_;
    stream::flight_recorder recorder_;
    stream::stall_flow flow_;
    std::uint64_t boot_offset_ns_;
    std::uint64_t last_look_ns_;
    std::uint64_t end_ns_;
    std::uint64_t next_look_ns_;
    std::uint64_t next_refresh_ns_;
    std::uint64_t around_ns_;
    bool read_ = true; // somebody still reads what we print
};

bool watch::tell(std::vector<model::stall> stalls) {
    if (around_ns_ != 0 && !stalls.empty())
        if (const auto names = running_->programs().catalog())
            for (model::stall& one : stalls) recorder_.add_around(one, *names, around_ns_, host::monotonic_ns());
    for (const model::stall& one : stalls) read_ = read_ && out_->stall(one);
    return read_;
}

result<void> watch::take_records() {
    const auto records = running_->take_stalls();
    if (records.empty()) return {};
    const auto names = running_->programs().catalog();
    if (!names) return tl::unexpected(names.error());
    for (const stream::stall_record& record : records) flow_.add(record, *names);
    return {};
}

result<void> watch::look() {
    const std::uint64_t now = host::monotonic_ns();
    if (const std::uint64_t offset = host::boot_offset_ns(); offset > boot_offset_ns_ + suspend_ns) {
        flow_.suspended(last_look_ns_, now);
        boot_offset_ns_ = offset;
    }
    last_look_ns_ = now;
    running_->programs().follow_cpus();
    const auto states = running_->programs().states();
    if (!states) return tl::unexpected(states.error());
    const auto names = running_->programs().catalog(*states);
    if (!names) return tl::unexpected(names.error());
    for (model::stall& stuck : probe::find_stuck(*states, running_->programs().beating(), *names, now))
        flow_.add_stuck(std::move(stuck));
    when_->avoid(flow_.stalled_cpus());
    return {};
}

result<std::optional<std::uint64_t>> watch::turn(bool stopped) {
    const bool more = running_->drain();
    if (auto taken = take_records(); !taken) return tl::unexpected(taken.error());
    const std::uint64_t now = host::monotonic_ns();
    if (now >= next_look_ns_) {
        if (auto looked = look(); !looked) return tl::unexpected(looked.error());
        next_look_ns_ = now + look_ns;
    }
    if (now >= next_refresh_ns_) {
        if (auto refreshed = running_->refresh(); !refreshed) return tl::unexpected(refreshed.error());
        next_refresh_ns_ = now + refresh_ns;
    }
    if (tell(flow_.take(now)) && !stopped && now < end_ns_) return std::min(end_ns_, more ? now : now + turn_ns);
    if (auto finished = finish(); !finished) return tl::unexpected(finished.error());
    return std::nullopt;
}

result<void> watch::finish() {
    const std::uint64_t end_ns = host::monotonic_ns();
    // The report comes before the programs go: that takes a grace period of RCU's, which a CPU that is held holds up.
    auto whole = running_->interval();
    if (!whole) return tl::unexpected(whole.error());
    if (auto taken = take_records(); !taken) return taken;
    if (!tell(flow_.take_rest(end_ns))) return {};
    model::stalls_report report;
    report.whole = std::move(*whole);
    report.whole.all.clear();
    flow_.report(report);
    if (auto counted = running_->add_untold(report); !counted) return counted;
    out_->report(report);
    return {};
}

result<void> run_stalls(const stalls_options& options, const global_options& global) {
    const auto todo = understand(options);
    if (!todo) return tl::unexpected(todo.error());
    if (const auto allowed = probe::require_rights(); !allowed) return allowed;
    const auto kernel = probe::kernel::inspect(global.btf_file);
    if (!kernel) return tl::unexpected(kernel.error());
    auto symbols = symbols::live_symbols::open();
    if (!symbols) return tl::unexpected(symbols.error());
    // Not before: the two above take some 40 ms of a CPU, which nobody shall wait for.
    become_urgent();
    auto running = probe::measurement::start(*kernel, todo->session);
    if (!running) return tl::unexpected(running.error());
    if (const std::string& why = running->programs().flight_refused(); !why.empty())
        fmt::print(stderr, "irqscope: warning: no flight recorder, so nobody is named in a stall's breakdown: {}\n",
                   why);
    auto when = turns::make(running->descriptors());
    if (!when) return tl::unexpected(when.error());
    if (const auto dropped = probe::drop_rights(); !dropped)
        fmt::print(stderr, "irqscope: warning: {}\n", dropped.error().message);

    sink::stalls_heading heading;
    heading.cpus = running->watched();
    heading.without_beat = running->programs().without_beat();
    heading.beat_ns = todo->session.beat_ns;
    heading.thresholds_ns = todo->session.stalls;
    heading.clock = {host::monotonic_ns(), std::chrono::system_clock::now()};
    std::unique_ptr<sink::stall_sink> out;
    if (todo->json)
        out = std::make_unique<sink::json_stalls>();
    else
        out = std::make_unique<sink::text_stalls>(todo->brief);
    if (!out->begin(heading)) return {};
    fmt::print(stderr, "irqscope: watching{}, Ctrl-C ends it and sums up\n", words_for(todo->duration_ns));
    return watch(*todo, *running, *symbols, *out, *when).run();
}

} // namespace

command add_stalls(CLI::App& parent) {
    const auto options = std::make_shared<stalls_options>();
    CLI::App* stalls = parent.add_subcommand(
        "stalls", "each time that interrupts or softirqs were held off, waited or ran for too long, and by whom");
    add_scope(*stalls, options->scope);
    constexpr std::array words{"interrupts off, by the lateness of the heartbeat's timer",
                               "softirqs off: a raise until the first softirq",
                               "a vector's oldest raise until its entry",
                               "one softirq's run",
                               "one device interrupt handler's run",
                               "an activation of ksoftirqd: woken until it sleeps"};
    for (std::size_t i = 0; i < options->thresholds.size(); i++) {
        threshold_option& one = options->thresholds.at(i);
        stalls->add_option(one.name, one.text, fmt::format("{} ({}; or off)", words.at(i), one.text))
            ->type_name("TIME");
    }
    stalls
        ->add_option("--rate", options->rate,
                     "print at most so many stalls per second on each CPU, count\nthe rest (100)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000).description(""));
    stalls->add_flag("--brief", options->brief, "a line for each stall, without its stack");
    stalls
        ->add_option("--around", options->around,
                     "show each stall span by span, from so long before it to so\nlong after (docs/FLIGHT.md)")
        ->type_name("TIME");
    stalls
        ->add_option(
            "--flight", options->flight,
            "spans that are kept of each CPU, a power of two; half as many\nof softirqs (4096, 384 KiB a CPU; 0: none)")
        ->type_name("N");
    stalls->add_flag("--json", options->json, "one object a line, and a summary at the end (docs/JSON.md)");
    stalls->footer(
        "Examples:\n"
        "  irqscope stalls                              until Ctrl-C, which sums up\n"
        "  irqscope stalls -d 60 --irq-off 500us        a minute, shorter ones too\n"
        "  irqscope stalls --brief                      a line each, to see when and how often\n"
        "  irqscope stalls --softirq-run off --json\n\n"
        "irq_off is found for certain from its threshold and one period on, shorter with luck: the truth lies in the\n"
        "printed interval. docs/STALLS.md says what each kind means and what is not a stall.");
    return [options](const global_options& global) { return run_stalls(*options, global); };
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// `irqscope stalls`: each stall as it happens, and what they add up to.
#include "cli/acting.hpp"
#include "cli/attached.hpp"
#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/perf_session.hpp"
#include "cli/scope.hpp"
#include "cli/thresholds.hpp"
#include "cli/turns.hpp"
#include "cli/urgent.hpp"
#include "cli/watch.hpp"
#include "host/system.hpp"
#include "probe/flight.hpp"
#include "probe/measurement.hpp"
#include "probe/rights.hpp"
#include "sink/json_stalls.hpp"
#include "sink/text_stalls.hpp"
#include "symbols/live_symbols.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace irqscope::cli {

namespace {

constexpr std::uint32_t ring_bytes = 1U << 17; // a CPU: some 250 stalls

struct stalls_options {
    scope_options scope;
    threshold_options thresholds;
    acting_options acting;
    perf_options perf;
    bool json = false;
    bool brief = false;
    std::string around;
    std::uint32_t flight = WIRE_FLIGHT_SPANS;
};

struct plan {
    std::optional<std::uint64_t> duration_ns;
    probe::session_options session;
    acting_plan acting;
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
    if (const auto applied = apply(options.thresholds, made.session); !applied) return tl::unexpected(applied.error());
    if (made.session.stalls.empty())
        return failure(exit_status::usage, "every kind of stall is off: there is nothing to watch for");
    auto acting = understand(options.acting, made.session.stalls);
    if (!acting) return tl::unexpected(acting.error());
    made.acting = std::move(*acting);
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
    made.session.ring_bytes = ring_bytes;
    if (options.json && options.brief) return failure(exit_status::usage, "--brief does not go with --json");
    if (options.brief && !options.around.empty())
        return failure(exit_status::usage, "--brief does not go with --around: a line has no room for spans");
    made.json = options.json;
    made.brief = options.brief;
    return made;
}

result<void> run_stalls(const stalls_options& options, const global_options& global) {
    auto todo = understand(options);
    if (!todo) return tl::unexpected(todo.error());
    if (const auto allowed = probe::require_rights(); !allowed) return allowed;
    auto helper = start_helper(todo->acting); // before anything is given up, and before there are threads
    if (!helper) return tl::unexpected(helper.error());
    auto partners = find_partners(options.perf, todo->session); // the helper shall not hold them
    if (!partners) return tl::unexpected(partners.error());
    const auto kernel = probe::kernel::inspect(global.btf_file);
    if (!kernel) return tl::unexpected(kernel.error());
    auto symbols = symbols::live_symbols::open();
    if (!symbols) return tl::unexpected(symbols.error());
    // Not before: the two above take some 40 ms of a CPU, which nobody shall wait for.
    become_urgent();
    auto running = probe::measurement::start(*kernel, todo->session);
    if (!running) return tl::unexpected(running.error());
    if (auto entered = enter(*partners, running->programs()); !entered) return entered;
    auto when = settle(*running);
    if (!when) return tl::unexpected(when.error());

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
    acting acts(todo->acting, std::move(*helper), *out);
    perf_session perf(std::move(*partners), running->programs(), acts);
    if (!perf.begin(heading)) return {};
    fmt::print(stderr, "irqscope: watching{}, Ctrl-C ends it and sums up\n", words_for(todo->duration_ns));
    watch_plan watching;
    watching.duration_ns = todo->duration_ns;
    watching.thresholds_ns = todo->session.stalls;
    watching.around_ns = todo->around_ns;
    watching.detach = todo->session.marks(); // what others got of it shall be what we tell
    watching.each_turn = [&](std::uint64_t now_ns) {
        acts.turn(now_ns);
        perf.turn(now_ns);
    };
    auto watched = watch(watching, *running, *symbols, perf, *when).run();
    perf.finish(todo->json);
    acts.finish(todo->json);
    return watched;
}

} // namespace

command add_stalls(CLI::App& parent) {
    const auto options = std::make_shared<stalls_options>();
    CLI::App* stalls = parent.add_subcommand(
        "stalls", "each time that interrupts or softirqs were held off, waited or ran for too long, and by whom");
    add_scope(*stalls, options->scope);
    add_thresholds(*stalls, options->thresholds);
    add_acting(*stalls, options->acting);
    add_perf(*stalls, options->perf);
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

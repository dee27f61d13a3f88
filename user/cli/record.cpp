// SPDX-License-Identifier: BSD-2-Clause
// `irqscope record`: everything into a file, which is readable whatever becomes of this host.
#include "cli/acting.hpp"
#include "cli/attached.hpp"
#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/perf_session.hpp"
#include "cli/progress.hpp"
#include "cli/scope.hpp"
#include "cli/switching.hpp"
#include "cli/thresholds.hpp"
#include "cli/turns.hpp"
#include "cli/urgent.hpp"
#include "cli/watch.hpp"
#include "host/cpus.hpp"
#include "host/machine.hpp"
#include "host/system.hpp"
#include "host/workload.hpp"
#include "probe/measurement.hpp"
#include "probe/rights.hpp"
#include "recording/header.hpp"
#include "recording/recorder.hpp"
#include "sink/recorded.hpp"
#include "symbols/live_symbols.hpp"
#include "version.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <memory>

namespace irqscope::cli {

namespace {

// All rings together, where nobody says otherwise; half a second of a CPU that does nothing but softirqs fits into 8 MiB.
constexpr std::uint64_t all_rings_bytes = 128U << 20;
constexpr std::uint32_t most_ring_bytes = 8U << 20;
constexpr std::uint32_t fewest_ring_bytes = 256U << 10;
constexpr std::uint32_t stalls_ring_bytes = 128U << 10;

struct record_options {
    scope_options scope;
    threshold_options thresholds;
    switching_options switching;
    acting_options acting;
    perf_options perf;
    std::string output = "irqscope.data";
    std::string ring_size;
    std::string sync = "1s";
    bool stalls_only = false;
    std::vector<std::string> command;
};

struct plan {
    std::optional<std::uint64_t> duration_ns;
    probe::session_options session;
    std::uint64_t sync_ns = 0;
    switching_plan switching;
    acting_plan acting;
};

std::uint32_t usual_ring_bytes() {
    const std::size_t cpus = std::max<std::size_t>(host::possible_cpus().value_or(std::vector<int>{}).size(), 1);
    return std::clamp(std::bit_floor(static_cast<std::uint32_t>(all_rings_bytes / cpus)), fewest_ring_bytes,
                      most_ring_bytes);
}

result<plan> understand(const record_options& options) {
    plan made;
    const auto scope = understand(options.scope);
    if (!scope) return tl::unexpected(scope.error());
    made.duration_ns = scope->duration_ns;
    scope->apply(made.session);
    if (options.output.empty() || options.output.ends_with('/'))
        return failure(exit_status::usage, fmt::format("-o '{}': say the name of a file", options.output));
    if (const auto applied = apply(options.thresholds, made.session); !applied) return tl::unexpected(applied.error());
    if (made.session.stalls.empty() && options.stalls_only)
        return failure(exit_status::usage, "every kind of stall is off: with --stalls-only there is nothing to record");
    const auto sync_ns = parse_threshold("--sync", options.sync);
    if (!sync_ns) return tl::unexpected(sync_ns.error());
    if (*sync_ns < 10'000'000) return failure(exit_status::usage, fmt::format("--sync {}: 10ms or more", options.sync));
    made.sync_ns = *sync_ns;
    const auto switching = understand(options.switching);
    if (!switching) return tl::unexpected(switching.error());
    made.switching = *switching;
    if (made.session.stalls.empty() && made.switching.rule.on_stall)
        return failure(exit_status::usage, "every kind of stall is off: --switch-on-stall would never have a file");
    auto acting = understand(options.acting, made.session.stalls);
    if (!acting) return tl::unexpected(acting.error());
    made.acting = std::move(*acting);
    made.session.stream = !options.stalls_only;
    made.session.kernel_histograms = options.stalls_only;
    made.session.ring_bytes = options.stalls_only ? stalls_ring_bytes : usual_ring_bytes();
    if (!options.ring_size.empty()) {
        const auto bytes = parse_ring_size("-m", options.ring_size);
        if (!bytes) return tl::unexpected(bytes.error());
        made.session.ring_bytes = *bytes;
    }
    return made;
}

// Of which every file has one, with its own time.
recording::header header_of(const plan& todo, const record_options& options) {
    const host::system system = host::read_system();
    recording::header made;
    made.version = version;
    made.host = system.host;
    made.kernel = system.kernel;
    made.machine = system.machine;
    const auto online = host::online_cpus().value_or(std::vector<int>{});
    made.cpus = todo.session.cpus ? host::intersection(*todo.session.cpus, online) : online;
    made.beat_ns = todo.session.beat_ns;
    for (const model::metric one : model::all_metrics)
        if (todo.session.metrics.contains(one)) made.metrics.push_back(one);
    made.thresholds_ns = todo.session.stalls;
    made.spans = todo.session.stream;
    made.sync_ns = todo.sync_ns;
    made.ring_bytes = todo.session.ring_bytes;
    made.command = options.command;
    made.topology = host::read_topology();
    return made;
}

std::string text_of(recording::header about, std::uint64_t from_ns) {
    const std::uint64_t now_ns = host::monotonic_ns();
    const std::uint64_t since_ns = from_ns == 0 ? 0 : now_ns - std::min(from_ns, now_ns);
    about.monotonic_ns = now_ns - since_ns;
    about.boottime_ns = about.monotonic_ns + host::boot_offset_ns();
    about.realtime_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count() -
        static_cast<std::int64_t>(since_ns);
    about.irqs = host::read_irq_routes();
    return recording::text_of(about);
}

// The command's exit status becomes ours, and there is nothing to say about it.
tl::unexpected<error> pass_on(int status) { return failure(static_cast<exit_status>(status), ""); }

result<void> run_record(const record_options& options, const global_options& global) {
    auto todo = understand(options);
    if (!todo) return tl::unexpected(todo.error());
    if (const auto allowed = probe::require_rights(); !allowed) return allowed;
    auto helper = start_helper(todo->acting); // before anything is given up, and before there are threads
    if (!helper) return tl::unexpected(helper.error());
    auto partners = find_partners(options.perf, todo->session); // the helper shall not hold them
    if (!partners) return tl::unexpected(partners.error());
    std::optional<host::workload> command;
    if (!options.command.empty()) { // before anything is given up, which it would lack
        auto prepared = host::workload::prepare(options.command);
        if (!prepared) return tl::unexpected(prepared.error());
        command.emplace(std::move(*prepared));
    }
    auto asks = signals::of(SIGUSR2); // before what takes time; the command has its own way with it
    if (!asks) return tl::unexpected(asks.error());
    const auto kernel = probe::kernel::inspect(global.btf_file);
    if (!kernel) return tl::unexpected(kernel.error());
    auto symbols = symbols::live_symbols::open();
    if (!symbols) return tl::unexpected(symbols.error());
    recording::header about = header_of(*todo, options); // what is missing of it is added before a file is made
    recording::files_plan where;
    where.path = options.output;
    where.keep = todo->switching.keep;
    where.before_ns = todo->switching.before_ns;
    auto files = recording::files::prepare(where, [&about](std::uint64_t from_ns) { return text_of(about, from_ns); });
    if (!files) return tl::unexpected(files.error());
    probe::measurement* measured = nullptr;
    recording::recorder recorder(std::move(*files), [&measured] { return measured->programs().catalog(); });
    sink::recorded out(recorder);
    switching files_switch(todo->switching, recorder, out, std::move(*asks));
    become_urgent();
    auto running = probe::measurement::start(*kernel, todo->session, todo->session.stream ? &recorder : nullptr);
    if (!running) return tl::unexpected(running.error());
    if (auto entered = enter(*partners, running->programs()); !entered) return entered;
    measured = &*running;
    about.without_beat = running->programs().without_beat();
    if (auto opened = recorder.open(); !opened) return opened;
    std::vector<int> calls{files_switch.descriptor()};
    if (command) calls.push_back(command->descriptor());
    auto when = settle(*running, calls, [&] {
        recorder.start([&options] {
            become_able_to_make_files(options.output);
            (void)probe::drop_rights(); // that it fails the other thread says
        });
    });
    if (!when) return tl::unexpected(when.error());

    sink::stalls_heading heading;
    heading.clock = {host::monotonic_ns(), std::chrono::system_clock::now()};
    acting acts(todo->acting, std::move(*helper), files_switch);
    perf_session perf(std::move(*partners), running->programs(), acts);
    perf.begin(heading);
    progress shown(recorder, todo->duration_ns);
    watch_plan watching;
    watching.duration_ns = todo->duration_ns;
    watching.thresholds_ns = todo->session.stalls;
    watching.interval_ns = about.interval_ns();
    watching.on_interval = [&](model::snapshot& one, const model::stalls_report& untold) {
        out.interval(one, untold);
        files_switch.closed(one.start_ns + one.duration_ns);
        shown.show(one);
    };
    watching.each_turn = [&](std::uint64_t now_ns) {
        acts.turn(now_ns);
        perf.turn(now_ns);
    };
    watching.closes = [&] { return files_switch.closes(); };
    watching.is_over = [&, next_ns = host::monotonic_ns()](std::uint64_t now_ns) mutable {
        if (now_ns >= next_ns) recorder.flush();
        if (now_ns >= next_ns) next_ns = now_ns + todo->sync_ns;
        return recorder.failed() || (command && command->status());
    };
    watching.detach = true;
    fmt::print(stderr, "irqscope: recording to {}{}{}, Ctrl-C ends it\n", options.output,
               todo->switching.rule.on_stall ? " when there is a stall" : "", words_for(todo->duration_ns));
    if (command)
        if (auto gone = command->go(); !gone) return gone;
    auto watched = watch(watching, *running, *symbols, perf, *when).run();
    auto written = recorder.finish();
    shown.clear();
    perf.finish(false);
    acts.finish(false);
    if (!written) return written;
    if (!watched) return watched;
    shown.sum_up(options.output, todo->session.stream);
    if (command)
        if (const auto status = command->status(); status && *status != 0) return pass_on(*status);
    return {};
}

} // namespace

command add_record(CLI::App& parent) {
    const auto options = std::make_shared<record_options>();
    CLI::App* record =
        parent.add_subcommand("record", "everything that hist and stalls see, into a file that is read back anywhere");
    add_scope(*record, options->scope);
    record->add_option("-o,--output", options->output, "the file (irqscope.data); one that is there becomes FILE.old")
        ->type_name("FILE");
    record->add_flag("--stalls-only", options->stalls_only,
                     "stalls and histograms, not every span: hours fit into little");
    add_thresholds(*record, options->thresholds);
    record
        ->add_option("-m,--ring-size", options->ring_size,
                     "of each CPU's ring buffer; what does not fit is lost, and counted")
        ->type_name("BYTES");
    record->add_option("--sync", options->sync, "so much of the end a crash of this host may cost (1s)")
        ->type_name("TIME");
    add_switching(*record, options->switching);
    add_acting(*record, options->acting);
    add_perf(*record, options->perf);
    record
        ->add_option("command", options->command,
                     "is run meanwhile; its end is the recording's, and so is its exit status")
        ->type_name("-- COMMAND");
    record->footer(
        "Examples:\n"
        "  irqscope record -d 60                        a minute, to irqscope.data\n"
        "  irqscope record -o fio.data -- fio job.fio   as long as a command runs\n"
        "  irqscope record --stalls-only                until Ctrl-C, hours if need be\n"
        "  irqscope record --max-size 1G --keep 5       the last 5 GiB, in files that can each be read\n"
        "  irqscope record --switch-on-stall 10s        a file for each incident, with the 10 s before it\n\n"
        "SIGUSR2 begins a new file; with --switch-on-stall it makes one of what is kept. "
        "`irqscope report` reads it. docs/RECORDING.md says what a crash leaves of it, docs/FORMAT.md how it is made.");
    return [options](const global_options& global) { return run_record(*options, global); };
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// `irqscope hist`: live histograms.
#include "cli/attached.hpp"
#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/scope.hpp"
#include "cli/turns.hpp"
#include "cli/view.hpp"
#include "cli/wait.hpp"
#include "host/system.hpp"
#include "probe/measurement.hpp"
#include "probe/rights.hpp"
#include "sink/json.hpp"
#include "sink/text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace irqscope::cli {

namespace {

constexpr std::uint64_t drain_ns = 100'000'000;      // rings are looked at so often, however little is in them
constexpr std::uint64_t refresh_ns = 30'000'000'000; // u32 buckets are widened in time

struct hist_options {
    scope_options scope;
    std::string interval;
    view_options view;
    std::string ring_size;
    bool split = false;
    bool stream = false;
    bool json = false;
};

// The options, understood.
struct plan {
    std::optional<std::uint64_t> duration_ns;
    std::optional<std::uint64_t> interval_ns;
    probe::session_options session;
    sink::text_options text;
    bool json = false;
};

result<plan> understand(const hist_options& options) {
    plan made;
    const auto scope = understand(options.scope);
    if (!scope) return tl::unexpected(scope.error());
    made.duration_ns = scope->duration_ns;
    scope->apply(made.session);
    if (!options.interval.empty()) {
        const auto interval = parse_duration("-I", options.interval);
        if (!interval) return tl::unexpected(interval.error());
        made.interval_ns = *interval;
    }
    auto view = understand(options.view);
    if (!view) return tl::unexpected(view.error());
    if (view->metrics) made.session.metrics = std::move(*view->metrics);
    made.text = view->text;
    if (!options.ring_size.empty()) {
        if (!options.stream) return failure(exit_status::usage, "--ring-size goes with --stream");
        const auto bytes = parse_ring_size("--ring-size", options.ring_size);
        if (!bytes) return tl::unexpected(bytes.error());
        made.session.ring_bytes = *bytes;
    }
    made.session.split = options.split;
    made.session.stream = options.stream;
    made.session.kernel_histograms = !options.stream;
    made.json = options.json;
    return made;
}

// Until the time is over, the user ends it, or nobody reads any more.
result<void> measure(const plan& todo, probe::measurement& running, turns& when, sink::sink& out) {
    const std::uint64_t start = host::monotonic_ns();
    const std::uint64_t end = after(start, todo.duration_ns);
    std::uint64_t next_interval = after(start, todo.interval_ns);
    std::uint64_t next_refresh = start + refresh_ns;
    const auto turn = [&](bool stopped) -> result<std::optional<std::uint64_t>> {
        const bool more = running.drain();
        const std::uint64_t now = host::monotonic_ns();
        if (stopped || now >= end) {
            const auto snapshot = running.finish();
            if (!snapshot) return tl::unexpected(snapshot.error());
            out.histograms(*snapshot);
            return std::nullopt;
        }
        if (now >= next_interval) {
            const auto snapshot = running.interval();
            if (!snapshot) return tl::unexpected(snapshot.error());
            if (!out.histograms(*snapshot)) return std::nullopt;
            next_interval = after(next_interval, todo.interval_ns);
            next_refresh = now + refresh_ns;
        } else if (now >= next_refresh) {
            if (const auto read = running.refresh(); !read) return tl::unexpected(read.error());
            next_refresh = now + refresh_ns;
        }
        const std::uint64_t soon = more ? now : todo.session.stream ? now + drain_ns : UINT64_MAX;
        return std::min({end, next_interval, next_refresh, soon});
    };
    return when.take(turn, start);
}

void announce(const plan& todo) {
    if (todo.json || isatty(STDERR_FILENO) == 0) return;
    fmt::print(stderr, "irqscope: measuring{}, Ctrl-C ends it and prints what was seen\n", words_for(todo.duration_ns));
}

result<void> run_hist(const hist_options& options, const global_options& global) {
    const auto todo = understand(options);
    if (!todo) return tl::unexpected(todo.error());
    if (const auto allowed = probe::require_rights(); !allowed) return allowed;
    const auto kernel = probe::kernel::inspect(global.btf_file);
    if (!kernel) return tl::unexpected(kernel.error());
    auto running = probe::measurement::start(*kernel, todo->session);
    if (!running) return tl::unexpected(running.error());
    auto when = settle(*running);
    if (!when) return tl::unexpected(when.error());
    announce(*todo);
    std::unique_ptr<sink::sink> out;
    if (todo->json)
        out = std::make_unique<sink::json>(todo->interval_ns.has_value());
    else
        out = std::make_unique<sink::text>(todo->text);
    return measure(*todo, *running, *when, *out);
}

} // namespace

command add_hist(CLI::App& parent) {
    const auto options = std::make_shared<hist_options>();
    CLI::App* hist = parent.add_subcommand(
        "hist", "live histograms: how long hard interrupts and softirqs ran, and how long softirqs waited");
    add_scope(*hist, options->scope);
    hist->add_option("-I,--interval", options->interval, "print and begin anew each time so long")->type_name("TIME");
    add_view(*hist, options->view, "; what is not asked for is not\nattached");
    hist->add_flag("--split", options->split,
                   "also where each CPU's time went: tasks, idle, interrupts, softirqs;\nby what ran, not by ticks");
    hist->add_flag("--stream", options->stream, "send every span through ring buffers and aggregate in user space");
    hist->add_option("--ring-size", options->ring_size, "of each CPU's ring buffer, with --stream (1M)")
        ->type_name("BYTES");
    hist->add_flag("--json", options->json, "one document; with -I one a line (docs/JSON.md)");
    hist->footer(
        "Examples:\n"
        "  irqscope hist -d 10                          everything, ten seconds\n"
        "  irqscope hist -I 1 --metric softirq_latency  each second, how long softirqs waited\n"
        "  irqscope hist -I 1 --split --metric irq_off  each second, what each CPU did\n"
        "  irqscope hist -C 3 --per-cpu --above 1ms     what took a millisecond or more on CPU 3\n\n"
        "Columns: quantiles are upper ends of buckets (at most 1/8 too high), max is exact; time is the share of\n"
        "one CPU, interrupts in the middle of a softirq included and shown beside it; CPU is where max was.\n"
        "What `lost` means: docs/LOST.md; contexts of softirqs: docs/CONTEXTS.md.");
    return [options](const global_options& global) { return run_hist(*options, global); };
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// `irqscope report`: a recording's histograms and incidents, as hist and stalls print those of a live run.
#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/view.hpp"
#include "host/cpus.hpp"
#include "model/incidents.hpp"
#include "recording/replay.hpp"
#include "recording/summing.hpp"
#include "sink/json.hpp"
#include "sink/json_stalls.hpp"
#include "sink/recording.hpp"
#include "sink/text.hpp"
#include "sink/text_stalls.hpp"

#include <fmt/format.h>
#include <memory>

namespace irqscope::cli {

namespace {

struct report_options {
    std::string input = "irqscope.data";
    std::string time;
    std::string cpus;
    view_options view;
    bool stalls = false;
    bool json = false;
};

struct plan {
    recording::selection wanted;
    view show;
};

result<plan> understand(const report_options& options, const recording::header& about) {
    plan made;
    auto show = understand(options.view);
    if (!show) return tl::unexpected(show.error());
    made.show = std::move(*show);
    if (!options.time.empty()) {
        const auto window = parse_window("--time", options.time, about.monotonic_ns);
        if (!window) return tl::unexpected(window.error());
        made.wanted.from_ns = window->first;
        made.wanted.to_ns = window->second;
    }
    if (!options.cpus.empty()) {
        auto cpus = host::parse_cpu_list(options.cpus);
        if (!cpus) return failure(exit_status::usage, fmt::format("-C {}: {}", options.cpus, cpus.error().message));
        made.wanted.cpus = std::move(*cpus);
    }
    return made;
}

sink::stalls_heading heading_of(const recording::header& about) {
    sink::stalls_heading made;
    made.cpus = about.cpus;
    made.without_beat = about.without_beat;
    made.beat_ns = about.beat_ns;
    made.thresholds_ns = about.thresholds_ns;
    made.clock = {about.monotonic_ns,
                  std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(
                      std::chrono::nanoseconds(about.realtime_ns)))};
    return made;
}

result<void> run_report(const report_options& options) {
    auto from = recording::replay::open(options.input);
    if (!from) return tl::unexpected(from.error());
    auto todo = understand(options, from->about());
    if (!todo) return tl::unexpected(todo.error());

    std::unique_ptr<sink::stall_sink> stalls;
    std::unique_ptr<sink::sink> histograms;
    if (options.json) {
        stalls = std::make_unique<sink::json_stalls>();
        histograms = std::make_unique<sink::json>(true);
    } else {
        stalls = std::make_unique<sink::text_stalls>(false);
        histograms = std::make_unique<sink::text>(todo->show.text);
    }
    bool read = stalls->begin(heading_of(from->about()));
    recording::summing sum(todo->wanted, [&](const model::stall& one) {
        if (options.stalls && read) read = stalls->stall(one);
    });
    from->run(todo->wanted, sum.spans(), sum);
    auto whole = sum.whole(*from);
    if (todo->show.metrics)
        std::erase_if(whole.histograms.metrics, [&](model::metric one) { return !todo->show.metrics->contains(one); });
    // before the figures, and not where a program reads them
    for (const std::string& line : sink::words_on_damage(*from))
        fmt::print(stderr, "irqscope: {}: {}\n", options.input, line);
    if (!read || !histograms->histograms(whole.histograms)) return {};
    stalls->report(whole.stalls);
    return {};
}

} // namespace

command add_report(CLI::App& parent) {
    const auto options = std::make_shared<report_options>();
    CLI::App* report =
        parent.add_subcommand("report", "a recording's histograms and incidents; on any machine, without rights");
    report->add_option("-i,--input,file", options->input, "the recording (irqscope.data)")->type_name("FILE");
    report
        ->add_option("--time", options->time,
                     "only from A to B: seconds of CLOCK_MONOTONIC (1234.5,1240), or\nsince the recording's start "
                     "(+5s,+10s); either may be "
                     "left out")
        ->type_name("A,B");
    report->add_option("-C,--cpus", options->cpus, "only these CPUs (0-3,8)")->type_name("LIST");
    report->add_flag("--stalls", options->stalls, "each stall with its stack, too, as `irqscope stalls` tells it");
    add_view(*report, options->view, "");
    report->add_flag("--json", options->json, "a document a line: the stalls (--stalls), hist's, and stalls' summary");
    report->footer("Examples:\n"
                   "  irqscope report                              of irqscope.data\n"
                   "  irqscope report -i fio.data --time +10s,+20s -C 3\n"
                   "  irqscope report --stalls | less              every stall\n");
    return [options](const global_options& /*global*/) { return run_report(*options); };
}

} // namespace irqscope::cli

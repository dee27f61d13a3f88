// SPDX-License-Identifier: BSD-2-Clause
// `irqscope report`: a recording's histograms and incidents, as hist and stalls print those of a live run.
#include "cli/recorded.hpp"
#include "cli/view.hpp"
#include "recording/summing.hpp"
#include "sink/json.hpp"
#include "sink/json_stalls.hpp"
#include "sink/text.hpp"
#include "sink/text_matrix.hpp"
#include "sink/text_stalls.hpp"

#include <memory>

namespace irqscope::cli {

namespace {

struct report_options {
    recorded_options recorded;
    view_options view;
    bool stalls = false;
    bool json = false;
};

result<void> run_report(const report_options& options) {
    const auto show = understand(options.view);
    if (!show) return tl::unexpected(show.error());
    auto from = recording::replay::open(options.recorded.input);
    if (!from) return tl::unexpected(from.error());
    const auto wanted = understand(options.recorded, from->about());
    if (!wanted) return tl::unexpected(wanted.error());

    std::unique_ptr<sink::stall_sink> stalls;
    std::unique_ptr<sink::sink> histograms;
    if (options.json) {
        stalls = std::make_unique<sink::json_stalls>();
        histograms = std::make_unique<sink::json>(true);
    } else {
        stalls = std::make_unique<sink::text_stalls>(false);
        histograms = std::make_unique<sink::text>(show->text);
    }
    bool read = stalls->begin(heading_of(from->about()));
    recording::summing sum(*wanted, [&](const model::stall& one) {
        if (options.stalls && read) read = stalls->stall(one);
    });
    from->run(*wanted, sum.spans(), sum);
    auto whole = sum.whole(*from);
    if (show->metrics)
        std::erase_if(whole.histograms.metrics, [&](model::metric one) { return !show->metrics->contains(one); });
    // before the figures, and not where a program reads them
    say_damage(*from);
    if (!read || !histograms->histograms(whole.histograms)) return {};
    if (!options.json && !sink::write_out(sink::irq_matrix(whole.histograms, from->about().irqs))) return {};
    stalls->report(whole.stalls);
    return {};
}

} // namespace

command add_report(CLI::App& parent) {
    const auto options = std::make_shared<report_options>();
    CLI::App* report =
        parent.add_subcommand("report", "a recording's histograms and incidents; on any machine, without rights");
    add_recorded(*report, options->recorded, true);
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

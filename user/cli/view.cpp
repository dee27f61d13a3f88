// SPDX-License-Identifier: BSD-2-Clause
#include "cli/view.hpp"

#include "cli/parse.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <vector>

namespace irqscope::cli {

namespace {

result<std::set<model::metric>> parse_metrics(const std::string& text) {
    std::set<model::metric> chosen;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        const std::string name = text.substr(start, end - start);
        const auto which = model::metric_named(name);
        if (!which) {
            std::vector<std::string_view> names;
            for (const model::metric one : model::all_metrics) names.push_back(model::name_of(one));
            return failure(exit_status::usage, fmt::format("--metric {}: there is no metric '{}'; there are {}", text,
                                                           name, fmt::join(names, ", ")));
        }
        chosen.insert(*which);
        start = end + 1;
    }
    return chosen;
}

} // namespace

void add_view(CLI::App& app, view_options& to, const std::string& more) {
    app.add_option("--metric", to.metrics,
                   "only these, with commas: irq_off (how late the heartbeat's\n"
                   "timer was served), softirq_off (raise to the first softirq),\n"
                   "softirq_latency (oldest raise to entry), softirq_run,\n"
                   "hardirq_run, sysvec_run, idle_exit, ksoftirqd_latency (woken\n"
                   "until it runs), ksoftirqd_run" +
                       more)
        ->type_name("LIST");
    app.add_flag("--per-cpu", to.per_cpu, "a line for each CPU and key");
    app.add_flag("--fine", to.fine, "histograms in 8 steps to a power of two");
    app.add_option("--top", to.top, "lines and histograms a metric (without it 16 and 3)")
        ->type_name("N")
        ->check(CLI::Range(1, 100000).description(""));
    app.add_option("--above", to.above, "only keys whose maximum reached it (100us, 2ms)")->type_name("TIME");
}

result<view> understand(const view_options& options) {
    view made;
    if (!options.metrics.empty()) {
        auto metrics = parse_metrics(options.metrics);
        if (!metrics) return tl::unexpected(metrics.error());
        made.metrics = std::move(*metrics);
    }
    if (!options.above.empty()) {
        const auto above = parse_threshold("--above", options.above);
        if (!above) return tl::unexpected(above.error());
        made.text.above_ns = *above;
    }
    if (options.top != 0) made.text.top = made.text.top_histograms = options.top;
    made.text.per_cpu = options.per_cpu;
    made.text.fine = options.fine;
    return made;
}

} // namespace irqscope::cli

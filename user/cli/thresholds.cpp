// SPDX-License-Identifier: BSD-2-Clause
#include "cli/thresholds.hpp"

#include "cli/parse.hpp"

#include <fmt/format.h>

namespace irqscope::cli {

void add_thresholds(CLI::App& app, threshold_options& to) {
    for (threshold_option& one : to.all)
        app.add_option(one.name, one.text, fmt::format("{} ({}; or off)", one.words, one.text))->type_name("TIME");
    app.add_option("--rate", to.rate, "tell at most so many stalls per second on each CPU, count\nthe rest (100)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000).description(""));
}

result<void> apply(const threshold_options& options, probe::session_options& to) {
    for (const threshold_option& one : options.all) {
        if (one.text == "off") continue;
        const auto ns = parse_threshold(one.name, one.text);
        if (!ns) return tl::unexpected(ns.error());
        to.stalls[one.kind] = *ns;
    }
    if (to.stalls.contains(model::stall_kind::ksoftirqd))
        to.metrics.insert({model::metric::ksoftirqd_latency, model::metric::ksoftirqd_run});
    to.stall_rate = options.rate;
    return {};
}

} // namespace irqscope::cli

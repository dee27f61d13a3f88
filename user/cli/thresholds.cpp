// SPDX-License-Identifier: BSD-2-Clause
#include "cli/thresholds.hpp"

#include "cli/parse.hpp"
#include "host/watchdog.hpp"

#include <fmt/format.h>
#include <string>
#include <utility>

namespace irqscope::cli {

void add_thresholds(CLI::App& app, threshold_options& to) {
    for (threshold_option& one : to.all)
        app.add_option(one.name, one.text, fmt::format("{} ({}; or off)", one.words, one.text))->type_name("TIME");
    app.add_option("--lockup-at", to.lockup_at,
                   "count down to a soft lockup, told at 25, 50 and 75 % of\nthis (2 * kernel.watchdog_thresh; or off)")
        ->type_name("TIME");
    app.add_option("--rate", to.rate, "tell at most so many stalls per second on each CPU, count\nthe rest (100)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000).description(""));
}

namespace {

result<void> apply_lockup(const std::string& at, probe::session_options& to) {
    if (at == "off") return {};
    host::watchdog kernels = host::read_watchdog();
    to.watchdog_cpus = std::move(kernels.cpus);
    to.stalls[model::stall_kind::lockup] = kernels.threshold_ns;
    if (at.empty()) return {};
    const auto ns = parse_threshold("--lockup-at", at);
    if (!ns) return tl::unexpected(ns.error());
    to.stalls[model::stall_kind::lockup] = *ns;
    to.lockup_scaled = true;
    return {};
}

} // namespace

result<void> apply(const threshold_options& options, probe::session_options& to) {
    if (auto applied = apply_lockup(options.lockup_at, to); !applied) return applied;
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

// SPDX-License-Identifier: BSD-2-Clause
// What of the histograms is shown, and how: the same for a live run and a recording.
#pragma once

#include "cli/commands.hpp"
#include "model/series.hpp"
#include "result.hpp"
#include "sink/text.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>

namespace irqscope::cli {

// As given; empty: not given.
struct view_options {
    std::string metrics;
    std::string above;
    std::size_t top = 0;
    bool per_cpu = false;
    bool fine = false;
};

struct view {
    std::optional<std::set<model::metric>> metrics; // nothing: not given
    sink::text_options text;
};

// Adds the options; `to` lives as long as the command. more: what else --metric does.
void add_view(CLI::App& app, view_options& to, const std::string& more);
// Fails: usage.
result<view> understand(const view_options& options);

} // namespace irqscope::cli

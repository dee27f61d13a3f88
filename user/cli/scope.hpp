// SPDX-License-Identifier: BSD-2-Clause
// What every command that watches is told alike: for how long, which CPUs, and how often a heartbeat beats.
#pragma once

#include "cli/commands.hpp"
#include "probe/session.hpp"
#include "result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::cli {

// As given: -d, -C, --beat. Empty: not given.
struct scope_options {
    std::string duration;
    std::string cpus;
    std::string beat;
};

// Understood; nothing: not given.
struct scope {
    std::optional<std::uint64_t> duration_ns;
    std::optional<std::vector<int>> cpus;
    std::optional<std::uint64_t> beat_ns;

    // Sets what was given.
    void apply(probe::session_options& to) const;
};

// Adds the three options; `to` lives as long as the command.
void add_scope(CLI::App& app, scope_options& to);

// Fails: as parse_duration(), parse_cpus() and parse_beat() do.
result<scope> understand(const scope_options& options);

// " for 2.5 s", or nothing without a duration.
std::string words_for(std::optional<std::uint64_t> duration_ns);

} // namespace irqscope::cli

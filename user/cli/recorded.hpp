// SPDX-License-Identifier: BSD-2-Clause
// What every command that reads a recording is told alike: which one, and what of it.
#pragma once

#include "cli/commands.hpp"
#include "recording/replay.hpp"
#include "result.hpp"
#include "sink/stall_sink.hpp"

#include <string>

namespace irqscope::cli {

// As given; empty: not given.
struct recorded_options {
    std::string input = "irqscope.data";
    std::string time;
    std::string cpus;
};

// Adds -i; with_selection: --time and -C, too. `to` lives as long as the command.
void add_recorded(CLI::App& app, recorded_options& to, bool with_selection);

// Fails: usage.
result<recording::selection> understand(const recorded_options& options, const recording::header& about);

// What sinks of stalls begin with.
sink::stalls_heading heading_of(const recording::header& about);

// On stderr: what of the recording could not be read; nothing if it is whole.
void say_damage(const recording::replay& of);

} // namespace irqscope::cli

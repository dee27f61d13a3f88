// SPDX-License-Identifier: BSD-2-Clause
// The subcommands: each adds itself to the command line, and runs when it was chosen.
#pragma once

#include "result.hpp"

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

namespace irqscope::cli {

struct global_options {
    bool verbose = false;
    std::optional<std::string> btf_file;
};

using command = std::function<result<void>(const global_options&)>;

command add_hist(CLI::App& parent);
command add_stalls(CLI::App& parent);
command add_record(CLI::App& parent);
command add_diff(CLI::App& parent);
command add_report(CLI::App& parent);
command add_script(CLI::App& parent);
command add_export(CLI::App& parent);
command add_info(CLI::App& parent);
command add_doctor(CLI::App& parent);
command add_selftest(CLI::App& parent);

// Parses, runs, prints the error if there is one. The exit status of the process.
int run(int count, const char* const* arguments);

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/recorded.hpp"

#include "cli/parse.hpp"
#include "host/cpus.hpp"
#include "sink/recording.hpp"

#include <fmt/format.h>

namespace irqscope::cli {

void add_recorded(CLI::App& app, recorded_options& to, bool with_selection) {
    app.add_option("-i,--input,file", to.input, "the recording (irqscope.data)")->type_name("FILE");
    if (!with_selection) return;
    app.add_option("--time", to.time,
                   "only from A to B: seconds of CLOCK_MONOTONIC (1234.5,1240),\n"
                   "or since the recording's start (+5s,+10s); either may be left out (+5s,)")
        ->type_name("A,B");
    app.add_option("-C,--cpus", to.cpus, "only these CPUs (0-3,8)")->type_name("LIST");
}

result<recording::selection> understand(const recorded_options& options, const recording::header& about) {
    recording::selection wanted;
    if (!options.time.empty()) {
        const auto window = parse_window("--time", options.time, about.monotonic_ns);
        if (!window) return tl::unexpected(window.error());
        wanted.from_ns = window->first;
        wanted.to_ns = window->second;
    }
    if (!options.cpus.empty()) {
        auto cpus = host::parse_cpu_list(options.cpus);
        if (!cpus) return failure(exit_status::usage, fmt::format("-C {}: {}", options.cpus, cpus.error().message));
        if (!about.cpus.empty() && host::intersection(*cpus, about.cpus).empty())
            return failure(exit_status::usage, fmt::format("-C {}: the recording is of CPUs {}", options.cpus,
                                                           host::format_cpu_list(about.cpus)));
        wanted.cpus = std::move(*cpus);
    }
    return wanted;
}

sink::stalls_heading heading_of(const recording::header& about) {
    sink::stalls_heading made;
    made.cpus = about.cpus;
    made.without_beat = about.without_beat;
    made.beat_ns = about.beat_ns;
    made.thresholds_ns = about.thresholds_ns;
    made.clock = {about.monotonic_ns, about.wall_of(about.monotonic_ns)};
    return made;
}

void say_damage(const recording::replay& of) {
    for (const std::string& line : sink::words_on_damage(of))
        fmt::print(stderr, "irqscope: {}: {}\n", of.file().name(), line);
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/scope.hpp"

#include "cli/parse.hpp"

#include <fmt/format.h>

namespace irqscope::cli {

namespace {

// What was given, by the function that understands it.
template <typename T>
result<void> take(const char* option, const std::string& text, result<T> (*parse)(std::string_view, std::string_view),
                  std::optional<T>& to) {
    if (text.empty()) return {};
    auto value = parse(option, text);
    if (!value) return tl::unexpected(value.error());
    to = std::move(*value);
    return {};
}

std::string not_empty(const std::string& text) { return text.empty() ? "it is empty" : ""; }

} // namespace

void scope::apply(probe::session_options& to) const {
    if (cpus) to.cpus = cpus;
    if (beat_ns) to.beat_ns = *beat_ns;
}

void add_scope(CLI::App& app, scope_options& to) {
    app.add_option("-d,--duration", to.duration,
                   "end after so long (10, 500ms, 2m; bcc's -d is something\nelse); without it, at Ctrl-C")
        ->check(not_empty, "")
        ->type_name("TIME");
    app.add_option("-C,--cpu", to.cpus,
                   "these CPUs only (0-3,8); isolated CPUs have a heartbeat\nonly when they are named here")
        ->check(not_empty, "")
        ->type_name("LIST");
    app.add_option("--beat", to.beat, "period of the heartbeats (1ms; 100us to 100ms)")
        ->check(not_empty, "")
        ->type_name("TIME");
}

result<scope> understand(const scope_options& options) {
    scope made;
    if (auto done = take("-d", options.duration, parse_duration, made.duration_ns); !done)
        return tl::unexpected(done.error());
    if (auto done = take("-C", options.cpus, parse_cpus, made.cpus); !done) return tl::unexpected(done.error());
    if (auto done = take("--beat", options.beat, parse_beat, made.beat_ns); !done) return tl::unexpected(done.error());
    return made;
}

std::string words_for(std::optional<std::uint64_t> duration_ns) {
    return duration_ns ? fmt::format(" for {} s", static_cast<double>(*duration_ns) / 1e9) : std::string();
}

} // namespace irqscope::cli

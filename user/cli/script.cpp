// SPDX-License-Identifier: BSD-2-Clause
// `irqscope script`: a recording as lines, for other programs.
#include "sink/script.hpp"
#include "cli/recorded.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <optional>

namespace irqscope::cli {

namespace {

struct script_options {
    recorded_options recorded;
    std::optional<std::string> fields;
    bool json = false;
};

result<std::vector<sink::script_field>> parse_fields(const std::string& text) {
    std::vector<sink::script_field> chosen;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        const std::string name = text.substr(start, end - start);
        const auto& all = sink::all_script_fields;
        const auto found = std::find_if(all.begin(), all.end(), [&](auto one) { return sink::name_of(one) == name; });
        if (found == all.end()) {
            std::vector<std::string_view> names;
            for (const auto one : all) names.push_back(sink::name_of(one));
            return failure(exit_status::usage, fmt::format("-F {}: there is no field '{}'; there are {}", text, name,
                                                           fmt::join(names, ", ")));
        }
        chosen.push_back(*found);
        start = end + 1;
    }
    return chosen;
}

result<void> run_script(const script_options& options) {
    sink::script_options show;
    show.json = options.json;
    if (options.fields) {
        if (options.json) return failure(exit_status::usage, "-F does not go with --json, which has every field");
        auto fields = parse_fields(*options.fields);
        if (!fields) return tl::unexpected(fields.error());
        show.fields = std::move(*fields);
    }
    auto from = recording::replay::open(options.recorded.input);
    if (!from) return tl::unexpected(from.error());
    const auto wanted = understand(options.recorded, from->about());
    if (!wanted) return tl::unexpected(wanted.error());
    sink::script out(std::move(show), *from, heading_of(from->about()));
    from->run(*wanted, out, out);
    out.finish();
    say_damage(*from);
    return {};
}

} // namespace

command add_script(CLI::App& parent) {
    const auto options = std::make_shared<script_options>();
    CLI::App* script =
        parent.add_subcommand("script", "a recording's spans and stalls, a line each, in the order of their ends");
    add_recorded(*script, options->recorded, true);
    script
        ->add_option("-F,--fields", options->fields,
                     "these columns: start, end (seconds of CLOCK_MONOTONIC), cpu,\n"
                     "metric, duration_ns, nested_ns (of it, interrupts), latency_ns\n"
                     "and off_ns (of a softirq), irq, context, key")
        ->type_name("LIST");
    script->add_flag("--json", options->json, "an object a line: irqscope.span/1, irqscope.stall/1 (docs/JSON.md)");
    script->footer(
        "Columns stand in the order of -F, or all but `end`; '-' is none. The key is the last of them: handlers'\n"
        "names may have spaces. A stall's metric is stall:KIND:STATE, its key who was to blame.\n\n"
        "Examples:\n"
        "  irqscope script -F start,cpu,duration_ns,key | sort -k3n | tail\n"
        "  irqscope script --time +1s,+2s -C 3 --json\n");
    return [options](const global_options& /*global*/) { return run_script(*options); };
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// `irqscope export`: a recording in the words of other tools.
#include "cli/parse.hpp"
#include "cli/recorded.hpp"
#include "exporting/exporter.hpp"
#include "exporting/folded.hpp"
#include "exporting/lines.hpp"
#include "exporting/openmetrics.hpp"
#include "exporting/output.hpp"
#include "exporting/perf.hpp"
#include "exporting/perfetto.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace irqscope::cli {

namespace {

using exporting::exporter;

struct made_for {
    const recording::replay* from;
    const recording::selection* wanted;
    exporting::output* to;
};

struct format {
    std::string_view name;
    const char* file; // where it goes if nothing else is said; "-" is the standard output
    bool text;        // a terminal can show it
    bool spans;       // it shows them
    std::unique_ptr<exporter> (*make)(const made_for&);
};

template <typename T>
std::unique_ptr<exporter> make(const made_for& with) {
    return std::make_unique<T>(*with.from, *with.to);
}

template <typename T>
std::unique_ptr<exporter> make_of_part(const made_for& with) {
    return std::make_unique<T>(*with.from, *with.wanted, *with.to);
}

std::unique_ptr<exporter> make_lines(const made_for& with) {
    return std::make_unique<exporting::lines>(*with.from, heading_of(with.from->about()), *with.to);
}

constexpr std::array formats{
    format{"perf", "irqscope.perf.data", false, false, make<exporting::perf>},
    format{"folded", "-", true, false, make<exporting::folded>},
    format{"jsonl", "-", true, true, make_lines},
    format{"openmetrics", "-", true, true, make_of_part<exporting::openmetrics>},
    format{"perfetto", "irqscope.perfetto-trace", false, true, make_of_part<exporting::perfetto>},
};

struct export_options {
    recorded_options recorded;
    std::string format;
    std::string output;
    std::optional<std::int64_t> incident;
    std::string around;
};

constexpr std::uint64_t usual_around_ns = 50'000'000;

std::vector<std::string_view> format_names() {
    std::vector<std::string_view> names;
    for (const format& one : formats) names.push_back(one.name);
    return names;
}

result<const format*> format_named(const std::string& name) {
    const auto* const found =
        std::find_if(formats.begin(), formats.end(), [&name](const format& one) { return one.name == name; });
    if (found != formats.end()) return found;
    return failure(exit_status::usage, fmt::format("--to {}: there is no such format; there are {}", name,
                                                   fmt::join(format_names(), ", ")));
}

// From the first start to the last end of one incident's stalls, by the number that they were told with.
class incident_time final : public recording::listener {
public:
    explicit incident_time(std::uint64_t incident) : incident_(incident) {}

    void run(recording::replay& of, const recording::selection& wanted) { of.run(wanted, nothing_, *this); }
    void on_told(model::stall one) override {
        newest_ = std::max(newest_, one.incident);
        if (one.incident != incident_) return;
        if (!found_) found_ = {UINT64_MAX, 0};
        found_->first = std::min(found_->first, one.start_ns);
        found_->second = std::max(found_->second, one.end_ns);
    }
    [[nodiscard]] const std::optional<std::pair<std::uint64_t, std::uint64_t>>& found() const { return found_; }
    [[nodiscard]] std::uint64_t newest() const { return newest_; } // the highest number there is

private:
    stream::span_counter nothing_{false, false};
    std::uint64_t incident_;
    std::uint64_t newest_ = 0;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> found_;
};

// The time of one incident and what is around it. Fails: usage (there is no such incident).
result<void> narrow(recording::selection& to, const export_options& options) {
    std::uint64_t around_ns = usual_around_ns;
    if (!options.around.empty()) {
        const auto ns = parse_duration("--around", options.around);
        if (!ns) return tl::unexpected(ns.error());
        around_ns = *ns;
    }
    auto from = recording::replay::open(options.recorded.input);
    if (!from) return tl::unexpected(from.error());
    recording::selection stalls = to;
    stalls.spans = false;
    incident_time time(static_cast<std::uint64_t>(*options.incident));
    time.run(*from, stalls);
    const bool is_part = !options.recorded.time.empty() || !options.recorded.cpus.empty();
    const std::string where = options.recorded.input + (is_part ? ", in that part of it," : "");
    if (!time.found())
        return failure(exit_status::usage, time.newest() == 0
                                               ? fmt::format("--stall {}: {} has no stall", *options.incident, where)
                                               : fmt::format("--stall {}: {} has no such incident; they go up to {}",
                                                             *options.incident, where, time.newest()));
    const auto [first_ns, last_ns] = *time.found();
    to.from_ns = std::max(to.from_ns, first_ns - std::min(first_ns, around_ns));
    to.to_ns = std::min(to.to_ns, last_ns + around_ns);
    return {};
}

bool is_one_file(const std::string& a, const std::string& b) {
    struct stat of_a {};
    struct stat of_b {};
    return stat(a.c_str(), &of_a) == 0 && stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

result<void> run_export(const export_options& options) {
    const auto how = format_named(options.format);
    if (!how) return tl::unexpected(how.error());
    if (!options.incident && !options.around.empty())
        return failure(exit_status::usage, "--around needs --stall N, the incident around which it is");
    if (options.incident && *options.incident <= 0)
        return failure(exit_status::usage,
                       fmt::format("--stall {}: incidents are numbered from 1 on", *options.incident));
    if (!(*how)->text && (options.output == "-") && isatty(STDOUT_FILENO) != 0)
        return failure(exit_status::usage,
                       fmt::format("--to {} is nothing for a terminal; give -o a file, or pipe it", (*how)->name));
    auto from = recording::replay::open(options.recorded.input);
    if (!from) return tl::unexpected(from.error());
    auto wanted = understand(options.recorded, from->about());
    if (!wanted) return tl::unexpected(wanted.error());
    if (options.incident)
        if (auto narrowed = narrow(*wanted, options); !narrowed) return narrowed;
    const std::string path = options.output.empty() ? (*how)->file : options.output;
    if (path != "-" && is_one_file(path, options.recorded.input))
        return failure(exit_status::usage, fmt::format("-o {} is the recording itself", path));
    wanted->spans = (*how)->spans;
    auto to = exporting::output::open(path);
    if (!to) return tl::unexpected(to.error());
    const auto out = (*how)->make({&*from, &*wanted, &*to});
    from->run(*wanted, *out, *out);
    if (auto finished = out->finish(); !finished) return finished;
    say_damage(*from);
    if (auto kept = to->keep(); !kept) return kept;
    if (path != "-") fmt::print(stderr, "irqscope: {} is written\n", path);
    return {};
}

} // namespace

command add_export(CLI::App& parent) {
    const auto options = std::make_shared<export_options>();
    CLI::App* app = parent.add_subcommand("export", "a recording for perf, Perfetto, flame graphs, Prometheus");
    add_recorded(*app, options->recorded, true);
    app->add_option("--to", options->format, fmt::format("{}", fmt::join(format_names(), ", ")))
        ->required()
        ->type_name("FORMAT");
    app->add_option(
           "-o,--output", options->output,
           "into this file; - is the standard output, as it is for folded,\njsonl and openmetrics if nothing is said")
        ->type_name("FILE");
    app->add_option("--stall", options->incident,
                    "only incident N, as `irqscope report --stalls` numbers them,\nand what is around it")
        ->type_name("N");
    app->add_option("--around", options->around, "with --stall: so long before it and after it (50ms)")
        ->type_name("TIME");
    app->footer(
        "Examples:\n"
        "  irqscope export --to perf -o - | perf report -i - --sort comm,sym\n"
        "  irqscope export --to perfetto --stall 3 --around 50ms     for ui.perfetto.dev (docs/PERFETTO.md)\n"
        "  irqscope export --to folded | flamegraph.pl >stalls.svg\n"
        "  irqscope export --to openmetrics -o metrics              to be scraped as application/openmetrics-text\n\n"
        "docs/PERF.md says what is in each of them.");
    return [options](const global_options& /*global*/) { return run_export(*options); };
}

} // namespace irqscope::cli

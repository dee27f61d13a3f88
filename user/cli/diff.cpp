// SPDX-License-Identifier: BSD-2-Clause
// `irqscope diff`: what has changed between two recordings, beyond what changes all the time.
#include "cli/commands.hpp"
#include "cli/recorded.hpp"
#include "host/cpus.hpp"
#include "model/comparison.hpp"
#include "recording/slicing.hpp"
#include "sink/comparison.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

namespace irqscope::cli {

namespace {

constexpr std::uint64_t wanted_slices = 30; // of the shorter one

struct diff_options {
    std::string before;
    std::string after;
    std::string cpus;
    double least = 100;
    bool all = false;
    bool json = false;
};

struct one_side {
    recording::replay from;
    recording::selection wanted;
    recording::summing::sums sums;
    model::sliced sliced;
};

result<one_side> read_whole(const std::string& name, const std::string& cpus) {
    auto from = recording::replay::open(name);
    if (!from) return tl::unexpected(from.error());
    recorded_options options;
    options.cpus = cpus;
    auto wanted = understand(options, from->about());
    if (!wanted) return tl::unexpected(wanted.error());
    recording::summing sum(*wanted, [](const model::stall&) {});
    from->run(*wanted, sum.spans(), sum);
    auto sums = sum.whole(*from);
    say_damage(*from);
    auto sliced = recording::rows_of(sums);
    return one_side{std::move(*from), std::move(*wanted), std::move(sums), std::move(sliced)};
}

result<void> read_slices(one_side& of, const std::map<model::row_id, model::thresholds>& thresholds,
                         std::uint64_t slice_ns) {
    of.sliced.slice_ns = slice_ns;
    of.sliced.slices = of.sums.histograms.duration_ns / slice_ns;
    const std::string& name = of.from.file().name();
    if (of.sliced.slices < model::fewest_slices)
        return failure(
            exit_status::failed,
            fmt::format("{} is too short to tell a change from noise: {} of it are {} slices of {}, and {} are "
                        "needed",
                        name, sink::format_ns(of.sums.histograms.duration_ns), of.sliced.slices,
                        sink::format_ns(slice_ns), model::fewest_slices));
    auto again = recording::replay::open(name);
    if (!again) return tl::unexpected(again.error());
    recording::slicing slices(of.sliced, thresholds, again->names(), of.from.about().spans);
    again->run(of.wanted, slices, slices);
    slices.finish();
    return {};
}

result<void> run_diff(const diff_options& options) {
    if (!(options.least >= 0 && options.least <= 1e6))
        return failure(exit_status::usage, fmt::format("--least {}: a percentage, 0 or more", options.least));
    auto before = read_whole(options.before, options.cpus);
    if (!before) return tl::unexpected(before.error());
    auto after = read_whole(options.after, options.cpus);
    if (!after) return tl::unexpected(after.error());
    const std::uint64_t shorter_ns = std::min(before->sums.histograms.duration_ns, after->sums.histograms.duration_ns);
    const std::uint64_t slice_ns =
        std::max({shorter_ns / wanted_slices, recording::shortest_slice_ns(before->from.about()),
                  recording::shortest_slice_ns(after->from.about())});
    std::map<model::row_id, model::thresholds> thresholds;
    const auto histogram_in = [](const one_side& side, const model::row_id& row) {
        const auto found = side.sliced.rows.find(row);
        return found == side.sliced.rows.end() ? nullptr : &found->second.whole;
    };
    for (const one_side* const side : {&*before, &*after})
        for (const auto& [row, values] : side->sliced.rows)
            if (!thresholds.contains(row))
                thresholds[row] = model::thresholds_of(histogram_in(*before, row), histogram_in(*after, row));
    for (one_side* const side : {&*before, &*after})
        if (auto read = read_slices(*side, thresholds, slice_ns); !read) return read;
    model::comparison_options how;
    how.least_ratio = 1 + options.least / 100;
    const auto compared = model::compare(before->sliced, after->sliced, how);
    const auto of_file = [](const one_side& side) {
        return sink::compared_file{side.from.file().name(), side.sums.histograms, side.sliced.slices};
    };
    sink::print_comparison(compared, how, of_file(*before), of_file(*after), slice_ns,
                           options.json  ? sink::comparison_form::json
                           : options.all ? sink::comparison_form::all
                                         : sink::comparison_form::changed);
    if (compared.changed) return failure(exit_status::changed, "");
    return {};
}

} // namespace

command add_diff(CLI::App& parent) {
    const auto options = std::make_shared<diff_options>();
    CLI::App* diff = parent.add_subcommand("diff", "what has changed between two recordings, beyond noise");
    diff->add_option("before", options->before, "a recording")->type_name("FILE")->required();
    diff->add_option("after", options->after, "another one, of the same load")->type_name("FILE")->required();
    diff->add_option("-C,--cpus", options->cpus, "only these CPUs (0-3,8)")->type_name("LIST");
    diff->add_option("--least", options->least, "a figure that differs by less has not changed (100)")
        ->type_name("PERCENT");
    diff->add_flag("--all", options->all, "the rows that have not changed, too");
    diff->add_flag("--json", options->json, "one document (docs/JSON.md)");
    diff->footer(
        "Exit status: 0 nothing changed, 4 something did, 1 they cannot be compared, 2 usage.\n\n"
        "Both recordings are cut into slices of equal length. A figure has changed when it differs by --least, it is\n"
        "about 0.1 % of a CPU's time or more, and its slices differ more than slices of one recording do (rank test;\n"
        "the chance that they do so anywhere is kept below 1 %). docs/RECORDING.md says more.");
    return [options](const global_options& /*global*/) { return run_diff(*options); };
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/comparison.hpp"

#include "host/cpus.hpp"
#include "model/rows.hpp"
#include "sink/json_parts.hpp"
#include "sink/page.hpp"
#include "sink/sink.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

namespace irqscope::sink {

namespace {

using model::compared;
using model::compared_row;
using model::statistic;

constexpr std::size_t most_groups = 20; // of rows that are shown without --all
constexpr std::size_t most_stalled = 8; // CPUs

std::string ns_of(double ns) { return format_ns(static_cast<std::uint64_t>(std::llround(ns))); }

std::string figure_of(statistic what, double value) {
    switch (what) {
    case statistic::stalled: return fmt::format("{:.2f} s", value);
    case statistic::rate: return format_rate(value) + "/s";
    case statistic::interrupted: return format_share(value);
    default: return ns_of(value);
    }
}

std::string ratio_of(const compared& one) {
    if (one.what == statistic::interrupted || one.before == 0 || one.after == 0) return {};
    const double ratio = one.after / one.before;
    return ratio >= 10 ? fmt::format("x {:.0f}", ratio) : fmt::format("x {:.2f}", ratio);
}

std::string chance_of(double p) { return p < 1e-6 ? "p < 1e-6" : fmt::format("p {:.2g}", p); }

std::string words_on(const compared& one, const std::string& name, const std::string& end) {
    std::string text = fmt::format("{:<24} {:>9} -> {:<9}  {:<7} {:<9}  {}", name, figure_of(one.what, one.before),
                                   figure_of(one.what, one.after), ratio_of(one), chance_of(one.p), end);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + '\n';
}

std::string name_of_row(const compared_row& row) {
    const model::series_id& id = row.row.id;
    std::string text(model::name_of(id.what));
    if (id.irq) text += fmt::format(" {}", *id.irq);
    if (!id.key.empty()) text += " " + printable(id.key, 40);
    return text;
}

// What the row is about, before the figures that changed.
std::string head_of(const compared_row& row) {
    const std::string name = fmt::format("CPU {}  {}", row.row.cpu, name_of_row(row));
    if (model::is_run(row.row.id.what))
        return fmt::format("{}: {} -> {} of the CPU\n", name, format_share(row.ns_per_s_before / 1e9),
                           format_share(row.ns_per_s_after / 1e9));
    return fmt::format("{}: {} -> {} waited a second\n", name, ns_of(row.ns_per_s_before), ns_of(row.ns_per_s_after));
}

std::string stalls_text(const model::comparison& of, bool all) {
    std::string text;
    std::size_t shown = 0;
    for (const model::compared_stalls& one : of.stalls) {
        const bool total = one.cpu < 0;
        if (!total && !all && (!one.seconds_per_hour.changed || shown++ >= most_stalled)) continue;
        const bool any = one.seconds_per_hour.before != 0 || one.seconds_per_hour.after != 0;
        if (!any) {
            text += "stalled per hour: nothing in either\n";
            continue;
        }
        std::string end = one.seconds_per_hour.changed ? "" : "not changed";
        if (!one.culprit.empty()) end += (end.empty() ? "most by " : "; most by ") + printable(one.culprit, 40);
        text += words_on(one.seconds_per_hour, total ? "stalled per hour" : fmt::format("  CPU {}", one.cpu), end);
    }
    return text;
}

// The row that is about most time, and the CPUs on which the same changed.
struct group {
    const compared_row* row;
    std::vector<int> also;
};

std::vector<group> groups_of(const model::comparison& of) {
    std::vector<group> groups;
    for (const compared_row& row : of.rows) {
        if (!row.changed) continue;
        const auto same = std::find_if(groups.begin(), groups.end(),
                                       [&row](const group& one) { return one.row->row.id == row.row.id; });
        if (same == groups.end())
            groups.push_back({&row, {}});
        else
            same->also.push_back(row.row.cpu);
    }
    return groups;
}

std::string row_text(const compared_row& row, bool all) {
    std::string text = head_of(row);
    for (const compared& one : row.statistics)
        if (one.changed || all)
            text += words_on(one, "    " + std::string(model::name_of(one.what)), all && one.changed ? "changed" : "");
    return text;
}

std::string file_text(const char* which, const compared_file& file) {
    return wrapped(fmt::format("{:<7} {}  {} from {}; lost: {}", which, file.name, format_ns(file.whole.duration_ns),
                               format_local(file.whole.start_time), lost_words(file.whole.lost)),
                   8, 0) +
           '\n';
}

std::string text_of(const model::comparison& of, const model::comparison_options& how, const compared_file& before,
                    const compared_file& after, std::uint64_t slice_ns, bool all) {
    std::string text = file_text("before", before) + file_text("after", after) + "\n";
    text += stalls_text(of, all);
    std::vector<group> groups = groups_of(of);
    std::size_t changed = 0;
    for (const compared_row& row : of.rows) changed += row.changed ? 1 : 0;
    if (all) {
        for (const compared_row& row : of.rows) text += "\n" + row_text(row, true);
    } else {
        for (std::size_t i = 0; i < std::min(groups.size(), most_groups); i++) {
            text += "\n" + row_text(*groups[i].row, false);
            std::sort(groups[i].also.begin(), groups[i].also.end());
            if (!groups[i].also.empty())
                text += wrapped(fmt::format("    and on {} {}", groups[i].also.size() == 1 ? "CPU" : "CPUs",
                                            host::format_cpu_list(groups[i].also)),
                                4, 0) +
                        "\n";
        }
        if (groups.size() > most_groups)
            text += fmt::format("\nand {} more that changed less (--all)\n", groups.size() - most_groups);
    }
    text += wrapped(fmt::format("\n{}: {} of {} rows changed, by {:.0f} % or more, in {} and {} slices of {}{}",
                                of.changed ? "changed" : "no change", changed, of.rows.size(),
                                (how.least_ratio - 1) * 100, before.slices, after.slices, format_ns(slice_ns),
                                all || changed == of.rows.size() ? "" : " (--all shows every row)"),
                    4, 0) +
            "\n";
    return text;
}

object figures_of(const compared& one) {
    return {{"before", one.before}, {"after", one.after}, {"p", one.p}, {"changed", one.changed}};
}

object file_of(const compared_file& file) {
    return {{"file", file.name},
            {"host", file.whole.host},
            {"kernel", file.whole.kernel},
            {"start", format_rfc3339(file.whole.start_time)},
            {"duration_ns", file.whole.duration_ns},
            {"slices", file.slices},
            {"lost", lost_of(file.whole.lost)}};
}

std::string json_of(const model::comparison& of, const model::comparison_options& how, const compared_file& before,
                    const compared_file& after, std::uint64_t slice_ns) {
    object stalls = object::array();
    for (const model::compared_stalls& one : of.stalls) {
        object row = {{"cpu", one.cpu < 0 ? object(nullptr) : object(one.cpu)}};
        row[std::string(model::name_of(one.seconds_per_hour.what))] = figures_of(one.seconds_per_hour);
        row["culprit"] = one.culprit.empty() ? object(nullptr) : object(one.culprit);
        stalls.push_back(std::move(row));
    }
    object rows = object::array();
    for (const compared_row& one : of.rows) {
        object row = id_of(one.row.id, one.row.cpu);
        row.erase("context"); // all of them together
        row["changed"] = one.changed;
        row["ns_per_s"] = {{"before", one.ns_per_s_before}, {"after", one.ns_per_s_after}};
        for (const compared& statistic : one.statistics)
            row[std::string(model::name_of(statistic.what))] = figures_of(statistic);
        rows.push_back(std::move(row));
    }
    return dump({{"schema", "irqscope.diff/1"},
                 {"before", file_of(before)},
                 {"after", file_of(after)},
                 {"slice_ns", slice_ns},
                 {"least_ratio", how.least_ratio},
                 {"tests", of.tests},
                 {"false_alarms", how.false_alarms},
                 {"changed", of.changed},
                 {"stalls", std::move(stalls)},
                 {"rows", std::move(rows)}},
                false);
}

} // namespace

bool print_comparison(const model::comparison& of, const model::comparison_options& how, const compared_file& before,
                      const compared_file& after, std::uint64_t slice_ns, comparison_form form) {
    return write_out(form == comparison_form::json
                         ? json_of(of, how, before, after, slice_ns)
                         : text_of(of, how, before, after, slice_ns, form == comparison_form::all));
}

} // namespace irqscope::sink

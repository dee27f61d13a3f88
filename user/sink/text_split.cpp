// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_split.hpp"

#include "sink/page.hpp"
#include "sink/text_words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace irqscope::sink {

namespace {

using model::part;
using model::steal_source;
using model::time_split;

constexpr double whole_share = 0.99; // of the interval, from which on a CPU was seen all the time

double share(const time_split& of, std::uint64_t ns) {
    return static_cast<double>(ns) / static_cast<double>(std::max<std::uint64_t>(of.where.length_ns(), 1));
}

// What is neither a task nor idle.
double interrupted(const time_split& of) {
    return 1 - share(of, of.where.at(part::task)) - share(of, of.where.at(part::idle));
}

std::string percent(const time_split& of, std::optional<std::uint64_t> ns) {
    return ns ? fmt::format("{:.2f}", 100 * share(of, *ns)) : "-";
}

std::string row(const std::string& label, const time_split& of) {
    const auto at = [&of](part which) { return percent(of, of.where.at(which)); };
    return fmt::format("  {:>4} {:>8} {:>7} {:>7} {:>8} {:>8} {:>7} {:>8} {:>10} {:>7} {:>12}\n", label, at(part::task),
                       percent(of, of.user_ns), percent(of, of.system_ns()), at(part::idle), at(part::hardirq),
                       at(part::sysvec), at(part::softirq), at(part::ksoftirqd),
                       of.steal == steal_source::unknown ? "-" : at(part::steal), at(part::unexplained));
}

std::string footnotes(const model::snapshot& snapshot, const std::vector<time_split>& cpus) {
    std::vector<int> later;
    steal_source steal = steal_source::unknown;
    for (const time_split& one : cpus) {
        steal = std::max(steal, one.steal);
        if (static_cast<double>(one.where.length_ns()) < whole_share * static_cast<double>(snapshot.duration_ns))
            later.push_back(one.cpu);
    }
    std::string of_steal;
    if (steal == steal_source::proc_stat) of_steal = " steal: by ticks.";
    if (steal == steal_source::away)
        of_steal = " steal: what timer interrupts showed of it, for nobody counts it here.";
    std::vector<std::string> lines;
    lines.push_back(std::string("hardirq and sysvec are lower bounds: the kernel's entry and exit code counts as what "
                                "it interrupts. user and system: task in the ratio of /proc/stat's ticks.") +
                    of_steal);
    if (!later.empty()) lines.push_back("from their first event on: " + cpus_words(later));
    if (const auto& absent = snapshot.split->absent; !absent.empty())
        lines.push_back("not known (no event, or they came or went meanwhile): " + cpus_words(absent));
    std::string text;
    for (const std::string& line : lines) text += "  " + wrapped(line, 2) + '\n';
    return text;
}

} // namespace

std::string split_table(const model::snapshot& snapshot, std::size_t top) {
    if (!snapshot.split) return {};
    std::vector<time_split> cpus = snapshot.split->cpus;
    std::stable_sort(cpus.begin(), cpus.end(),
                     [](const auto& a, const auto& b) { return interrupted(a) > interrupted(b); });
    std::string out = "\ntime split: % of each CPU's time, by what ran\n";
    out += fmt::format("  {:>4} {:>8} {:>15} {:>8} {:>8} {:>7} {:>8} {:>10} {:>7} {:>12}\n", "", "", "by ticks:", "",
                       "", "", "", "", "", "");
    while (out.ends_with(" \n")) out.erase(out.size() - 2, 1);
    out += fmt::format("  {:>4} {:>8} {:>7} {:>7} {:>8} {:>8} {:>7} {:>8} {:>10} {:>7} {:>12}\n", "CPU", "task", "user",
                       "system", "idle", "hardirq", "sysvec", "softirq", "ksoftirqd", "steal", "unexplained");
    const std::size_t shown = std::min(cpus.size(), top);
    for (std::size_t i = 0; i < shown; i++) out += row(fmt::format("{}", cpus[i].cpu), cpus[i]);
    if (cpus.size() > shown) out += fmt::format("  and {} more\n", counted(cpus.size() - shown, "CPU"));
    if (cpus.size() > 1) out += row("all", model::sum_of(cpus));
    return out + footnotes(snapshot, cpus);
}

} // namespace irqscope::sink

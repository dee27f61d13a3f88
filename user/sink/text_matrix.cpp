// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_matrix.hpp"

#include "sink/page.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

namespace irqscope::sink {

namespace {

constexpr std::size_t most_cpus = 4; // columns
constexpr std::size_t most_irqs = 32;
constexpr std::size_t name_width = 26;
constexpr std::size_t affinity_width = 9;

struct cell {
    std::uint64_t count = 0;
    std::uint64_t ns = 0; // net of what was nested in it
};

struct irq_row {
    std::string name;
    std::string affinity;
    std::map<int, cell> cpus;
    cell all;
};

std::vector<irq_row> rows_of(const model::snapshot& from, const std::vector<model::irq_route>& routes) {
    std::map<std::pair<std::uint64_t, std::string>, irq_row> rows; // those without a number last
    for (const model::series& one : from.all) {
        if (one.id.what != model::metric::hardirq_run || one.values.empty()) continue;
        irq_row& row = rows[{one.id.irq ? *one.id.irq : UINT64_MAX, one.id.key}];
        row.name = one.id.irq ? fmt::format("{} {}", *one.id.irq, one.id.key) : one.id.key;
        const auto route = std::find_if(routes.begin(), routes.end(),
                                        [&one](const model::irq_route& other) { return one.id.irq == other.irq; });
        if (route != routes.end()) row.affinity = route->effective.empty() ? route->affinity : route->effective;
        cell& to = row.cpus[one.cpu];
        const std::uint64_t ns = one.values.sum_ns() - std::min(one.values.nested_ns(), one.values.sum_ns());
        to.count += one.values.samples();
        to.ns += ns;
        row.all.count += one.values.samples();
        row.all.ns += ns;
    }
    std::vector<irq_row> sorted;
    for (auto& [id, row] : rows) sorted.push_back(std::move(row));
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const irq_row& a, const irq_row& b) { return a.all.ns > b.all.ns; });
    return sorted;
}

} // namespace

std::string irq_matrix(const model::snapshot& from, const std::vector<model::irq_route>& routes) {
    const std::vector<irq_row> rows = rows_of(from, routes);
    if (rows.empty()) return {};
    std::map<int, std::uint64_t> ns_of; // CPU
    for (const int cpu : from.coverage.cpus) ns_of[cpu];
    for (const irq_row& row : rows)
        for (const auto& [cpu, one] : row.cpus) ns_of[cpu] += one.ns;
    std::vector<std::pair<int, std::uint64_t>> cpus(ns_of.begin(), ns_of.end());
    std::stable_sort(cpus.begin(), cpus.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    const std::size_t shown = std::min(cpus.size(), most_cpus);
    const std::size_t others = cpus.size() - shown;
    std::sort(cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(shown));

    std::string out = fmt::format("\ndevice interrupts: how often on which CPU{}\n  {:<{}} {:<{}}",
                                  others == 0 ? "" : ", those with most of their time", "irq", name_width, "affinity",
                                  affinity_width);
    for (std::size_t i = 0; i < shown; i++) out += fmt::format(" {:>11}", fmt::format("CPU {}", cpus[i].first));
    if (others != 0) out += fmt::format(" {:>11}", fmt::format("{} others", others));
    out += '\n';
    for (std::size_t which = 0; which < std::min(rows.size(), most_irqs); which++) {
        const irq_row& row = rows[which];
        std::uint64_t rest = row.all.count;
        out += fmt::format("  {:<{}} {:<{}}", printable(row.name, name_width), name_width,
                           printable(row.affinity, affinity_width), affinity_width);
        for (std::size_t i = 0; i < shown; i++) {
            const auto found = row.cpus.find(cpus[i].first);
            const std::uint64_t count = found == row.cpus.end() ? 0 : found->second.count;
            rest -= count;
            out += fmt::format(" {:>11}", count == 0 ? "." : format_count(count));
        }
        if (others != 0) out += fmt::format(" {:>11}", rest == 0 ? "." : format_count(rest));
        out += '\n';
    }
    if (rows.size() > most_irqs) out += fmt::format("  and {} more\n", rows.size() - most_irqs);
    out += fmt::format("  {:<{}} {:<{}}", "their share of the CPU", name_width, "", affinity_width);
    for (std::size_t i = 0; i < shown; i++)
        out += fmt::format(" {:>11}", format_share(static_cast<double>(cpus[i].second) /
                                                   static_cast<double>(std::max<std::uint64_t>(from.sampled_ns(), 1))));
    return out + "\n\n";
}

} // namespace irqscope::sink

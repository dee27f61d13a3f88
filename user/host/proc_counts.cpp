// SPDX-License-Identifier: BSD-2-Clause
#include "host/proc_counts.hpp"

#include "host/files.hpp"
#include "host/words.hpp"

#include <optional>

namespace irqscope::host {

namespace {

std::optional<std::vector<int>> parse_heading(std::string_view line) {
    std::vector<int> cpus;
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
        if (!word.starts_with("CPU")) return std::nullopt;
        const auto cpu = number_of<int>(word.substr(3));
        if (!cpu) return std::nullopt;
        cpus.push_back(*cpu);
    }
    if (cpus.empty()) return std::nullopt;
    return cpus;
}

proc_row parse_row(std::string_view line, const std::vector<int>& cpus) {
    proc_row row;
    std::string_view label = take_word(line);
    label.remove_suffix(1);
    row.label = label;
    std::vector<std::uint64_t> counts;
    while (counts.size() < cpus.size()) {
        std::string_view rest = line;
        const auto count = number_of<std::uint64_t>(take_word(rest));
        if (!count) break;
        counts.push_back(*count);
        line = rest;
    }
    if (counts.size() == cpus.size())
        for (std::size_t i = 0; i < cpus.size(); i++) row.by_cpu[cpus[i]] = counts[i];
    else
        for (const std::uint64_t count : counts) row.by_cpu[-1] += count;
    skip_blanks(line);
    row.description = line;
    return row;
}

result<proc_counts> read_counts(const char* path) {
    const auto text = read_file(path);
    if (!text) return tl::unexpected(text.error());
    return parse_proc_counts(*text);
}

} // namespace

std::uint64_t proc_row::on(const std::vector<int>& cpus) const {
    std::uint64_t sum = 0;
    for (const int cpu : cpus)
        if (const auto found = by_cpu.find(cpu); found != by_cpu.end()) sum += found->second;
    return sum;
}

result<proc_counts> parse_proc_counts(std::string_view text) {
    const auto cpus = parse_heading(take_line(text));
    if (!cpus) return failure(exit_status::failed, "/proc/interrupts or /proc/softirqs has no heading of CPUs");
    proc_counts rows;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        std::string_view rest = line;
        const std::string_view label = take_word(rest);
        if (label.size() < 2 || label.back() != ':') continue;
        proc_row row = parse_row(line, *cpus);
        std::string name = row.label;
        rows.insert_or_assign(std::move(name), std::move(row));
    }
    return rows;
}

result<proc_counts> read_interrupts() { return read_counts("/proc/interrupts"); }
result<proc_counts> read_softirqs() { return read_counts("/proc/softirqs"); }

} // namespace irqscope::host

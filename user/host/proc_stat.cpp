// SPDX-License-Identifier: BSD-2-Clause
#include "host/proc_stat.hpp"

#include "host/files.hpp"
#include "host/words.hpp"

#include <array>
#include <optional>
#include <unistd.h>

namespace irqscope::host {

namespace {

constexpr int max_cpu = 65535;

// Nothing for a line with a column that is no number.
std::optional<cpu_ticks> parse_columns(std::string_view line) {
    cpu_ticks made;
    const std::array columns{&made.user,   &made.nice, &made.system,  &made.idle,
                             &made.iowait, &made.irq,  &made.softirq, &made.steal};
    std::size_t known = 0;
    for (std::uint64_t* column : columns) {
        const std::string_view word = take_word(line);
        if (word.empty()) break;
        const auto number = number_of<std::uint64_t>(word);
        if (!number) return std::nullopt;
        *column = *number;
        known++;
    }
    if (known < 4) return std::nullopt; // what Linux has always had
    return made;
}

} // namespace

result<proc_stat> parse_proc_stat(std::string_view text) {
    proc_stat found;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::string_view label = take_word(line);
        if (label == "ctxt") found.context_switches = number_of<std::uint64_t>(take_word(line)).value_or(0);
        if (!label.starts_with("cpu")) continue;
        const auto cpu = number_of<int>(label.substr(3)); // "cpu" alone is all of them
        const auto ticks = parse_columns(line);
        if (cpu && *cpu >= 0 && *cpu <= max_cpu && ticks) found.cpus[*cpu] = *ticks;
    }
    if (found.cpus.empty()) return failure(exit_status::failed, "/proc/stat has no line for a CPU");
    return found;
}

result<proc_stat> read_proc_stat() {
    const auto text = read_file("/proc/stat");
    if (!text) return tl::unexpected(text.error());
    return parse_proc_stat(*text);
}

std::uint64_t tick_ns() {
    const long ticks = sysconf(_SC_CLK_TCK);
    return 1'000'000'000 / static_cast<std::uint64_t>(ticks > 0 ? ticks : 100);
}

} // namespace irqscope::host

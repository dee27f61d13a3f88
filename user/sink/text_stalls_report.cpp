// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_stalls_report.hpp"

#include "host/cpus.hpp"
#include "sink/page.hpp"
#include "sink/stall_words.hpp"
#include "sink/text_split.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>
#include <vector>

namespace irqscope::sink {

namespace {

using model::stall_kind;

constexpr std::size_t most_cpus = 16;
constexpr std::size_t most_culprits = 10;
constexpr std::size_t most_open = 16;

std::string line(const std::string& words) { return wrapped(words, 4, 0) + '\n'; }

std::string not_shown(std::size_t all, std::size_t shown, const char* noun) {
    return all > shown ? fmt::format("  and {} more {}{}\n", all - shown, noun, all - shown == 1 ? "" : "s") : "";
}

std::uint64_t stalled_ns(const model::stalls_report& report) {
    std::uint64_t sum = 0;
    for (const auto& [cpu, one] : report.cpus) sum += one.stalled_ns;
    return sum;
}

// "idle_exit 12 (longest 3.20 ms)"
std::string aside_words(const model::stalls_report& report) {
    std::vector<std::string> asides;
    for (const auto& [why, one] : report.asides)
        if (one.count != 0)
            asides.push_back(
                fmt::format("{} {} (longest {})", model::name_of(why), format_count(one.count), format_ns(one.max_ns)));
    return fmt::format("{}", fmt::join(asides, ", "));
}

std::uint64_t all_suppressed(const model::stalls_report& report) {
    std::uint64_t all = 0;
    for (const auto& [kind, count] : report.suppressed) all += count;
    return all;
}

// Silence is no answer without what it was kept about.
bool is_silent(const model::stalls_report& report) {
    return report.cpus.empty() && report.open.empty() && all_suppressed(report) == 0;
}

std::string answer(const model::stalls_report& report, const stalls_heading& heading) {
    const model::snapshot& whole = report.whole;
    std::uint64_t incidents = 0;
    for (const auto& [cpu, one] : report.cpus) incidents += one.incidents;
    std::string words;
    if (incidents != 0)
        words = fmt::format("{} on {} of {} in {}: {}{} stalled", counted(incidents, "incident"),
                            format_count(report.cpus.size()), counted(whole.coverage.cpus.size(), "CPU"),
                            format_ns(whole.sampled_ns()), all_suppressed(report) != 0 ? "at least " : "",
                            format_ns(stalled_ns(report)));
    else if (is_silent(report))
        words = "no stall seen in " + format_ns(whole.sampled_ns());
    else
        words = "no incident ended in " + format_ns(whole.sampled_ns());
    if (!report.open.empty()) words += fmt::format(", {} going on", counted(report.open.size(), "stall"));
    if (const std::uint64_t count = all_suppressed(report); count != 0)
        words += fmt::format("; {} more in none of these figures (rate limit)", counted(count, "stall"));
    // or "no stall seen" would claim what nobody looked for
    if (heading.thresholds_ns.contains(stall_kind::irq_off) && whole.coverage.all_beats().seen == 0)
        words += "; irq_off was not watched: no heartbeat was seen";
    if (const std::string asides = aside_words(report); is_silent(report) && !asides.empty())
        words += "; set aside: " + asides;
    return line(words);
}

// From which length on nothing is missed. irq_off and softirq_off begin up to a beat before something can notice.
std::string certainty(const model::stalls_report& report, const stalls_heading& heading) {
    const std::uint64_t beat_ns = heading.beat_ns;
    const bool soft = report.whole.coverage.all_beats().soft;
    std::vector<std::string> parts;
    for (const auto& [kind, ns] : heading.thresholds_ns) {
        const bool by_beat = kind == stall_kind::irq_off || (kind == stall_kind::softirq_off && soft);
        if ((by_beat || kind == stall_kind::lockup) && beat_ns == 0) continue;
        if (kind == stall_kind::lockup) {
            parts.push_back(fmt::format("lockup from 25 % of {} on", format_setting(ns)));
            continue;
        }
        if (kind == stall_kind::softirq_off && !soft)
            parts.push_back(
                fmt::format("{} from {} after the first raise on", model::name_of(kind), format_setting(ns)));
        else
            parts.push_back(
                fmt::format("{} from {} on", model::name_of(kind), format_setting(by_beat ? ns + beat_ns : ns)));
    }
    if (parts.empty()) return {};
    return line(fmt::format("certain to be seen: {}{}", fmt::join(parts, ", "),
                            beat_ns == 0 ? "" : " (an off-time's threshold and a beat; shorter ones by chance)"));
}

std::string cpu_table(const model::stalls_report& report) {
    if (report.cpus.empty()) return {};
    std::vector<std::pair<int, model::cpu_incidents>> cpus(report.cpus.begin(), report.cpus.end());
    std::stable_sort(cpus.begin(), cpus.end(),
                     [](const auto& a, const auto& b) { return a.second.stalled_ns > b.second.stalled_ns; });
    std::string out = "\n   CPU  incidents   stalled   longest\n";
    const std::size_t shown = std::min(cpus.size(), most_cpus);
    for (std::size_t i = 0; i < shown; i++) {
        const auto& [cpu, one] = cpus[i];
        out += fmt::format("  {:>4}  {:>9}  {:>8}  {:>8}\n", cpu, format_count(one.incidents),
                           format_ns(one.stalled_ns), format_ns(one.longest_ns));
    }
    return out + not_shown(cpus.size(), shown, "CPU");
}

std::size_t part_width(model::part which) { return std::max<std::size_t>(model::name_of(which).size(), 5); }

std::string culprit_table(const model::stalls_report& report) {
    if (report.culprits.empty()) return {};
    constexpr std::size_t cpus_width = 9;
    constexpr std::size_t name_column = 46;
    std::string out = "\n   stalled     stalls   longest       CPUs  culprit\n";
    const std::size_t shown = std::min(report.culprits.size(), most_culprits);
    for (std::size_t i = 0; i < shown; i++) {
        const model::culprit& one = report.culprits[i];
        std::string cpus = host::format_cpu_list(one.cpus);
        if (cpus.size() > cpus_width) cpus = format_count(one.cpus.size()) + " CPUs";
        std::string name = printable(one.name, one.name.size());
        for (std::size_t at = name.find(" <- "); at != std::string::npos; at = name.find(" <- ", at + 1))
            name[at + 3] = hard_space; // lines begin with the arrow
        out += fmt::format("  {:>8} {:>10}  {:>8}  {:>9}  {}\n", format_ns(one.stalled_ns), format_count(one.stalls),
                           format_ns(one.longest_ns), cpus, wrapped(name, name_column));
    }
    std::uint64_t sum = 0;
    for (const model::culprit& one : report.culprits) sum += one.stalled_ns;
    if (sum > stalled_ns(report)) out += "  (an incident may have several culprits: rows overlap)\n";
    return out + not_shown(report.culprits.size(), shown, "culprit");
}

// Where the time of each kind's stalls went.
std::string kinds_table(const model::stalls_report& report) {
    std::string out;
    for (const auto& [kind, one] : report.totals.kinds) {
        const std::uint64_t all_ns = one.all_ns();
        if (all_ns == 0) continue;
        if (out.empty()) {
            out = fmt::format("\nwhere it went, % of the stalls' time\n  {:<15} {:>9} {:>9}", "kind", "stalls", "time");
            for (const model::part which : model::all_parts)
                out += fmt::format(" {:>{}}", model::name_of(which), part_width(which));
            out += '\n';
        }
        out +=
            fmt::format("  {:<15} {:>9} {:>9}", model::name_of(kind), format_count(one.broken_down), format_ns(all_ns));
        for (const model::part which : model::all_parts)
            out += fmt::format(" {:>{}.0f}", 100 * static_cast<double>(one.at(which)) / static_cast<double>(all_ns),
                               part_width(which));
        out += '\n';
    }
    std::uint64_t unknown = 0;
    for (const auto& [kind, one] : report.totals.kinds) unknown += one.stalls - one.broken_down;
    if (unknown != 0) out += line(fmt::format("  without a breakdown: {}", counted(unknown, "stall")));
    return out;
}

// Why ksoftirqd took so long.
std::string causes_table(const model::stalls_report& report) {
    if (report.totals.causes.empty()) return {};
    std::vector<std::pair<model::cause, model::cause_total>> causes(report.totals.causes.begin(),
                                                                    report.totals.causes.end());
    std::stable_sort(causes.begin(), causes.end(),
                     [](const auto& a, const auto& b) { return a.second.total_ns > b.second.total_ns; });
    std::string out = "\nactivations of ksoftirqd that were stalls\n";
    for (const auto& [why, one] : causes)
        out += fmt::format("  {:<13} {:>9} x  {:>8} in all  {:>8} the longest\n", model::name_of(why),
                           format_count(one.activations), format_ns(one.total_ns), format_ns(one.longest_ns));
    return out;
}

std::string open_lines(const model::stalls_report& report) {
    std::string out = report.open.empty() ? "" : "\n";
    const std::size_t shown = std::min(report.open.size(), most_open);
    for (std::size_t i = 0; i < shown; i++) {
        const model::stall& one = report.open[i];
        std::string words =
            fmt::format("open at the end: CPU {} {} {}", one.cpu, model::name_of(one.kind), length_of(one));
        if (one.of) words += "; " + words_of(*one.of);
        if (one.stack_is != model::stack_kind::none) words += "; " + words_of(one.current);
        if (one.incident != 0) words += fmt::format("; #{}", one.incident);
        out += line(words);
    }
    return out + not_shown(report.open.size(), shown, "open stall");
}

std::string left_out(const model::stalls_report& report) {
    const std::string asides = aside_words(report);
    std::vector<std::string> suppressed;
    for (const auto& [kind, count] : report.suppressed)
        if (count != 0) suppressed.push_back(fmt::format("{} {}", model::name_of(kind), format_count(count)));
    return (asides.empty() || is_silent(report) ? "" : line("not stalls: " + asides)) +
           (suppressed.empty()
                ? ""
                : line(fmt::format("counted and not printed (rate limit): {}", fmt::join(suppressed, ", "))));
}

} // namespace

std::string summary_of(const model::stalls_report& report, const stalls_heading& heading) {
    return answer(report, heading) + line(beats_words(report.whole.coverage)) + certainty(report, heading) +
           cpu_table(report) + split_table(report.whole, most_cpus) + culprit_table(report) + kinds_table(report) +
           causes_table(report) + open_lines(report) + '\n' + left_out(report) +
           line("lost: " + lost_words(report.whole.lost)) + line("irqscope itself: " + cost_words(report.whole));
}

} // namespace irqscope::sink

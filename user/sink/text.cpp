// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text.hpp"

#include "host/cpus.hpp"
#include "model/rows.hpp"
#include "sink/page.hpp"
#include "sink/text_histogram.hpp"
#include "sink/text_split.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"
#include "version.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <utility>
#include <vector>

namespace irqscope::sink {

namespace {

using model::metric;

constexpr std::size_t label_width = 28;
constexpr std::size_t softirq_run_width = 19; // its line has a column more
constexpr std::size_t count_width = 11;

struct words {
    const char* what;   // behind the metric's name
    const char* column; // what its keys are
};

words words_of(metric which) {
    switch (which) {
    case metric::softirq_latency: return {"oldest raise to entry", "vector"};
    case metric::softirq_run: return {"entry to exit", "vector   context"};
    case metric::hardirq_run: return {"device interrupt handlers", "irq  action"};
    case metric::sysvec_run: return {"system vectors", "sysvec"};
    case metric::irq_off: return {"how late the hard heartbeat was served", ""};
    case metric::softirq_off: return {"raise to the first softirq entry of any vector", ""};
    case metric::ksoftirqd_latency: return {"woken until it runs", "thread"};
    case metric::ksoftirqd_run: return {"one stretch on the CPU, interrupts in it included", "thread"};
    case metric::idle_exit: return {"the heartbeat's lateness when nothing but idle ran", ""};
    }
    return {"", ""};
}

std::string label_of(const model::series_id& id) {
    std::string label = id.key.empty() ? "all" : id.key;
    if (id.context) label = fmt::format("{:<8} {}", id.key, *id.context);
    if (id.what == metric::hardirq_run) label = id.irq ? fmt::format("{:>3}  {}", *id.irq, id.key) : "  -  " + id.key;
    return printable(std::move(label), label_width);
}

bool has(const model::snapshot& snapshot, metric which, std::string_view key) {
    return std::any_of(snapshot.all.begin(), snapshot.all.end(), [&](const model::series& one) {
        return one.id.what == which && one.id.key == key && !one.values.empty();
    });
}

// Which rows the beats themselves are in. Each makes one timer interrupt or shares it, and one raise where it is soft.
std::string own_beats(const model::snapshot& snapshot) {
    const model::beats beats = snapshot.coverage.all_beats();
    std::vector<std::string> rows;
    if (has(snapshot, metric::sysvec_run, "local_timer")) rows.emplace_back("local_timer");
    if (has(snapshot, metric::hardirq_run, "arch_timer")) rows.emplace_back("arch_timer"); // arm64
    if (beats.soft &&
        (has(snapshot, metric::softirq_latency, "HRTIMER") || has(snapshot, metric::softirq_run, "HRTIMER")))
        rows.emplace_back("HRTIMER");
    if (beats.soft && has(snapshot, metric::softirq_off, "")) rows.emplace_back("softirq_off");
    if (beats.served() == 0 || rows.empty()) return {};
    return wrapped(fmt::format("irqscope's own beats: up to {} of the counts below in {}", format_count(beats.served()),
                               fmt::join(rows, ", in ")),
                   0) +
           '\n';
}

// irq_off of an idle host is made of few beats: the others are in idle_exit.
std::string of_beats(const model::snapshot& snapshot) {
    std::uint64_t samples = 0;
    std::uint64_t idle = 0;
    for (const model::series& one : snapshot.all) {
        if (one.id.what == metric::irq_off) samples += one.values.samples();
        if (one.id.what == metric::idle_exit) idle += one.values.samples();
    }
    const std::uint64_t seen = snapshot.coverage.all_beats().seen;
    if (samples >= seen / 2) return {};
    // of a part of a recording the beats are those of its whole intervals
    const auto& asked = snapshot.metrics;
    const bool counted = std::find(asked.begin(), asked.end(), metric::idle_exit) != asked.end();
    if (counted && samples + idle < seen / 10 * 9) return {};
    return fmt::format("  {} of {} beats; nothing but idle ran at the others\n", format_count(samples),
                       format_count(seen));
}

std::string heading(const model::snapshot& snapshot) {
    return wrapped(fmt::format("irqscope {}  {}  {} {}  CPUs {}  {} from {}", version, printable(snapshot.host, 64),
                               printable(snapshot.kernel, 64), printable(snapshot.machine, 64),
                               host::format_cpu_list(snapshot.coverage.cpus), format_ns(snapshot.sampled_ns()),
                               format_local(snapshot.start_time)),
                   0) +
           '\n' +
           (snapshot.part_ns ? wrapped(fmt::format("heartbeats, time split, losses and cost are of the whole intervals "
                                                   "around that, {}",
                                                   format_ns(snapshot.duration_ns)),
                                       0) +
                                   '\n'
                             : "") +
           (snapshot.coverage.beat_ns == 0 ? "" : wrapped(beats_words(snapshot.coverage), 0) + '\n') +
           own_beats(snapshot);
}

// Exact as long as it fits its column, then in millions.
std::string column_count(std::uint64_t count) {
    std::string text = format_count(count);
    return text.size() <= count_width ? text : format_count(count / 1'000'000) + "M";
}

std::string closing(const model::snapshot& snapshot) {
    std::vector<std::string> lines{"lost: " + lost_words(snapshot.lost)};
    std::vector<std::string> untraced;
    for (const auto& [name, count] : snapshot.coverage.untraced)
        if (count != 0) untraced.push_back(fmt::format("{} {}", name, format_count(count)));
    if (!untraced.empty())
        lines.push_back(fmt::format("not traced (no tracepoint; their time is charged to what they interrupted): {}",
                                    fmt::join(untraced, ", ")));
    if (snapshot.coverage.slots_full)
        lines.emplace_back("a CPU met more interrupt actions than it has room for: the rest is under `other`");
    lines.push_back("irqscope itself: " + cost_words(snapshot));
    std::string text;
    for (const std::string& line : lines) text += wrapped(line, 0) + '\n';
    return text;
}

std::string open_lines(const model::snapshot& snapshot) {
    std::string text;
    for (const model::open_span& one : snapshot.open) {
        const bool waits = one.id.what == metric::softirq_latency;
        text += fmt::format("open at the end: CPU {} {} {}, {} old\n", one.cpu,
                            waits ? "raised and not served:" : model::name_of(one.id.what), label_of(one.id),
                            format_ns(one.age_ns));
    }
    return text.empty() ? text : "\n" + text;
}

const char* mark_of(model::verdict state) {
    switch (state) {
    case model::verdict::fine: return "ok";
    case model::verdict::limited: return "limited";
    case model::verdict::missing: return "MISSING";
    case model::verdict::unknown: return "unknown";
    }
    return "?";
}

} // namespace

std::string text::table_of(const model::snapshot& snapshot, metric which) const {
    const auto rows = model::rows_of(snapshot, which, options_.per_cpu, options_.above_ns);
    const words say = words_of(which);
    std::string out = fmt::format("\n{}: {}\n{}", model::name_of(which), say.what,
                                  which == metric::irq_off ? of_beats(snapshot) : "");
    if (rows.empty()) {
        out += options_.above_ns == 0 ? "  none seen\n"
                                      : fmt::format("  none seen that reached {}\n", format_ns(options_.above_ns));
        return out;
    }
    const bool run = model::is_run(which);
    const bool nested = (which == metric::softirq_run || which == metric::ksoftirqd_run) && snapshot.coverage.nested;
    const double wall = static_cast<double>(std::max<std::uint64_t>(snapshot.sampled_ns(), 1));
    const std::size_t width = nested ? softirq_run_width : label_width;
    out += fmt::format("  {}{:<{}} {:>11} {:>7} {:>8} {:>8} {:>8} {:>8}", options_.per_cpu ? " CPU " : "", say.column,
                       width, "count", "rate/s", "p50", "p99", "p99.9", "max");
    if (run) out += fmt::format(" {:>7}", "time");
    if (nested) out += fmt::format(" {:>8}", "in irqs");
    if (!options_.per_cpu) out += "  CPU";
    out += '\n';
    const std::size_t shown = std::min(rows.size(), options_.top);
    for (std::size_t i = 0; i < shown; i++) {
        const model::row& one = rows[i];
        const model::histogram& values = one.values;
        out += fmt::format(
            "  {}{:<{}} {:>11} {:>7} {:>8} {:>8} {:>8} {:>8}", one.cpu ? fmt::format("{:>4} ", *one.cpu) : "",
            label_of(one.id), width, column_count(values.samples()),
            format_rate(static_cast<double>(values.samples()) * 1e9 / wall), format_ns(values.quantile(0.5)),
            format_ns(values.quantile(0.99)), format_ns(values.quantile(0.999)), format_ns(values.max_ns()));
        if (run) out += fmt::format(" {:>7}", format_share(static_cast<double>(values.sum_ns()) / wall));
        if (nested) out += fmt::format(" {:>8}", format_share(static_cast<double>(values.nested_ns()) / wall));
        if (!options_.per_cpu) out += fmt::format(" {:>4}", one.worst_cpu);
        out += '\n';
    }
    if (rows.size() > shown) out += fmt::format("  and {} more (--top {})\n", rows.size() - shown, rows.size());
    const std::size_t drawn = std::min(shown, options_.top_histograms);
    for (std::size_t i = 0; i < drawn; i++) {
        if (rows[i].values.empty()) continue;
        out +=
            fmt::format("\n  {}{}\n{}", label_of(rows[i].id), rows[i].cpu ? fmt::format("  CPU {}", *rows[i].cpu) : "",
                        histogram_lines(rows[i].values, options_.fine));
    }
    return out;
}

std::string text::text_of(const model::snapshot& snapshot) const {
    std::string out = heading(snapshot) + closing(snapshot) + split_table(snapshot, options_.top);
    for (const metric which : snapshot.metrics) out += table_of(snapshot, which);
    return out + open_lines(snapshot);
}

std::string text::text_of(const model::report& report) {
    std::string out = wrapped(fmt::format("irqscope {}  {}  {} {}", version, printable(report.host, 64),
                                          printable(report.kernel, 64), printable(report.machine, 64)),
                              0) +
                      "\n\n";
    constexpr std::size_t indent = 33;
    const std::string blank(indent, ' ');
    const auto column = [](const std::string& words) { return wrapped(printable(words, words.size()), indent); };
    for (const model::finding& one : report.findings) {
        out += fmt::format("{:>8}  {:<22} {}\n", mark_of(one.state), one.subject, column(one.value));
        if (!one.loses.empty()) out += blank + column("loses: " + one.loses) + '\n';
        if (!one.cure.empty()) out += blank + column("cure: " + one.cure) + '\n';
    }
    out += report.possible() ? "\nirqscope can measure here.\n" : "\nirqscope cannot measure here.\n";
    return out;
}

bool text::histograms(const model::snapshot& snapshot) {
    const std::string gap = std::exchange(first_, false) ? "" : "\n"; // between intervals
    return write_out(gap + text_of(snapshot));
}
bool text::doctor(const model::report& report) { return write_out(text_of(report)); }

} // namespace irqscope::sink

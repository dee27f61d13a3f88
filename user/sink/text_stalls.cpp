// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_stalls.hpp"

#include "host/cpus.hpp"
#include "sink/page.hpp"
#include "sink/sink.hpp"
#include "sink/stall_words.hpp"
#include "sink/text_activation.hpp"
#include "sink/text_around.hpp"
#include "sink/text_breakdown.hpp"
#include "sink/text_stalls_report.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>
#include <vector>

namespace irqscope::sink {

namespace {

constexpr std::size_t indent = 4;
constexpr std::size_t name_width = 64;

// "9489.182"
std::string since_boot(std::uint64_t ns) { return fmt::format("{}.{:03}", ns / 1'000'000'000, ns / 1'000'000 % 1'000); }

std::string countdown_of(const model::stall& one, const model::lockup_count& count) {
    if (one.state == model::stall_state::open) return words_of(count, one.cpu);
    return fmt::format("averted: {} has run; it had come to {} of {}",
                       count.by_watchdog ? fmt::format("migration/{}", one.cpu) : "another task",
                       format_ns(count.count_ns), format_setting(count.threshold_ns));
}

// What stalled, if it has a name, and what took the time, if it is known.
std::string subject_of(const model::stall& one) {
    std::vector<std::string> parts;
    if (one.of && one.kind == model::stall_kind::softirq_latency)
        parts.push_back(words_of(*one.of) +
                        (one.state == model::stall_state::open ? ", raised and not served" : ", from raise to entry"));
    else if (one.activation)
        parts.push_back(course_of(one));
    else if (one.lockup)
        parts.push_back(countdown_of(one, *one.lockup));
    else if (one.of)
        parts.push_back(words_of(*one.of));
    if (one.culprit) {
        parts.push_back(fmt::format("{} took {} of it", words_of(*one.culprit), format_ns(one.culprit_ns)));
        if (!one.timer_function.empty()) parts.push_back("timer function " + printable(one.timer_function, name_width));
    }
    if (one.steal_ns && *one.steal_ns != 0) parts.push_back("steal " + format_ns(*one.steal_ns));
    if (one.away_ns != 0) parts.push_back("away " + format_ns(one.away_ns));
    return fmt::format("{}", fmt::join(parts, "; "));
}

// A stack of one that was interrupted is the victim's. Who serves a vector at last, or lets softirqs run, need not be who
// held them off.
const char* relation_of(const model::stall& one) {
    switch (one.stack_is) {
    case model::stack_kind::interrupted: return "interrupted ";
    case model::stack_kind::ongoing: return "meanwhile ";
    case model::stack_kind::none: break;
    case model::stack_kind::post_hoc:
        if (one.kind == model::stall_kind::softirq_latency) return "served by ";
        if (one.kind == model::stall_kind::softirq_off) return "ended by ";
        break;
    }
    return "";
}

// "hardirq 36 virtio1-req.0", "bash 22840: proc_reg_write"; where a vector waited the task alone.
std::string holder_of(const model::stall& one) {
    if (one.culprit) return words_of(*one.culprit);
    if (one.stack_is == model::stack_kind::none || one.stack_is == model::stack_kind::interrupted) return {};
    std::string words = one.stack_is == model::stack_kind::ongoing ? "" : relation_of(one);
    words += words_of(one.current);
    if (!one.of && !one.stack.empty()) words += ": " + function_of(one.stack.front());
    return words;
}

} // namespace

std::string text_stalls::text_of(const stalls_heading& heading) {
    std::vector<std::string> kinds;
    for (const auto& [kind, ns] : heading.thresholds_ns)
        kinds.push_back(fmt::format("{} {}", model::name_of(kind), format_setting(ns)));
    std::string words =
        fmt::format("watching {} ({}): {}", counted(heading.cpus.size(), "CPU"), host::format_cpu_list(heading.cpus),
                    kinds.empty() ? "nothing" : fmt::format("{}", fmt::join(kinds, ", ")));
    words += heading.beat_ns == 0 ? "; no heartbeats" : "; a beat each " + format_setting(heading.beat_ns);
    if (heading.beat_ns != 0 && !heading.without_beat.empty())
        words += fmt::format("; without a heartbeat: {}", cpus_words(heading.without_beat));
    return wrapped(words, indent, 0) + '\n';
}

std::string text_stalls::context_of(const model::stall& one) const {
    if (one.stack_is == model::stack_kind::none) return {};
    const std::string stack = one.stack.empty() ? "no kernel stack" : words_of(one.stack);
    const std::string as_before =
        last_cpu_ == one.cpu ? "stack as above" : fmt::format("stack as above in #{}", one.incident);
    const auto before = contexts_.find(one.cpu);
    const bool again = one.incident != 0 && before != contexts_.end() && before->second.incident == one.incident &&
                       before->second.task == words_of(one.current) && before->second.stack == stack &&
                       stack.size() > as_before.size();
    return relation_of(one) + words_of(one.current) + ": " + (again ? as_before : stack);
}

std::string text_stalls::text_of(const model::stall& one) const {
    std::string head =
        fmt::format("{} [{:>9}]  CPU {:<4} {:<15}  {:<19}  {:<11}", format_clock(wall_of(heading_.clock, one.end_ns)),
                    since_boot(one.end_ns), one.cpu, model::name_of(one.kind), length_of(one),
                    one.activation && one.where               ? model::name_of(model::cause_of(*one.where))
                    : one.stack_is == model::stack_kind::none ? ""
                                                              : model::name_of(one.stack_is));
    if (one.incident != 0) head += fmt::format("  #{}", one.incident);
    std::string out = wrapped(head, indent, 0) + '\n';
    std::vector<std::string> lines = breakdown_rows(one);
    lines.insert(lines.begin(), subject_of(one));
    lines.push_back(context_of(one));
    for (const std::string& line : lines)
        if (!line.empty()) out += std::string(indent, ' ') + wrapped(line, 2 * indent, indent) + '\n';
    for (const std::string& line : around_rows(one)) out += std::string(indent, ' ') + line + '\n';
    return out;
}

std::string text_stalls::brief_of(const model::stall& one) const {
    const std::string holder = holder_of(one);
    std::string who = one.of ? words_of(*one.of) : holder;
    if (one.activation)
        who = model::culprit_of(one);
    else if (one.lockup)
        who = fmt::format("{} %{}{}", one.lockup->percent, holder.empty() ? "" : "; ", holder);
    else if (one.of && one.kind == model::stall_kind::softirq_latency)
        who = one.of->key + (holder.empty() ? "" : "; " + holder);
    const std::string head = fmt::format(
        "{}  CPU {:<4} {:<15}  {:<19}  {:<4} ", format_clock(wall_of(heading_.clock, one.end_ns)), one.cpu,
        model::name_of(one.kind), length_of(one), one.incident == 0 ? "" : fmt::format("#{}", one.incident));
    constexpr std::size_t least = 16; // of who; the rest then wraps
    const std::size_t room = std::max(least, page_width - std::min(page_width, head.size()));
    return wrapped(head + printable(std::move(who), room), indent, 0) + '\n';
}

bool text_stalls::begin(const stalls_heading& heading) {
    heading_ = heading;
    gap_ = true;
    return write_out(text_of(heading) + '\n');
}

bool text_stalls::stall(const model::stall& one) {
    const std::string text = brief_ ? brief_of(one) : text_of(one);
    last_cpu_ = one.cpu;
    gap_ = false;
    if (one.stack_is != model::stack_kind::none)
        contexts_[one.cpu] = {one.incident, words_of(one.current), words_of(one.stack)};
    return write_out(text);
}

bool text_stalls::report(const model::stalls_report& report) {
    return write_out((gap_ ? "" : "\n") + summary_of(report, heading_));
}

} // namespace irqscope::sink

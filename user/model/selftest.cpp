// SPDX-License-Identifier: BSD-2-Clause
#include "model/selftest.hpp"

#include <algorithm>

namespace irqscope::model {

namespace {

std::uint64_t overlap_ns(const truth& injected, const stall& told) {
    const std::uint64_t start = std::max(injected.start_ns, told.start_ns);
    const std::uint64_t end = std::min(injected.end_ns, told.end_ns);
    return end > start ? end - start : 0;
}

bool is_of(const stall& told, std::string_view key) { return told.of && told.of->key == key; }

// What the hypervisor took away is no part of a stall for a tracer that knows of it, and is for one that does not.
bool is_right(const truth& injected, const stall& told) {
    const std::uint64_t length = injected.length_ns();
    const std::uint64_t most = told.less_than_ns.value_or(told.at_least_ns);
    return told.at_least_ns <= length + selftest_tolerance_ns &&
           length <= most + injected.away_ns + selftest_tolerance_ns;
}

std::uint64_t error_of(const truth& injected, const stall& told) {
    const std::uint64_t most = injected.length_ns();
    const std::uint64_t least = most - std::min(most, injected.away_ns);
    if (told.at_least_ns > most) return told.at_least_ns - most;
    return told.at_least_ns < least ? least - told.at_least_ns : 0;
}

observation observe(const injected& one, const std::vector<stall>& told, std::vector<bool>& used) {
    observation made;
    made.real = one.real;
    made.asked_ns = one.asked_ns;
    made.disturbed = is_disturbed(one.real, one.asked_ns);
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < told.size(); i++) {
        if (used[i] || !fits(one.real, told[i])) continue;
        if (!best || overlap_ns(one.real, told[i]) > overlap_ns(one.real, told[*best])) best = i;
    }
    if (!best) return made;
    used[*best] = true;
    const stall& seen = told[*best];
    made.seen = seen;
    made.within = is_right(one.real, seen);
    made.error_ns = error_of(one.real, seen);
    made.named = named_by(seen);
    return made;
}

selftest_row row_of(const selftest_plan_item& item, const std::vector<observation>& all) {
    selftest_row row;
    row.what = item.what;
    row.asked_ns = item.asked_ns;
    row.why_not = item.why_not;
    std::vector<std::uint64_t> errors;
    for (const observation& one : all) {
        if (one.real.what != item.what || one.asked_ns != item.asked_ns) continue;
        if (one.disturbed) {
            row.disturbed++;
            continue;
        }
        row.injected++;
        if (!one.seen) continue;
        row.seen++;
        if (one.within) row.within++;
        if (one.is_exact()) errors.push_back(one.error_ns);
        if (!one.named.empty()) row.named[one.named]++;
    }
    if (!errors.empty()) {
        std::sort(errors.begin(), errors.end());
        row.error_p50_ns = errors[(errors.size() - 1) / 2];
        row.error_max_ns = errors.back();
    }
    row.verdict = row.injected == 0           ? selftest_verdict::not_possible
                  : row.seen < row.injected   ? selftest_verdict::missed
                  : row.within < row.injected ? selftest_verdict::inexact
                                              : selftest_verdict::seen;
    return row;
}

} // namespace

std::string_view name_of(selftest_verdict which) {
    switch (which) {
    case selftest_verdict::seen: return "seen";
    case selftest_verdict::inexact: return "inexact";
    case selftest_verdict::missed: return "missed";
    case selftest_verdict::not_possible: return "not possible";
    }
    return "?";
}

bool is_disturbed(const truth& real, std::uint64_t asked_ns) {
    return real.away_ns > asked_ns / (has_interrupts_on(real.what) ? 4 : 10);
}

std::size_t selftest_report::disturbed() const {
    return static_cast<std::size_t>(
        std::count_if(observations.begin(), observations.end(), [](const auto& one) { return one.disturbed; }));
}

std::size_t selftest_report::injected() const { return observations.size() - disturbed(); }

std::size_t selftest_report::seen() const {
    return static_cast<std::size_t>(std::count_if(observations.begin(), observations.end(), [](const auto& one) {
        return one.seen.has_value() && !one.disturbed;
    }));
}

bool fits(const truth& injected, const stall& told) {
    if (told.state != stall_state::ended || told.cpu != injected.cpu || overlap_ns(injected, told) == 0) return false;
    switch (injected.what) {
    case injection::irq_off:
    case injection::timer_interrupt:
    case injection::timer_hold:
    case injection::idle_entry:
    case injection::idle_leave: return told.kind == stall_kind::irq_off;
    case injection::softirq_off: return told.kind == stall_kind::softirq_off;
    case injection::device_interrupt:
        return told.kind == stall_kind::hardirq_run && told.of && told.of->irq == injected.irq;
    case injection::net_rx_softirq: return told.kind == stall_kind::softirq_run && is_of(told, "NET_RX");
    case injection::timer_softirq: return told.kind == stall_kind::softirq_run && is_of(told, "TIMER");
    }
    return false;
}

std::string named_by(const stall& told) {
    if (told.kind == stall_kind::hardirq_run || told.kind == stall_kind::softirq_run)
        return told.of ? told.of->key : std::string();
    if (told.culprit) return told.culprit->key;
    if (told.stack.empty()) return {};
    return told.stack.front().substr(0, told.stack.front().find('+'));
}

void judge(const std::vector<selftest_plan_item>& plan, const std::vector<injected>& truths,
           const std::vector<stall>& told, selftest_report& report) {
    std::vector<bool> used(told.size());
    report.observations.clear();
    for (const injected& one : truths) report.observations.push_back(observe(one, told, used));
    report.rows.clear();
    for (const selftest_plan_item& item : plan) report.rows.push_back(row_of(item, report.observations));
    report.others.clear();
    for (const stall& one : told) {
        const bool explained = std::any_of(truths.begin(), truths.end(), [&one](const injected& made) {
            return made.real.cpu == one.cpu && overlap_ns(made.real, one) != 0;
        });
        if (one.state == stall_state::ended && !explained) report.others[one.cpu]++;
    }
    report.verdict = selftest_verdict::not_possible;
    for (const selftest_row& row : report.rows) {
        if (row.verdict == selftest_verdict::not_possible) continue;
        if (report.verdict == selftest_verdict::not_possible || row.verdict > report.verdict)
            report.verdict = row.verdict;
    }
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/selftest.hpp"

#include "sink/page.hpp"
#include "sink/units.hpp"
#include "version.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace irqscope::sink {

namespace {

using object = nlohmann::ordered_json;

template <typename T>
object nullable(const std::optional<T>& value) {
    return value ? object(*value) : object(nullptr);
}

std::string time_or_dash(const std::optional<std::uint64_t>& ns) { return ns ? format_ns(*ns) : "-"; }

std::vector<std::pair<std::string, std::size_t>> most_first(const std::map<std::string, std::size_t>& names) {
    std::vector<std::pair<std::string, std::size_t>> sorted(names.begin(), names.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& left, const auto& right) { return left.second > right.second; });
    return sorted;
}

// "virtio1-req.0", "local_timer (9), NET_RX (1)"
std::string named_in(const model::selftest_row& row) {
    const auto names = most_first(row.named);
    if (names.empty()) return "-";
    if (names.size() == 1 && names.front().second == row.seen) return names.front().first;
    std::string text;
    for (const auto& [name, count] : names) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, count);
    return text;
}

std::string_view verdict_of(const model::selftest_row& row) {
    return row.injected == 0 && row.why_not.empty() ? "not counted" : model::name_of(row.verdict);
}

std::string line_of(const model::selftest_row& row) {
    return fmt::format("{:<17} {:>8} {:>8} {:>5} {:>7} {:>9} {:>9}  {:<12}  {}\n", model::name_of(row.what),
                       format_ns(row.asked_ns), row.injected, row.seen, row.within, time_or_dash(row.error_p50_ns),
                       time_or_dash(row.error_max_ns), verdict_of(row), named_in(row));
}

// What the verdict says nothing of: "1 more did not count; not possible: device_interrupt". Empty: it is of all.
std::string left_out(const model::selftest_report& report) {
    std::vector<std::string> parts;
    if (const std::size_t count = report.disturbed(); count != 0)
        parts.push_back(fmt::format("{}{} did not count", count, report.injected() == 0 ? "" : " more"));
    std::vector<std::string_view> kinds;
    for (const model::selftest_row& row : report.rows)
        if (!row.why_not.empty() && (kinds.empty() || kinds.back() != model::name_of(row.what)))
            kinds.push_back(model::name_of(row.what));
    if (!kinds.empty()) parts.push_back(fmt::format("not possible: {}", fmt::join(kinds, ", ")));
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string verdict_of(const model::selftest_report& report) {
    const std::string without = left_out(report);
    const std::string tail = without.empty() ? "" : " (" + without + ")";
    const std::string all =
        fmt::format("all {} injections{} were seen", report.injected(), without.empty() ? "" : " that count");
    switch (report.verdict) {
    case model::selftest_verdict::seen: return all + tail;
    case model::selftest_verdict::inexact: return all + ", some with a length that is not true" + tail;
    case model::selftest_verdict::missed:
        return fmt::format("{} of {} injections were missed{}", report.injected() - report.seen(), report.injected(),
                           tail);
    case model::selftest_verdict::not_possible:
        return (report.disturbed() == 0 ? "nothing could be injected here" : "nothing that counts could be injected") +
               tail;
    }
    return "?";
}

object row_of(const model::selftest_row& row) {
    object named = object::array();
    for (const auto& [name, count] : most_first(row.named)) named.push_back({{"name", name}, {"count", count}});
    return {{"injection", model::name_of(row.what)},
            {"length_ns", row.asked_ns},
            {"injected", row.injected},
            {"disturbed", row.disturbed},
            {"seen", row.seen},
            {"within", row.within},
            {"error_p50_ns", nullable(row.error_p50_ns)},
            {"error_max_ns", nullable(row.error_max_ns)},
            {"named", std::move(named)},
            {"verdict", model::name_of(row.verdict)},
            {"why_not", row.why_not.empty() ? object(nullptr) : object(row.why_not)}};
}

object truth_of(const model::observation& one) {
    object to{{"injection", model::name_of(one.real.what)},
              {"asked_ns", one.asked_ns},
              {"cpu", one.real.cpu},
              {"start_ns", one.real.start_ns},
              {"end_ns", one.real.end_ns},
              {"away_ns", one.real.away_ns},
              {"disturbed", one.disturbed},
              {"irq", nullable(one.real.irq)},
              {"action", one.real.action.empty() ? object(nullptr) : object(one.real.action)},
              {"seen", nullptr}};
    if (one.seen)
        to["seen"] = {{"kind", model::name_of(one.seen->kind)},
                      {"start_ns", one.seen->start_ns},
                      {"at_least_ns", one.seen->at_least_ns},
                      {"less_than_ns", nullable(one.seen->less_than_ns)},
                      {"within", one.within},
                      {"named", one.named.empty() ? object(nullptr) : object(one.named)},
                      {"stack", one.seen->stack}};
    return to;
}

} // namespace

std::string text_of(const model::selftest_report& report) {
    std::string text = fmt::format("irqscope {}  {}  {} {}  CPU {}  {:.1f} s from {}\n", version, report.host,
                                   report.kernel, report.machine, report.cpu,
                                   static_cast<double>(report.duration_ns) / 1e9, format_local(report.start_time));
    text += fmt::format("\n{:<17} {:>8} {:>8} {:>5} {:>7} {:>9} {:>9}  {:<12}  {}\n", "injection", "length", "injected",
                        "seen", "within", "error p50", "max", "verdict", "named");
    for (const model::selftest_row& row : report.rows) text += line_of(row);
    std::string last;
    for (const model::selftest_row& row : report.rows) {
        if (row.why_not.empty() || row.why_not == last) continue;
        text += fmt::format("  {}: {}\n", model::name_of(row.what), row.why_not);
        last = row.why_not;
    }
    text += fmt::format(
        "\nwithin: the truth lies in what was printed, give or take {}; error: of kinds whose length is exact\n",
        format_ns(model::selftest_tolerance_ns));
    if (const std::size_t count = report.disturbed(); count != 0)
        text +=
            fmt::format("{} injection{} not counted: something else had the CPU for too long in the middle (the\n"
                        "    hypervisor or firmware; in softirq_off and softirqs, where interrupts are on, they too)\n",
                        count, count == 1 ? " is" : "s are");
    if (report.verdict == model::selftest_verdict::missed)
        for (const auto& [why, count] : report.set_aside)
            text += fmt::format("irqscope stalls set {} aside as {}\n", count, why);
    for (const auto& [cpu, count] : report.others)
        text += fmt::format("CPU {}: {} other stall{} that no injection there explains\n", cpu, count,
                            count == 1 ? "" : "s");
    return text + wrapped(verdict_of(report), 4, 0) + "\n";
}

std::string json_of(const model::selftest_report& report) {
    object rows = object::array();
    for (const model::selftest_row& row : report.rows) rows.push_back(row_of(row));
    object truths = object::array();
    for (const model::observation& one : report.observations) truths.push_back(truth_of(one));
    object others = object::array();
    for (const auto& [cpu, count] : report.others) others.push_back({{"cpu", cpu}, {"stalls", count}});
    const object document{{"schema", "irqscope.selftest/1"},
                          {"host", report.host},
                          {"kernel", report.kernel},
                          {"machine", report.machine},
                          {"version", version},
                          {"start_time", format_rfc3339(report.start_time)},
                          {"duration_ns", report.duration_ns},
                          {"cpu", report.cpu},
                          {"command", report.command},
                          {"tolerance_ns", model::selftest_tolerance_ns},
                          {"injected", report.injected()},
                          {"disturbed", report.disturbed()},
                          {"seen", report.seen()},
                          {"verdict", model::name_of(report.verdict)},
                          {"rows", std::move(rows)},
                          {"set_aside", report.set_aside},
                          {"others", std::move(others)},
                          {"truths", std::move(truths)}};
    return document.dump(1, ' ', false, object::error_handler_t::replace) + "\n";
}

} // namespace irqscope::sink

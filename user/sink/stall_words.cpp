// SPDX-License-Identifier: BSD-2-Clause
#include "sink/stall_words.hpp"

#include "sink/page.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::sink {

namespace {

constexpr std::size_t name_width = 64; // a handler's name is at most 63 bytes, a comm 15

std::string kind_of(model::metric what) {
    switch (what) {
    case model::metric::softirq_latency:
    case model::metric::softirq_run: return "softirq";
    case model::metric::hardirq_run: return "hardirq";
    case model::metric::sysvec_run: return "sysvec";
    case model::metric::irq_off:
    case model::metric::idle_exit:
    case model::metric::softirq_off:
    case model::metric::ksoftirqd_latency:
    case model::metric::ksoftirqd_run: break;
    }
    return std::string(model::name_of(what));
}

// "vfs_write+0xa3/0x400 [module]" -> "vfs_write [module]"
std::string without_offset(std::string frame) {
    if (const std::size_t plus = frame.find("+0x"); plus != std::string::npos && plus != 0)
        frame.erase(plus, std::min(frame.find(' ', plus), frame.size()) - plus);
    return frame;
}

} // namespace

std::string words_of(const model::series_id& id) {
    std::string words = kind_of(id.what);
    if (id.irq) words += fmt::format(" {}", *id.irq);
    if (!id.key.empty()) words += ' ' + printable(id.key, name_width);
    if (id.context) words += " in " + printable(*id.context, name_width);
    return words;
}

std::string words_of(const model::task& task) {
    if (task.pid == 0) return "idle task";
    return fmt::format("{} {}", printable(task.comm, name_width), task.pid);
}

std::string words_of(const model::scheduling& how) {
    if (const auto priority = model::rt_priority_of(how)) return fmt::format("{} {}", model::class_of(how), *priority);
    const auto nice = model::nice_of(how);
    if (nice && *nice != 0) return fmt::format("{} nice {}", model::class_of(how), *nice);
    return model::class_of(how);
}

std::string length_of(const model::stall& one) {
    if (one.state == model::stall_state::open) return fmt::format("> {}, going on", format_ns(one.at_least_ns));
    return one.less_than_ns ? format_range(one.at_least_ns, *one.less_than_ns) : format_ns(one.at_least_ns);
}

std::string words_of(const model::lockup_count& count, int cpu) {
    std::string words = fmt::format("{} % of the way to a soft lockup: ", count.percent);
    if (count.by_watchdog)
        words += fmt::format("migration/{} waits, the watchdog counts ", cpu);
    else
        words += "another task waits, no watchdog looks, ";
    words += fmt::format("{} of {}", format_ns(count.count_ns), format_setting(count.threshold_ns));
    if (count.softirq) words += fmt::format("; in {} for {}", words_of(*count.softirq), format_ns(count.softirq_ns));
    return words;
}

std::string function_of(const std::string& frame) { return frame.substr(0, frame.find("+0x")); }

std::string words_of(const std::vector<std::string>& stack) {
    std::string words;
    for (const std::string& one : stack) {
        const bool first = words.empty();
        std::string frame = printable(first ? one : without_offset(one), one.size());
        std::replace(frame.begin(), frame.end(), ' ', hard_space); // "function [module]" stays together
        words += (first ? "" : std::string(" <-") + hard_space) + frame;
    }
    return words;
}

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_words.hpp"

#include "host/cpus.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace irqscope::sink {

std::string lost_words(const model::lost& lost) {
    if (lost.nothing()) return "nothing";
    std::vector<std::string> parts;
    for (const auto& [kind, count] : lost.counts)
        if (count != 0) parts.push_back(fmt::format("{} {}", kind, format_count(count)));
    for (const auto& [program, count] : lost.recursion_misses)
        if (count != 0) parts.push_back(fmt::format("{} of {} (recursion)", counted(count, "call"), program));
    if (!lost.cpus_gone.empty()) parts.push_back("CPUs gone: " + host::format_cpu_list(lost.cpus_gone));
    if (!lost.cpus_come.empty()) parts.push_back("CPUs come: " + host::format_cpu_list(lost.cpus_come));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string cost_words(const model::snapshot& snapshot) {
    const model::cost& cost = snapshot.cost;
    const double wall = static_cast<double>(std::max<std::uint64_t>(snapshot.duration_ns, 1));
    std::string text = fmt::format("{} BPF calls at interrupts and softirqs", format_count(cost.bpf_calls));
    if (cost.bpf_ns_per_call != 0)
        text += fmt::format(" of some {} ns = {} of one CPU", cost.bpf_ns_per_call,
                            format_share(static_cast<double>(cost.bpf_ns()) / wall));
    text += fmt::format("; user side {}, {}", format_share(static_cast<double>(cost.user_cpu_ns) / wall),
                        format_bytes(cost.max_rss_bytes));
    if (cost.kernel_bytes != 0) text += fmt::format("; maps {}", format_bytes(cost.kernel_bytes));
    if (const std::uint64_t beats = snapshot.coverage.all_beats().served(); beats != 0)
        text += fmt::format("; on top {}, each a timer interrupt (its cost: `irqscope doctor`) and our work in it",
                            counted(beats, "heartbeat"));
    return text;
}

std::string beats_words(const model::coverage& coverage) {
    if (coverage.beat_ns == 0) return "heartbeats: none";
    const model::beats sum = coverage.all_beats();
    std::vector<int> without_soft;
    for (const auto& [cpu, one] : coverage.heartbeats)
        if (!one.soft) without_soft.push_back(cpu);
    std::string text = fmt::format("heartbeats each {}: {} due, {} seen", format_setting(coverage.beat_ns),
                                   format_count(sum.due), format_count(sum.seen));
    // rounded down: 100 % are all of them
    if (sum.due != 0 && sum.seen <= sum.due)
        text += fmt::format(" ({:.3f} %)",
                            std::floor(static_cast<double>(sum.seen) / static_cast<double>(sum.due) * 1e5) / 1e3);
    text += fmt::format(", {} skipped, {} unseen", format_count(sum.skipped), format_count(sum.unseen));
    if (const std::uint64_t known = sum.seen + sum.skipped + sum.unseen; known < sum.due)
        text += fmt::format(", {} that never came", format_count(sum.due - known));
    text += fmt::format("; {} late", format_count(sum.late));
    if (sum.seen != 0)
        text += fmt::format(" ({})", format_share(static_cast<double>(sum.late) / static_cast<double>(sum.seen)));
    if (sum.restarts != 0) text += fmt::format("; {} by the kernel", counted(sum.restarts, "restart"));
    if (!without_soft.empty()) text += "; without a beat that raises a softirq: " + cpus_words(without_soft);
    if (!coverage.without_beat.empty()) text += "; without any: " + cpus_words(coverage.without_beat);
    return text;
}

std::string cpus_words(const std::vector<int>& cpus) {
    return (cpus.size() == 1 ? "CPU " : "CPUs ") + host::format_cpu_list(cpus);
}

std::string counted(std::uint64_t count, const char* noun) {
    return fmt::format("{} {}{}", format_count(count), noun, count == 1 ? "" : "s");
}

} // namespace irqscope::sink

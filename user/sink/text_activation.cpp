// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_activation.hpp"

#include "sink/page.hpp"
#include "sink/stall_words.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace irqscope::sink {

namespace {

constexpr std::size_t most_shown = 3; // of a part's shares
constexpr std::size_t name_width = 64;
constexpr std::uint64_t least_share = 50; // of the part, as a divisor: smaller ones are left out behind the first

template <typename T, typename Words>
std::string listed(const std::vector<T>& shares, Words words) {
    std::vector<std::string> parts;
    for (const T& one : shares) {
        if (parts.size() == most_shown || (!parts.empty() && one.ns < shares.front().ns / least_share)) break;
        parts.push_back(words(one));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string interrupts_of(const model::activation& one, model::metric what) {
    std::vector<model::interrupt_share> shares = one.interrupts;
    std::erase_if(shares, [what](const model::interrupt_share& share) { return share.id.what != what; });
    return listed(shares, [](const model::interrupt_share& share) {
        const std::string irq = share.id.irq ? fmt::format("irq {} ", *share.id.irq) : std::string();
        return fmt::format("{}{} {} {} x", irq, printable(share.id.key, name_width), format_ns(share.ns),
                           format_count(share.count));
    });
}

std::string device_words(const model::activation& one) {
    return listed(one.devices, [](const model::source_share& share) {
        const std::string name = printable(share.name, name_width);
        std::string device = share.backlog ? "backlog" : name;
        if (share.backlog && !name.empty()) device += " of " + name;
        const double each = share.count == 0 ? 0 : static_cast<double>(share.items) / static_cast<double>(share.count);
        return fmt::format("{} {} in {}, {:.1f} packets each", device, format_ns(share.ns),
                           counted(share.count, "poll"), each);
    });
}

std::string vectors_of(const model::activation& one) {
    return listed(one.vectors, [&one](const model::vector_share& share) {
        std::string words = fmt::format("{} {} {} x", share.vector, format_ns(share.ns), format_count(share.count));
        std::vector<std::string> within;
        if (share.vector == "NET_RX") {
            if (std::string devices = device_words(one); !devices.empty()) within.push_back(std::move(devices));
            if (one.softnet)
                within.push_back(fmt::format("time_squeeze {}, dropped {}", format_count(one.softnet->time_squeeze),
                                             format_count(one.softnet->dropped)));
        }
        if (share.vector == "TIMER" && !one.timers.empty())
            within.push_back(listed(one.timers, [](const model::source_share& timer) {
                return fmt::format("{} {} {} x", printable(timer.name, name_width), format_ns(timer.ns),
                                   format_count(timer.count));
            }));
        return within.empty() ? words : fmt::format("{} ({})", words, fmt::join(within, "; "));
    });
}

std::string tasks_of(const model::activation& one) {
    std::string words = listed(one.tasks, [](const model::task_share& share) {
        return fmt::format("{} {} ({}) {}", printable(share.comm, name_width), share.pid, words_of(share.how),
                           format_ns(share.ns));
    });
    if (one.other_tasks_ns != 0)
        words += fmt::format("{}others {}", words.empty() ? "" : ", ", format_ns(one.other_tasks_ns));
    return words;
}

} // namespace

std::string course_of(const model::stall& one) {
    const model::activation& how = *one.activation;
    std::vector<std::string> parts;
    if (how.raised_vector && how.raised_ns <= how.woken_ns)
        parts.push_back(fmt::format("{} raised {} before {} was woken", *how.raised_vector,
                                    format_ns(how.woken_ns - how.raised_ns), how.thread));
    if (how.first_run_ns)
        parts.push_back(fmt::format("first ran after {}", format_ns(*how.first_run_ns - how.woken_ns)));
    else
        parts.emplace_back(one.state == model::stall_state::open ? "has not run" : "its first run went unseen");
    parts.push_back(fmt::format("had the CPU for {}", format_ns(how.run_ns)));
    if (how.preemptions != 0) parts.push_back(fmt::format("preempted {}", counted(how.preemptions, "time")));
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string shares_of(const model::activation& one, const model::breakdown& where, model::part which) {
    const bool mostly_inline = where.at(model::part::softirq) > where.at(model::part::ksoftirqd);
    switch (which) {
    case model::part::hardirq: return interrupts_of(one, model::metric::hardirq_run);
    case model::part::sysvec: return interrupts_of(one, model::metric::sysvec_run);
    case model::part::softirq: return mostly_inline ? vectors_of(one) : std::string();
    case model::part::ksoftirqd: return mostly_inline ? std::string() : vectors_of(one);
    case model::part::task: return tasks_of(one);
    case model::part::idle:
    case model::part::steal:
    case model::part::unexplained: break;
    }
    return {};
}

} // namespace irqscope::sink

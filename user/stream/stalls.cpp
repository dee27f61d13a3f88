// SPDX-License-Identifier: BSD-2-Clause
#include "stream/stalls.hpp"

#include "stream/parts.hpp"
#include "symbols/stack.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace irqscope::stream {

namespace {

model::stack_kind stack_kind_of(std::uint8_t wire_stack) {
    switch (wire_stack) {
    case WIRE_STACK_ONGOING: return model::stack_kind::ongoing;
    case WIRE_STACK_INTERRUPTED: return model::stack_kind::interrupted;
    default: return model::stack_kind::post_hoc;
    }
}

// Softirqs' own programs stand in the context that they tell of; the others in an interrupt on top of it.
symbols::strip strip_of(const wire_stall& from) {
    const bool softirq = from.what == WIRE_STALL_SOFTIRQ_OFF || from.what == WIRE_STALL_SOFTIRQ_LATENCY ||
                         from.what == WIRE_STALL_SOFTIRQ_RUN;
    return softirq && from.state == WIRE_STALL_ENDED ? symbols::strip::tracepoint : symbols::strip::interrupt;
}

std::optional<model::breakdown> breakdown_of(const wire_stall& from) {
    if (from.breakdown_start_ns == 0) return std::nullopt;
    model::breakdown made;
    made.start_ns = from.breakdown_start_ns;
    made.end_ns = from.breakdown_end_ns;
    for (std::size_t i = 0; i < class_parts.size(); i++)
        made.at(class_parts.at(i)) = from.breakdown_ns[i]; // NOLINT(*-constant-array-index)
    return made;
}

model::lockup_count lockup_of(const wire_stall& from, const catalog& names) {
    model::lockup_count made;
    made.percent = from.lockup_step * 100U / WIRE_LOCKUP_STEPS;
    made.count_ns = from.lockup_count_ns;
    made.threshold_ns = from.lockup_ns;
    made.by_watchdog = from.watchdog != 0;
    const std::uint64_t end_ns = from.start_ns + from.duration_ns;
    if (from.state == WIRE_STALL_OPEN && from.softirq_since_ns != 0 && from.softirq_since_ns <= end_ns) {
        made.softirq = names.named(static_cast<int>(from.cpu), from.softirq);
        made.softirq_ns = end_ns - from.softirq_since_ns;
    }
    return made;
}

} // namespace

model::stall_kind stall_kind_of(std::uint32_t wire_kind) {
    switch (wire_kind) {
    case WIRE_STALL_SOFTIRQ_OFF: return model::stall_kind::softirq_off;
    case WIRE_STALL_SOFTIRQ_LATENCY: return model::stall_kind::softirq_latency;
    case WIRE_STALL_SOFTIRQ_RUN: return model::stall_kind::softirq_run;
    case WIRE_STALL_HARDIRQ_RUN: return model::stall_kind::hardirq_run;
    case WIRE_STALL_KSOFTIRQD: return model::stall_kind::ksoftirqd;
    case WIRE_STALL_LOCKUP: return model::stall_kind::lockup;
    default: return model::stall_kind::irq_off;
    }
}

std::string function_at(std::uint64_t address, std::uint64_t end_ns, symbols::source& symbols) {
    std::string name = symbols.table_for(std::span(&address, 1), end_ns).name_at(address);
    if (const std::size_t offset = name.find("+0x0"); offset != std::string::npos) name.erase(offset, 4);
    return name;
}

model::stall make_stall(const wire_stall& from, const catalog& names, symbols::source& symbols) {
    const int cpu = static_cast<int>(from.cpu);
    model::stall made;
    made.kind = stall_kind_of(from.what);
    made.state = from.state == WIRE_STALL_OPEN ? model::stall_state::open : model::stall_state::ended;
    made.cpu = cpu;
    made.start_ns = from.start_ns;
    made.end_ns = from.start_ns + from.duration_ns;
    made.at_least_ns = from.duration_ns;
    // rounding aside, what bounds the length cannot be below it
    if (from.less_than_ns > from.duration_ns && made.state == model::stall_state::ended)
        made.less_than_ns = from.less_than_ns;
    if (from.histogram < WIRE_HIST_IRQ_OFF || from.histogram >= WIRE_HIST_KSOFTIRQD_LATENCY)
        made.of = names.named(cpu, from.histogram);
    if (from.culprit != WIRE_NO_CULPRIT) {
        made.culprit = names.named(cpu, from.culprit);
        made.culprit_ns = from.culprit_ns;
    }
    made.where = breakdown_of(from);
    if (from.timer_function != 0) made.timer_function = function_at(from.timer_function, made.end_ns, symbols);
    if (made.kind == model::stall_kind::lockup) made.lockup = lockup_of(from, names);
    made.current = {static_cast<int>(from.pid), text_of(from.comm)};
    made.stack_is = from.depth == 0 ? model::stack_kind::none : stack_kind_of(from.stack);
    std::array<std::uint64_t, WIRE_STALL_FRAMES> frames{};
    std::memcpy(frames.data(), static_cast<const void*>(from.frames), sizeof(from.frames));
    made.stack = symbols::frames_of(std::span(frames).first(std::min<std::size_t>(from.depth, frames.size())),
                                    made.end_ns, symbols, strip_of(from));
    return made;
}

} // namespace irqscope::stream

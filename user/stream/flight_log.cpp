// SPDX-License-Identifier: BSD-2-Clause
#include "stream/flight_log.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace irqscope::stream {

namespace {

constexpr std::uint64_t not_yet = std::numeric_limits<std::uint64_t>::max();

model::flight_span span_of(const wire_flight& from) {
    model::flight_span made;
    made.start_ns = from.start_ns;
    made.end_ns = from.end_ns;
    if (from.what != WIRE_FLIGHT_TASK) {
        made.kind = flight_kind_of(from.what);
        made.number = from.what;
        return made;
    }
    if (from.task_class == WIRE_CLASS_IDLE) { // of the rest nothing was written
        made.kind = model::flight_kind::idle;
        return made;
    }
    made.kind = flight_kind_of_task(from.task_class, from.pid);
    made.policy = from.policy;
    made.prio = from.prio;
    made.number = from.pid;
    static_assert(sizeof(from.comm) == sizeof(made.comm));
    std::memcpy(made.comm.data(), static_cast<const char*>(from.comm), made.comm.size());
    return made;
}

} // namespace

model::flight_kind flight_kind_of(std::uint32_t histogram) {
    using model::flight_kind;
    if (histogram >= WIRE_HIST_HARDIRQ_RUN) return flight_kind::hardirq;
    if (histogram >= WIRE_HIST_SYSVEC_RUN) return flight_kind::sysvec;
    const std::uint32_t context = histogram % WIRE_CONTEXTS;
    return context == WIRE_CONTEXT_KSOFTIRQD || context == WIRE_CONTEXT_KTIMERS ? flight_kind::softirq_of_ksoftirqd
                                                                                : flight_kind::softirq;
}

model::flight_kind flight_kind_of_task(std::uint32_t task_class, std::uint32_t pid) {
    using model::flight_kind;
    if (pid == 0) return flight_kind::idle;
    return task_class == WIRE_CLASS_KSOFTIRQD ? flight_kind::ksoftirqd : flight_kind::task;
}

flight_log::flight_log(std::span<const wire_flight> memory)
    : interrupts_(memory.first(memory.size() / 3 * 2)), softirqs_(memory.last(memory.size() / 3)) {}

void flight_log::read() {
    interrupts_.read(room_, lost_room_);
    softirqs_.read(room_, lost_room_);
}

void flight_log::track::add_loss(const flight_ring::loss& loss) {
    if (lost.empty() || lost.back().to_ns != not_yet) lost.push_back({last_end_ns, not_yet, 0, 0});
    lost.back().overwritten += loss.overwritten;
    lost.back().torn += loss.torn;
    if (lost.size() <= most_lost) return;
    forgotten_ns = std::max(forgotten_ns, lost.front().to_ns);
    lost.pop_front();
}

void flight_log::track::read(std::vector<wire_flight>& room, std::vector<flight_ring::loss>& lost_room) {
    room.clear();
    lost_room.clear();
    ring.read(room, lost_room);
    auto loss = lost_room.begin();
    for (std::size_t i = 0; i <= room.size(); i++) {
        for (; loss != lost_room.end() && loss->before == i; ++loss) add_loss(*loss);
        if (i == room.size()) break;
        spans.push_back(span_of(room[i]));
        last_end_ns = spans.back().end_ns;
        if (!lost.empty() && lost.back().to_ns == not_yet) lost.back().to_ns = last_end_ns;
    }
    while (spans.size() > most) {
        forgotten_ns = std::max(forgotten_ns, spans.front().end_ns);
        spans.pop_front();
    }
}

void flight_log::track::add_to(model::flight& to) const {
    for (auto one = spans.rbegin(); one != spans.rend() && one->end_ns > to.start_ns; ++one)
        if (one->start_ns < to.end_ns) to.spans.push_back(*one);
    for (const model::flight_lost& one : lost)
        if (one.from_ns < to.end_ns && one.to_ns > to.start_ns) to.lost.push_back(one);
    if (forgotten_ns > to.start_ns) to.lost.push_back({0, forgotten_ns, 0, 0});
    to.whole = to.whole && to.lost.empty();
}

model::flight flight_log::window(std::uint64_t start_ns, std::uint64_t end_ns,
                                 const std::vector<model::flight_span>& open) const {
    model::flight made;
    made.start_ns = start_ns;
    made.end_ns = end_ns;
    made.whole = true;
    interrupts_.add_to(made);
    softirqs_.add_to(made);
    for (const model::flight_span& one : open) {
        const auto is_it = [&one](const model::flight_span& other) {
            return other.start_ns == one.start_ns && level_of(other.kind) == level_of(one.kind);
        };
        if (one.start_ns < end_ns && std::none_of(made.spans.begin(), made.spans.end(), is_it))
            made.spans.push_back(one);
    }
    return made;
}

} // namespace irqscope::stream

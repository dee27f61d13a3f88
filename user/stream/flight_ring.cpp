// SPDX-License-Identifier: BSD-2-Clause
#include "stream/flight_ring.hpp"

#include <array>
#include <cstring>

namespace irqscope::stream {

namespace {

std::uint64_t number_of(const wire_flight& entry) { return __atomic_load_n(&entry.number, __ATOMIC_ACQUIRE); }

// Word by word, each of which is written and read whole; whether they belong together its number tells.
wire_flight copy_of(const wire_flight& entry) {
    std::array<std::uint64_t, sizeof(wire_flight) / sizeof(std::uint64_t)> words{};
    const auto* from = reinterpret_cast<const std::uint64_t*>(&entry);
    for (std::size_t i = 0; i < words.size(); i++)
        words.at(i) = __atomic_load_n(from + i, __ATOMIC_RELAXED); // NOLINT(*-pointer-arithmetic)
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    wire_flight copy{};
    std::memcpy(&copy, words.data(), sizeof(copy));
    return copy;
}

bool is_sound(const wire_flight& entry) {
    const bool run = entry.what < WIRE_HIST_SOFTIRQ_LATENCY ||
                     (entry.what >= WIRE_HIST_SYSVEC_RUN && entry.what <= WIRE_HIST_HARDIRQ_OTHER);
    return entry.start_ns <= entry.end_ns && (run || entry.what == WIRE_FLIGHT_TASK);
}

} // namespace

void flight_ring::note(std::vector<loss>& lost, std::size_t before, std::uint64_t overwritten, std::uint64_t torn) {
    if (lost.empty() || lost.back().before != before) lost.push_back({before, 0, 0});
    lost.back().overwritten += overwritten;
    lost.back().torn += torn;
}

void flight_ring::read(std::vector<wire_flight>& to, std::vector<loss>& lost) {
    const std::size_t size = entries_.size();
    for (std::size_t steps = 0; steps < 2 * size; steps++) {
        const wire_flight& entry = at(next_);
        const std::uint64_t expected = next_ + 1;
        std::uint64_t number = number_of(entry);
        if (number == expected) {
            const wire_flight copy = copy_of(entry);
            number = number_of(entry);
            if (number == expected && is_sound(copy))
                to.push_back(copy);
            else
                note(lost, to.size(), 0, 1);
            next_++;
        } else if (number > expected) {
            // It was overwritten, and so were all that are a whole ring before it.
            note(lost, to.size(), number - size - next_, 0);
            next_ = number - size;
        } else if (number == 0 && number_of(at(next_ + 1)) > expected) {
            note(lost, to.size(), 1, 0); // it is being overwritten: the one after it is there already
            next_++;
        } else {
            return; // not written yet, or just being written
        }
    }
}

} // namespace irqscope::stream

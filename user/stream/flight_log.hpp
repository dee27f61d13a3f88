// SPDX-License-Identifier: BSD-2-Clause
// What was read of one CPU's flight recorder: its two rings as one history, which forgets its oldest.
#pragma once

#include "model/flight.hpp"
#include "stream/flight_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace irqscope::stream {

// The recorder's kind of a run, by its histogram.
model::flight_kind flight_kind_of(std::uint32_t histogram);
// And of a task, by enum wire_class.
model::flight_kind flight_kind_of_task(std::uint32_t task_class, std::uint32_t pid);

class flight_log {
public:
    static constexpr std::size_t rings_kept = 2; // so many times a ring's spans
    static constexpr std::size_t most_lost = 64; // stretches with lost spans that are known, of a ring

    // memory: both rings, as bpf/flight.bpf.h has them; it outlives this.
    explicit flight_log(std::span<const wire_flight> memory);

    // Takes what came since the last time.
    void read();

    // What is known of [start_ns, end_ns). open: what had not ended by end_ns or later, as far as it was seen; what of it
    // has ended since is taken from the record.
    [[nodiscard]] model::flight window(std::uint64_t start_ns, std::uint64_t end_ns,
                                       const std::vector<model::flight_span>& open) const;

private:
    struct track {
        explicit track(std::span<const wire_flight> entries) : ring(entries), most(rings_kept * entries.size()) {}
        void read(std::vector<wire_flight>& room, std::vector<flight_ring::loss>& lost_room);
        void add_loss(const flight_ring::loss& loss);
        void add_to(model::flight& to) const;

        flight_ring ring;
        std::size_t most;
        std::deque<model::flight_span> spans; // by end_ns
        std::deque<model::flight_lost> lost;  // the last one's to_ns may be open
        std::uint64_t last_end_ns = 0;
        std::uint64_t forgotten_ns = 0; // what ended until then is not there any more
    };

    track interrupts_; // and tasks
    track softirqs_;
    std::vector<wire_flight> room_;
    std::vector<flight_ring::loss> lost_room_;
};

} // namespace irqscope::stream

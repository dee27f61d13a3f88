// SPDX-License-Identifier: BSD-2-Clause
// Spans out of the live ring buffers.
#pragma once

#include "result.hpp"
#include "stream/spans.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

struct ring_buffer;

namespace irqscope::stream {

class ring_reader {
public:
    // rings: CPU -> map descriptor; they and the sink must outlive the reader. Fails (failed) with the system's reason.
    static result<ring_reader> open(const std::map<int, int>& rings, span_sink& sink);

    // Readable when a ring holds enough to be worth a wake-up.
    [[nodiscard]] const std::vector<int>& descriptors() const { return descriptors_; }

    // Hands on what is there, at most so many records of a ring, so that a CPU that fills its ring as fast as it is
    // read keeps nobody waiting. True: there may be more.
    bool drain();

    // Records that decode() did not know.
    [[nodiscard]] std::uint64_t unknown() const { return state_->unknown; }

private:
    struct state {
        explicit state(span_sink& to) : sink(&to) {}
        span_sink* sink;
        std::uint64_t unknown = 0;
        unsigned budget = 0;
    };
    struct free_ring {
        void operator()(ring_buffer* ring) const;
    };
    explicit ring_reader(span_sink& sink) : state_(std::make_unique<state>(sink)) {}
    static int on_record(void* context, void* data, std::size_t size);

    std::unique_ptr<state> state_;
    std::vector<std::unique_ptr<ring_buffer, free_ring>> rings_;
    std::vector<int> descriptors_;
};

} // namespace irqscope::stream

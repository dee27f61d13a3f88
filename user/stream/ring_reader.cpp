// SPDX-License-Identifier: BSD-2-Clause
#include "stream/ring_reader.hpp"

#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace irqscope::stream {

namespace {

constexpr unsigned records_a_turn = 65536;
constexpr int turn_is_over = -EAGAIN; // libbpf counts the record as read and leaves the ring

} // namespace

void ring_reader::free_ring::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

int ring_reader::on_record(void* context, void* data, std::size_t size) {
    auto& state = *static_cast<ring_reader::state*>(context);
    if (!decode(data, size, *state.sink)) state.unknown++;
    return --state.budget == 0 ? turn_is_over : 0;
}

result<ring_reader> ring_reader::open(const std::map<int, int>& rings, span_sink& sink) {
    ring_reader reader(sink);
    for (const auto& [cpu, descriptor] : rings) {
        ring_buffer* ring = ring_buffer__new(descriptor, on_record, reader.state_.get(), nullptr);
        if (ring == nullptr)
            return failure(exit_status::failed,
                           fmt::format("cannot map the ring buffer of CPU {}: {}", cpu, std::strerror(errno)));
        reader.rings_.emplace_back(ring);
        reader.descriptors_.push_back(ring_buffer__epoll_fd(ring));
    }
    return reader;
}

bool ring_reader::drain() {
    bool more = false;
    for (const auto& ring : rings_) {
        state_->budget = records_a_turn;
        more = ring_buffer__consume(ring.get()) == turn_is_over || more;
    }
    return more;
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "recording/last_seconds.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::recording {

namespace {

bool is_counted(const packed_chunk& one) {
    return one.about.kind == chunk_kind::spans || one.about.kind == chunk_kind::interval;
}

} // namespace

void last_seconds::add(packed_chunk one) {
    const chunk_kind kind = one.about.kind;
    if (holed_ && is_counted(one)) { // up to its interval, which would count what is not there
        holed_ = kind == chunk_kind::spans;
        return;
    }
    if (intervals_.empty() || (intervals_.back().end_ns != 0 && kind != chunk_kind::untold)) intervals_.emplace_back();
    interval& to = intervals_.back();
    if (kind == chunk_kind::interval) to.end_ns = one.about.last_ns;
    to.bytes += one.whole.size();
    bytes_ += one.whole.size();
    one.whole.shrink_to_fit(); // it was packed into room for the worst case
    to.chunks.push_back(std::move(one));
    make_room();
}

void last_seconds::make_room() {
    const auto newest =
        std::find_if(intervals_.rbegin(), intervals_.rend(), [](const interval& one) { return one.end_ns != 0; });
    const std::uint64_t end_ns = newest == intervals_.rend() ? 0 : newest->end_ns;
    while (intervals_.size() > 1 && intervals_.front().end_ns != 0 && intervals_.front().end_ns + length_ns_ <= end_ns)
        drop_oldest();
    while (bytes_ > most_bytes_ && intervals_.size() > 1) {
        drop_oldest();
        crowded_out_++;
    }
    if (bytes_ <= most_bytes_ || intervals_.empty() || intervals_.front().end_ns != 0) return;
    // one interval alone is too large
    interval& only = intervals_.front();
    std::erase_if(only.chunks, is_counted);
    bytes_ = 0;
    for (const packed_chunk& one : only.chunks) bytes_ += one.whole.size();
    only.bytes = bytes_;
    holed_ = true;
    crowded_out_++;
}

void last_seconds::drop_oldest() {
    interval& oldest = intervals_.front();
    for (packed_chunk& one : oldest.chunks)
        if (one.about.kind == chunk_kind::untold) untold_ = std::move(one);
    bytes_ -= oldest.bytes;
    intervals_.pop_front();
}

std::vector<packed_chunk> last_seconds::take() {
    std::vector<packed_chunk> all;
    for (interval& one : intervals_)
        for (packed_chunk& chunk : one.chunks) {
            if (chunk.about.kind == chunk_kind::untold) untold_ = chunk;
            all.push_back(std::move(chunk));
        }
    intervals_.clear();
    bytes_ = 0;
    return all;
}

} // namespace irqscope::recording

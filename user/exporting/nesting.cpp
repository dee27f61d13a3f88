// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/nesting.hpp"

#include <algorithm>

namespace irqscope::exporting {

void nesting::sort() {
    std::sort(held_.begin(), held_.end(), [](const nested_span& a, const nested_span& b) {
        if (a.start_ns != b.start_ns) return a.start_ns < b.start_ns;
        if (a.end_ns != b.end_ns) return a.end_ns > b.end_ns;
        return a.what < b.what;
    });
}

void nesting::write_half() {
    sort();
    const std::size_t half = (held_.size() + 1) / 2;
    for (std::size_t i = 0; i < half; i++) write(held_[i]);
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(half));
}

void nesting::end_until(std::uint64_t ns) {
    for (; !open_.empty() && open_.back().end_ns <= ns; open_.pop_back())
        to_->end(open_.back().end_ns, open_.back().what);
}

void nesting::write(const nested_span& one) {
    if (one.end_ns < reached_ns_) {
        left_out_++;
        return;
    }
    if (one.start_ns < reached_ns_) moved_++;
    reached_ns_ = std::max(one.start_ns, reached_ns_);
    end_until(reached_ns_);
    for (; !open_.empty() && open_.back().end_ns < one.end_ns; open_.pop_back()) {
        to_->end(reached_ns_, open_.back().what);
        moved_++;
    }
    to_->begin(reached_ns_, one.what);
    open_.push_back({one.end_ns, one.what});
}

void nesting::finish() {
    sort();
    for (const nested_span& one : held_) write(one);
    held_.clear();
    end_until(UINT64_MAX);
}

} // namespace irqscope::exporting

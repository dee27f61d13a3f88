// SPDX-License-Identifier: BSD-2-Clause
// The spans of one CPU as bytes, in the order of their ends (docs/FORMAT.md): numbers of seven bits a byte, the low ones first.
#pragma once

#include "recording/chunk.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace irqscope::recording {

struct row {
    std::uint32_t number = 0; // of its series, in this file
    std::uint64_t end_ns = 0; // CLOCK_MONOTONIC
    std::uint64_t duration_ns = 0;
    std::uint64_t nested_ns = 0;  // of that, what interrupts took
    bool has_latency = false;     // a softirq whose raise was seen:
    std::uint64_t latency_ns = 0; // from that to its entry
    bool has_off = false;         // a softirq whose entry ended an off-time of softirqs:
    std::uint64_t off_ns = 0;     // its length
};

inline constexpr std::size_t most_row_bytes = 6 * 10;

// What a row's first number says beside the series: which numbers follow the duration. An off-time mostly is the latency of the
// softirq that ended it, and then is not said again.
inline constexpr std::uint64_t row_has_nested = 1;
inline constexpr std::uint64_t row_has_latency = 2;
inline constexpr std::uint64_t row_has_off = 4;
inline constexpr std::uint64_t row_off_is_latency = 8;
inline constexpr unsigned row_number_shift = 4;

class row_writer {
public:
    explicit row_writer(std::size_t room) { bytes_.reserve(room); }

    void add(const row& one) {
        if (rows_ == 0) first_ns_ = last_ns_ = one.end_ns;
        const bool off_is_latency = one.has_off && one.has_latency && one.off_ns == one.latency_ns;
        const bool says_off = one.has_off && !off_is_latency;
        put(std::uint64_t{one.number} << row_number_shift | (one.nested_ns != 0 ? row_has_nested : 0) |
            (one.has_latency ? row_has_latency : 0) | (says_off ? row_has_off : 0) |
            (off_is_latency ? row_off_is_latency : 0));
        // one that ends before the row before it: an interrupt came between the clock and the ring
        const auto step = static_cast<std::int64_t>(one.end_ns - last_ns_);
        put(static_cast<std::uint64_t>(step) << 1U ^ static_cast<std::uint64_t>(step >> 63));
        put(one.duration_ns);
        if (one.nested_ns != 0) put(one.nested_ns);
        if (one.has_latency) put(one.latency_ns);
        if (says_off) put(one.off_ns);
        last_ns_ = one.end_ns;
        rows_++;
    }

    [[nodiscard]] std::uint32_t rows() const { return rows_; }
    [[nodiscard]] std::uint64_t first_ns() const { return first_ns_; } // from where the first row's end is reckoned
    [[nodiscard]] std::uint64_t last_ns() const { return last_ns_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

    // What was written, in exchange for an empty vector, which keeps its room; then it begins anew.
    void swap(std::vector<std::uint8_t>& with) {
        bytes_.swap(with);
        bytes_.clear();
        rows_ = 0;
    }

private:
    void put(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) bytes_.push_back(static_cast<std::uint8_t>(value | 0x80U));
        bytes_.push_back(static_cast<std::uint8_t>(value));
    }

    std::vector<std::uint8_t> bytes_;
    std::uint64_t first_ns_ = 0;
    std::uint64_t last_ns_ = 0;
    std::uint32_t rows_ = 0;
};

class row_reader {
public:
    row_reader(bytes from, std::uint64_t first_ns)
        : at_(from.data()), end_(from.data() + from.size()), last_ns_(first_ns) {}

    // False: there is no further one, or what is there is none (then !whole()).
    bool next(row& to) {
        std::uint64_t head = 0;
        std::uint64_t step = 0;
        if (at_ == end_ || !whole_) return false;
        to.nested_ns = 0;
        whole_ = get(head) && get(step) && get(to.duration_ns) && ((head & row_has_nested) == 0 || get(to.nested_ns)) &&
                 ((head & row_has_latency) == 0 || get(to.latency_ns)) && ((head & row_has_off) == 0 || get(to.off_ns));
        if (!whole_ || head >> row_number_shift > UINT32_MAX) return whole_ = false;
        to.number = static_cast<std::uint32_t>(head >> row_number_shift);
        to.has_latency = (head & row_has_latency) != 0;
        to.has_off = (head & (row_has_off | row_off_is_latency)) != 0;
        if ((head & row_off_is_latency) != 0) to.off_ns = to.latency_ns;
        last_ns_ += step >> 1U ^ (0 - (step & 1U));
        to.end_ns = last_ns_;
        return true;
    }

    [[nodiscard]] bool whole() const { return whole_; }

private:
    bool get(std::uint64_t& to) {
        to = 0;
        for (unsigned shift = 0; at_ != end_ && shift < 64; shift += 7) {
            const std::uint64_t byte = *at_++;
            to |= (byte & 0x7fU) << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }

    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::uint64_t last_ns_;
    bool whole_ = true;
};

} // namespace irqscope::recording

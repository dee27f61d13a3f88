// SPDX-License-Identifier: BSD-2-Clause
// Spans of one track, told in whatever order, as begins and ends that pair up, nest, and come in the order of time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace irqscope::exporting {

struct nested_span {
    std::uint64_t start_ns = 0;
    std::uint64_t end_ns = 0;
    std::uint32_t what = 0; // whatever the writer knows it by; of two of the same time the smaller one is the outer
};

class nest_writer {
public:
    nest_writer() = default;
    nest_writer(const nest_writer&) = delete;
    nest_writer& operator=(const nest_writer&) = delete;
    nest_writer(nest_writer&&) = delete;
    nest_writer& operator=(nest_writer&&) = delete;
    virtual ~nest_writer() = default;

    virtual void begin(std::uint64_t ns, std::uint32_t what) = 0;
    virtual void end(std::uint64_t ns, std::uint32_t what) = 0;
};

// So many spans at most are held back: when there are more, the half that began first is written. Truly nested spans that come
// less than half of that late are written as they are. For the others, which only a damaged or made-up recording has:
//   - two that cross: the one that began first ends where the other begins. On PREEMPT_RT that one is a softirq that lost its
//     CPU: it is recorded without that time, and its end is too early as it is;
//   - one that began before what is written already begins there;
//   - one that also ended before that is left out, and counted.
class nesting {
public:
    nesting(nest_writer& to, std::size_t most) : to_(&to), most_(most) {}

    void add(const nested_span& one) {
        if (held_.size() >= most_) write_half();
        held_.push_back(one);
    }
    void finish(); // writes the rest

    [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
    [[nodiscard]] std::uint64_t moved() const { return moved_; } // begins and ends that are not where they were told

private:
    struct open_span {
        std::uint64_t end_ns = 0;
        std::uint32_t what = 0;
    };

    void sort();
    void write_half();
    void write(const nested_span& one);
    void end_until(std::uint64_t ns);

    nest_writer* to_;
    std::size_t most_;
    std::vector<nested_span> held_;
    std::vector<open_span> open_; // outermost first: their ends descend
    std::uint64_t reached_ns_ = 0;
    std::uint64_t left_out_ = 0;
    std::uint64_t moved_ = 0;
};

} // namespace irqscope::exporting

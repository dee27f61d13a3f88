// SPDX-License-Identifier: BSD-2-Clause
// The fifos of `perf record --control fifo:CTL[,ACK]`: commands go in, and each is answered. Nothing here waits.
#pragma once

#include "host/descriptor.hpp"
#include "result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace irqscope::perf {

class control {
public:
    static constexpr std::uint64_t patience_ns = 2'000'000'000; // then a command counts as unanswered

    // text: "fifo:CTL[,ACK]", as perf is given it. Both fifos are there. Without ACK a command that was read counts as
    // answered. Fails: usage (it is not so written, or no fifo), failed (it cannot be opened).
    static result<control> open(const std::string& text);

    // Events are to be on, or off. At each turn: says it as soon as what was said before is answered, or no longer waited for. What
    // came to nothing is said again, as long as it is still to be so; it is not counted again.
    void turn(bool on, std::uint64_t now_ns);

    struct counts {
        std::uint64_t enables = 0;
        std::uint64_t disables = 0;
        std::uint64_t unread = 0;     // of both: nobody had read it in that time, and it was taken back
        std::uint64_t unanswered = 0; // it was read, and no answer came
    };
    [[nodiscard]] const counts& done() const { return counts_; }
    enum class outcome { none, answered, unread, unanswered };
    // What became of the last command that is over.
    [[nodiscard]] outcome last() const { return last_; }
    [[nodiscard]] bool is_waiting() const { return sent_ns_.has_value(); }
    [[nodiscard]] bool is_on() const { return on_; } // as it was said last

private:
    control() = default;
    void send(bool on, std::uint64_t now_ns);
    void hear(std::uint64_t now_ns);
    void fail(outcome how);

    host::descriptor commands_; // both ends are ours, too: without a perf nothing would come or block
    host::descriptor answers_;
    std::optional<std::uint64_t> sent_ns_; // when the one was sent whose answer is waited for
    bool is_written_ = false;              // into the fifo
    bool on_ = false;
    outcome last_ = outcome::none;
    bool again_ = false; // what is said next was said, and came to nothing
    counts counts_;
};

} // namespace irqscope::perf

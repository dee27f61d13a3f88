// SPDX-License-Identifier: BSD-2-Clause
// Waiting for a point in time, for data and for the user's Ctrl-C, whichever comes first.
#pragma once

#include "host/descriptor.hpp"
#include "result.hpp"

#include <csignal>
#include <cstdint>
#include <optional>
#include <vector>

namespace irqscope::cli {

// The moment so long after the start; without a length, or beyond what the clock can count, never (the largest number).
std::uint64_t after(std::uint64_t start_ns, std::optional<std::uint64_t> length_ns);

// Signals that are taken here: they no longer end the process, and not those of its threads that are started later.
class signals {
public:
    // SIGINT, SIGTERM and SIGHUP (where it is not ignored); SIGPIPE is ignored. Fails: failed.
    static result<signals> that_end();
    static result<signals> of(int number);

    [[nodiscard]] int descriptor() const { return descriptor_.get(); } // readable when one has come
    // Whether one has come since the last call.
    [[nodiscard]] bool came() const;

private:
    explicit signals(host::descriptor from) : descriptor_(std::move(from)) {}
    static result<signals> take_over(const sigset_t& those);
    host::descriptor descriptor_;
};

// Whether what is written there reaches nobody any more: a pipe or socket whose other end is closed.
bool has_no_reader(int descriptor);

class waiter {
public:
    // written_to: one that is written to. What cannot lose its reader, a file say, is left out.
    static result<waiter> make(const std::vector<int>& descriptors, int written_to);

    // Until until_ns (CLOCK_MONOTONIC), a minute at most, or until one of the descriptors is readable or has_no_reader()
    // holds for the one that is written to: then true.
    [[nodiscard]] bool wait(std::uint64_t until_ns) const;

private:
    explicit waiter(host::descriptor from) : epoll_(std::move(from)) {}
    host::descriptor epoll_;
};

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
// Waiting for a point in time, for data and for the user's Ctrl-C, whichever comes first.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace irqscope::cli {

// The moment so long after the start; without a length, or beyond what the clock can count, never (the largest number).
std::uint64_t after(std::uint64_t start_ns, std::optional<std::uint64_t> length_ns);

class waiter {
public:
    // From here on SIGINT and SIGTERM do not end the process but show in stopped(); SIGPIPE is ignored.
    static result<waiter> make(const std::vector<int>& descriptors);

    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    waiter(waiter&& other) noexcept;
    waiter& operator=(waiter&& other) noexcept;
    ~waiter();

    // Until one of the descriptors is readable, a signal has come or until_ns (CLOCK_MONOTONIC) is reached.
    void wait(std::uint64_t until_ns);
    [[nodiscard]] bool stopped() const { return stopped_; }

private:
    waiter() = default;
    int epoll_ = -1;
    int signals_ = -1;
    bool stopped_ = false;
};

} // namespace irqscope::cli

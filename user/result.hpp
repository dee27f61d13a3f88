// SPDX-License-Identifier: BSD-2-Clause
// How a failure travels: one sentence that says what is wrong and what to do, and the exit status that it means.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace irqscope {

// The documented exit statuses of the command line.
enum class exit_status {
    done = 0,
    failed = 1,
    usage = 2,
    not_possible = 3, // not on this host, or not with these rights; the message says why
    changed = 4,      // `diff` found a change, `selftest` missed something
};

struct error {
    exit_status status = exit_status::failed;
    std::string message;
};

template <typename T>
using result = tl::expected<T, error>;

inline tl::unexpected<error> failure(exit_status status, std::string message) {
    return tl::unexpected<error>(error{status, std::move(message)});
}

} // namespace irqscope

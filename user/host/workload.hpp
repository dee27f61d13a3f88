// SPDX-License-Identifier: BSD-2-Clause
// A command of the user's, run beside a measurement: with the user's own rights, and from the moment on that the measurement is
// there.
#pragma once

#include "host/descriptor.hpp"
#include "result.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace irqscope::host {

class workload {
public:
    // A process that waits for go(), before this one gives anything up. command: not empty. Fails: failed.
    static result<workload> prepare(const std::vector<std::string>& command);

    workload(const workload&) = delete;
    workload& operator=(const workload&) = delete;
    workload(workload&& other) noexcept;
    workload& operator=(workload&&) = delete;
    ~workload(); // SIGTERM if it has not ended, and no more: it may clean up

    // Fails (failed) with the system's reason why the command cannot be run.
    result<void> go();

    [[nodiscard]] int descriptor() const { return pidfd_.get(); } // readable when it has ended
    // Its exit status, or 128 + the signal; nothing: it has not ended.
    std::optional<int> status();

private:
    workload() = default;
    std::string name_;
    pid_t id_ = -1;
    std::optional<int> status_;
    class descriptor pidfd_;
    class descriptor gate_;   // what is written there opens it
    class descriptor failed_; // errno of an exec that failed
};

} // namespace irqscope::host

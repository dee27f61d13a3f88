// SPDX-License-Identifier: BSD-2-Clause
// What this process may do, and giving it up.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace irqscope::probe {

// Capability numbers of include/uapi/linux/capability.h; CAP_PERFMON and CAP_BPF are from 5.8.
enum class capability : unsigned { sys_admin = 21, syslog = 34, perfmon = 38, bpf = 39 };

class rights {
public:
    // The effective set of /proc/self/status (CapEff).
    static result<rights> read();

    [[nodiscard]] bool has(capability which) const;
    // Load tracing programs: CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN.
    [[nodiscard]] bool may_trace() const;

private:
    std::uint64_t effective_ = 0;
};

// Fails (not_possible) without the right to trace.
result<void> require_rights();

// Gives up every capability but the two that reading BPF maps needs where unprivileged BPF is off (before 5.19 even
// with an open descriptor), and the way back to them by an exec. Fails (failed) with the system's reason.
result<void> drop_rights();

} // namespace irqscope::probe

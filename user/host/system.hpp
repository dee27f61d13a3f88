// SPDX-License-Identifier: BSD-2-Clause
// The machine and its kernel, as the kernel tells them to anybody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace irqscope::host {

struct system {
    std::string host;    // uname -n
    std::string kernel;  // uname -r
    std::string machine; // uname -m
    bool preempt_rt = false;
    std::optional<std::string> lockdown; // "none", "integrity", "confidentiality"; nothing: no lockdown LSM
    std::optional<int> kptr_restrict;
    std::optional<int> unprivileged_bpf_disabled;
};

system read_system();

// CLOCK_MONOTONIC: the clock of bpf_ktime_get_ns() and of `perf record -k mono`.
std::uint64_t monotonic_ns();

// CLOCK_BOOTTIME less CLOCK_MONOTONIC: it grows when the machine is suspended.
std::uint64_t boot_offset_ns();

} // namespace irqscope::host

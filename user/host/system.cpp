// SPDX-License-Identifier: BSD-2-Clause
#include "host/system.hpp"

#include "host/files.hpp"

#include <ctime>
#include <string_view>
#include <sys/utsname.h>

namespace irqscope::host {

namespace {

// "none [integrity] confidentiality": the one in brackets (security/lockdown/lockdown.c).
std::optional<std::string> read_lockdown() {
    const auto text = read_line("/sys/kernel/security/lockdown");
    if (!text) return std::nullopt;
    const std::size_t start = text->find('[');
    const std::size_t end = text->find(']');
    if (start == std::string::npos || end == std::string::npos || end < start) return std::nullopt;
    return text->substr(start + 1, end - start - 1);
}

} // namespace

system read_system() {
    system found;
    utsname names{};
    if (uname(&names) == 0) {
        found.host = static_cast<const char*>(names.nodename);
        found.kernel = static_cast<const char*>(names.release);
        found.machine = static_cast<const char*>(names.machine);
        found.preempt_rt =
            std::string_view(static_cast<const char*>(names.version)).find("PREEMPT_RT") != std::string_view::npos;
    }
    found.lockdown = read_lockdown();
    found.kptr_restrict = read_number("/proc/sys/kernel/kptr_restrict");
    found.unprivileged_bpf_disabled = read_number("/proc/sys/kernel/unprivileged_bpf_disabled");
    return found;
}

namespace {

std::uint64_t now_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000ULL + static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace

std::uint64_t monotonic_ns() { return now_of(CLOCK_MONOTONIC); }

std::uint64_t boot_offset_ns() {
    const std::uint64_t before = monotonic_ns();
    const std::uint64_t boot = now_of(CLOCK_BOOTTIME);
    return boot - before;
}

} // namespace irqscope::host

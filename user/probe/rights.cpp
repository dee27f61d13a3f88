// SPDX-License-Identifier: BSD-2-Clause
#include "probe/rights.hpp"

#include "host/files.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace irqscope::probe {

namespace {

constexpr std::uint64_t bit(capability which) { return std::uint64_t{1} << static_cast<unsigned>(which); }

} // namespace

result<rights> rights::read() {
    const auto text = host::read_file("/proc/self/status");
    if (!text) return tl::unexpected(text.error());
    constexpr std::string_view label = "CapEff:\t";
    const std::size_t at = text->find(label);
    rights mine;
    if (at == std::string::npos) return failure(exit_status::failed, "/proc/self/status has no line CapEff");
    const char* start = text->data() + at + label.size();
    if (std::from_chars(start, text->data() + text->size(), mine.effective_, 16).ec != std::errc{})
        return failure(exit_status::failed, "/proc/self/status: CapEff is no number");
    return mine;
}

bool rights::has(capability which) const { return (effective_ & bit(which)) != 0; }

bool rights::may_trace() const {
    return has(capability::sys_admin) || (has(capability::bpf) && has(capability::perfmon));
}

result<void> require_rights() {
    const auto mine = rights::read();
    if (!mine) return tl::unexpected(mine.error());
    if (mine->may_trace()) return {};
    return failure(exit_status::not_possible, "tracing needs root, or CAP_BPF and CAP_PERFMON: run it with sudo "
                                              "(`irqscope doctor` works without, and says what is missing)");
}

result<void> drop_rights() {
    const auto mine = rights::read();
    if (!mine) return tl::unexpected(mine.error());
    std::uint64_t keep = 0;
    for (const capability which : {capability::bpf, capability::perfmon})
        if (mine->has(which)) keep |= bit(which);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    for (std::size_t half = 0; half < data.size(); half++) {
        const auto part = static_cast<std::uint32_t>(keep >> (32 * half));
        data.at(half) = {part, part, 0};
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capset, &header, data.data()) != 0)
        return failure(exit_status::failed, fmt::format("cannot give up privileges: {}", std::strerror(errno)));
    return {};
}

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
// Raw kernel stacks as a reader wants them: functions, and without the probe's own part.
#pragma once

#include "symbols/source.hpp"
#include "symbols/symbol_table.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace irqscope::symbols {

enum class strip {
    // For a program in an interrupt, of which only the interrupted kernel context is of interest: all up to and
    // including the entry of the innermost interrupt. Nothing is left when it hit user space. Where there is no such
    // entry (the CPU's stacks were not walked to it), only the probe's frames go.
    interrupt,
    // For a program at a tracepoint: the probe's frames (BPF programs, what calls them, the tracepoint's), and the
    // softirq loop itself, which says no more than the kind of the event does.
    tracepoint,
};

// Addresses as bpf_get_stack gives them, innermost first; a 0 ends them. Each frame is "function+0x12",
// "function+0x12 [module]" or a bare address.
std::vector<std::string> frames_of(std::span<const std::uint64_t> addresses, const symbol_table& symbols, strip how);
// The same by the best table that there is for the frames that are left. seen_ns: when the stack was taken.
std::vector<std::string> frames_of(std::span<const std::uint64_t> addresses, std::uint64_t seen_ns, source& symbols,
                                   strip how);

} // namespace irqscope::symbols

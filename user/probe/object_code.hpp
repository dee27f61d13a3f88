// SPDX-License-Identifier: BSD-2-Clause
// The code of a BPF object, before libbpf sees it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace irqscope::probe {

inline constexpr std::int32_t trace_printk_helper = 6; // BPF_FUNC_trace_printk, include/uapi/linux/bpf.h

// A copy of the object (an ELF file) in which each call of that helper fails without one. For a helper that does something merely
// because a program has it: the kernel enables its event bpf_trace:bpf_trace_printk for each program that is loaded with a call
// of it, whether that is ever reached or not (kernel/bpf/verifier.c, mark_fastcall_pattern_for_call(); 6.12 and later).
std::vector<std::uint8_t> without_calls(std::span<const std::uint8_t> object, std::int32_t helper);

} // namespace irqscope::probe

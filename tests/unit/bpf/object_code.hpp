// SPDX-License-Identifier: BSD-2-Clause
// The instructions of a BPF object, function by function, and whether an old kernel knows them.
#pragma once

#include <linux/bpf.h>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace irqscope::object {

struct function {
    std::string section;
    std::string name;
    std::vector<bpf_insn> instructions;
};

// Every function of every executable section: programs, and what they call (.text), which libbpf's
// bpf_program__insns() shows only once the object is loaded. As the kernel would get them: where a relocation makes an
// instruction a pointer to a function or a call of a kernel function, src_reg says so already. Throws
// std::runtime_error when the file is no BPF object, or holds instructions that are in no function.
std::vector<function> read_functions(const std::string& path);

// What kernel 5.10 does not know in these instructions, a few words each; empty: it knows them all.
std::set<std::string> newer_than_5_10(std::span<const bpf_insn> instructions);

} // namespace irqscope::object

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/object_code.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <elf.h>
#include <linux/bpf.h>

namespace irqscope::probe {

namespace {

constexpr std::uint8_t load_immediate_64 = BPF_LD | BPF_DW; // and BPF_IMM, which is 0 as BPF_LD is

template <typename T>
T read_at(std::span<const std::uint8_t> from, std::size_t offset) {
    T value{};
    if (offset <= from.size() && sizeof(T) <= from.size() - offset)
        std::memcpy(&value, from.data() + offset, sizeof(T));
    return value;
}

} // namespace

std::vector<std::uint8_t> without_calls(std::span<const std::uint8_t> object, std::int32_t helper) {
    std::vector<std::uint8_t> made(object.begin(), object.end());
    const auto head = read_at<Elf64_Ehdr>(object, 0);
    bpf_insn failure{}; // r0 = -1
    failure.code = BPF_ALU64 | BPF_MOV | BPF_K;
    failure.imm = -1;
    for (std::size_t i = 0; i < head.e_shnum; i++) {
        const auto section = read_at<Elf64_Shdr>(object, head.e_shoff + i * sizeof(Elf64_Shdr));
        if (section.sh_type != SHT_PROGBITS || (section.sh_flags & SHF_EXECINSTR) == 0) continue;
        const std::size_t end = std::min<std::size_t>(section.sh_offset + section.sh_size, made.size());
        for (std::size_t at = section.sh_offset; at + sizeof(bpf_insn) <= end; at += sizeof(bpf_insn)) {
            const auto one = read_at<bpf_insn>(made, at);
            if (one.code == load_immediate_64) { // two places long
                at += sizeof(bpf_insn);
                continue;
            }
            if (one.code == (BPF_JMP | BPF_CALL) && one.src_reg == 0 && one.imm == helper)
                std::memcpy(made.data() + at, &failure, sizeof(failure));
        }
    }
    return made;
}

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
#include "model/unmasking.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace irqscope::model {

namespace {

constexpr std::uint8_t sti = 0xfb;
constexpr std::uint8_t popf = 0x9d;
constexpr std::size_t longest_instruction = 15;

using bytes = std::span<const std::uint8_t>;

// The byte so far before `at`, or nothing that means anything.
std::uint8_t before(bytes code, std::size_t at, std::size_t by) { return by <= at ? code[at - by] : 0; }

// CALL, direct or through a register or memory (opcode FF /2), by its lengths.
bool follows_call(bytes code, std::size_t at) {
    const auto is_indirect = [&](std::size_t length, std::uint8_t first, std::uint8_t last) {
        const std::uint8_t modrm = before(code, at, length - 1);
        return before(code, at, length) == 0xff && first <= modrm && modrm <= last;
    };
    return before(code, at, 5) == 0xe8 ||
           // a register, [register]; [register + 8 bits]; [rip + 32 bits], [register + 32 bits]; [32 bits]
           is_indirect(2, 0xd0, 0xd7) || is_indirect(2, 0x10, 0x17) || is_indirect(3, 0x50, 0x57) ||
           is_indirect(6, 0x15, 0x15) || is_indirect(6, 0x90, 0x97) || is_indirect(7, 0x14, 0x14);
}

// Where the jump at code[at] goes, as a position in code, which may be outside of it.
std::optional<std::int64_t> target_of_jump(bytes code, std::size_t at) {
    const auto near = [&](std::size_t opcode_bytes) -> std::optional<std::int64_t> {
        std::int32_t by = 0;
        if (at + opcode_bytes + sizeof(by) > code.size()) return std::nullopt;
        std::memcpy(&by, code.data() + at + opcode_bytes, sizeof(by));
        return static_cast<std::int64_t>(at + opcode_bytes + sizeof(by)) + by;
    };
    if (at + 1 >= code.size()) return std::nullopt;
    const std::uint8_t opcode = code[at];
    // JMP, Jcc, LOOP and JRCXZ with 8 bits
    if (opcode == 0xeb || (opcode & 0xf0U) == 0x70 || (opcode & 0xfcU) == 0xe0)
        return static_cast<std::int64_t>(at + 2) + static_cast<std::int8_t>(code[at + 1]);
    if (opcode == 0xe9 || opcode == 0xe8) return near(1);                 // JMP, CALL
    if (opcode == 0x0f && (code[at + 1] & 0xf0U) == 0x80) return near(2); // Jcc
    return std::nullopt;
}

} // namespace

bool may_follow_unmasking(std::span<const std::uint8_t> code, std::size_t at) {
    if (at > code.size() || before(code, at, 1) == popf || follows_call(code, at)) return true;
    for (std::size_t by = 1; by <= longest_instruction + 1; by++)
        if (before(code, at, by) == sti) return true;
    for (std::size_t i = 0; i + 1 < code.size(); i++)
        if (code[i] == sti && target_of_jump(code, i + 1) == static_cast<std::int64_t>(at)) return true;
    return false;
}

} // namespace irqscope::model

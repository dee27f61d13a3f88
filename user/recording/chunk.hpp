// SPDX-License-Identifier: BSD-2-Clause
// The frame of a recording (docs/FORMAT.md): what stands at its start, and before each of its chunks. Little-endian, whatever
// the machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace irqscope::recording {

using bytes = std::span<const std::uint8_t>;

inline bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()),
            text.size()}; // NOLINT(*-reinterpret-cast): text in a file
}

inline constexpr std::uint32_t format_version = 1;

// Numbers in files: append-only.
enum class chunk_kind : std::uint16_t {
    header = 1,   // JSON: whose recording it is
    series = 2,   // JSON lines: what the numbers in spans stand for
    spans = 3,    // rows (recording/rows.hpp), of one CPU
    stalls = 4,   // JSON lines, irqscope.stall/1
    interval = 5, // JSON, irqscope.hist/1: what was lost, what was covered and what it cost, in that time
    untold = 6,   // JSON: what was set aside, and what the rate limit held back, since the start
    index = 7,    // where each chunk before it stands
    end = 8,      // where the index stands; nothing comes after it
};

std::string_view name_of(chunk_kind kind); // "spans", ..; "?" for one that this version does not know

enum class packing : std::uint16_t { none = 0, zstd = 1 };

struct chunk_head {
    chunk_kind kind = chunk_kind::header;
    packing packed = packing::none;
    std::uint32_t stored_bytes = 0; // that follow the head
    std::uint32_t bytes = 0;        // unpacked
    std::uint64_t sequence = 0;     // in a file 0, 1, 2, ..
    std::uint64_t first_ns = 0;     // CLOCK_MONOTONIC: the time that it tells of; 0, 0: of none
    std::uint64_t last_ns = 0;
    std::uint32_t cpu = no_cpu;
    std::uint32_t records = 0; // spans, lines, entries
    std::uint32_t crc = 0;     // of what is stored

    static constexpr std::uint32_t no_cpu = UINT32_MAX;
};

inline constexpr std::size_t start_size = 16;
inline constexpr std::size_t head_size = 64;
inline constexpr std::uint32_t most_chunk_bytes = 16U << 20; // no chunk is larger, packed or not

std::array<std::uint8_t, start_size> encode_start();
enum class start_state { good, foreign, damaged, newer };
start_state check_start(bytes from); // fewer bytes than start_size: foreign

std::array<std::uint8_t, head_size> encode(const chunk_head& head);
// Nothing: these bytes are no head, or a damaged one. Kinds that are not known are heads, too.
std::optional<chunk_head> decode_head(bytes from);

std::uint32_t crc_of(bytes from); // CRC-32 of ISO 3309, zlib's

// Little-endian numbers; `to` and `from` hold sizeof(T) bytes.
template <typename T>
void put(std::uint8_t* to, T value) {
    for (std::size_t i = 0; i < sizeof(T); i++) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
template <typename T>
T get(const std::uint8_t* from) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); i++) value |= static_cast<T>(static_cast<T>(from[i]) << (8 * i));
    return value;
}

} // namespace irqscope::recording

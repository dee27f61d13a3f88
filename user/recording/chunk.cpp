// SPDX-License-Identifier: BSD-2-Clause
#include "recording/chunk.hpp"

#include <algorithm>
#include <zlib.h>

namespace irqscope::recording {

namespace {

constexpr std::string_view file_magic = "irqscope";
constexpr std::uint32_t chunk_magic = 0x6b637169; // "iqck"

// Where each field of a head stands.
enum head_field : std::uint8_t {
    at_magic = 0,
    at_kind = 4,
    at_packed = 6,
    at_stored_bytes = 8,
    at_bytes = 12,
    at_sequence = 16,
    at_first_ns = 24,
    at_last_ns = 32,
    at_cpu = 40,
    at_records = 44,
    at_zero = 48, // 8 bytes, for what is to come
    at_crc = 56,
    at_head_crc = 60,
};

enum start_field : std::uint8_t { at_file_magic = 0, at_version = 8, at_start_crc = 12 };

} // namespace

std::string_view name_of(chunk_kind kind) {
    switch (kind) {
    case chunk_kind::header: return "header";
    case chunk_kind::series: return "series";
    case chunk_kind::spans: return "spans";
    case chunk_kind::stalls: return "stalls";
    case chunk_kind::interval: return "interval";
    case chunk_kind::untold: return "untold";
    case chunk_kind::index: return "index";
    case chunk_kind::end: return "end";
    }
    return "?";
}

std::uint32_t crc_of(bytes from) {
    return static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), from.data(), from.size()));
}

std::array<std::uint8_t, start_size> encode_start() {
    std::array<std::uint8_t, start_size> made{};
    std::copy(file_magic.begin(), file_magic.end(), made.begin());
    put(&made[at_version], format_version);
    put(&made[at_start_crc], crc_of(bytes(made).first(at_start_crc)));
    return made;
}

start_state check_start(bytes from) {
    if (from.size() < start_size || !std::equal(file_magic.begin(), file_magic.end(), from.begin()))
        return start_state::foreign;
    if (get<std::uint32_t>(&from[at_start_crc]) != crc_of(from.first(at_start_crc))) return start_state::damaged;
    return get<std::uint32_t>(&from[at_version]) == format_version ? start_state::good : start_state::newer;
}

std::array<std::uint8_t, head_size> encode(const chunk_head& head) {
    std::array<std::uint8_t, head_size> made{};
    put(&made[at_magic], chunk_magic);
    put(&made[at_kind], static_cast<std::uint16_t>(head.kind));
    put(&made[at_packed], static_cast<std::uint16_t>(head.packed));
    put(&made[at_stored_bytes], head.stored_bytes);
    put(&made[at_bytes], head.bytes);
    put(&made[at_sequence], head.sequence);
    put(&made[at_first_ns], head.first_ns);
    put(&made[at_last_ns], head.last_ns);
    put(&made[at_cpu], head.cpu);
    put(&made[at_records], head.records);
    put(&made[at_crc], head.crc);
    put(&made[at_head_crc], crc_of(bytes(made).first(at_head_crc)));
    return made;
}

std::optional<chunk_head> decode_head(bytes from) {
    if (from.size() < head_size || get<std::uint32_t>(&from[at_magic]) != chunk_magic ||
        get<std::uint32_t>(&from[at_head_crc]) != crc_of(from.first(at_head_crc)))
        return std::nullopt;
    chunk_head head;
    head.kind = static_cast<chunk_kind>(get<std::uint16_t>(&from[at_kind]));
    head.packed = static_cast<packing>(get<std::uint16_t>(&from[at_packed]));
    head.stored_bytes = get<std::uint32_t>(&from[at_stored_bytes]);
    head.bytes = get<std::uint32_t>(&from[at_bytes]);
    head.sequence = get<std::uint64_t>(&from[at_sequence]);
    head.first_ns = get<std::uint64_t>(&from[at_first_ns]);
    head.last_ns = get<std::uint64_t>(&from[at_last_ns]);
    head.cpu = get<std::uint32_t>(&from[at_cpu]);
    head.records = get<std::uint32_t>(&from[at_records]);
    head.crc = get<std::uint32_t>(&from[at_crc]);
    if (head.stored_bytes > most_chunk_bytes || head.bytes > most_chunk_bytes) return std::nullopt;
    return head;
}

} // namespace irqscope::recording

// SPDX-License-Identifier: BSD-2-Clause
// The records of a perf.data, byte by byte. Layout: include/uapi/linux/perf_event.h (perf_event_attr, enum perf_event_type) and
// tools/perf/Documentation/perf.data-file-format.txt, as of Linux 6.1; numbers are little-endian.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace irqscope::exporting::perf_records {

// Each event has one id, its number + 1: perf's sample_id and IDENTIFIER.
constexpr std::uint64_t id_of(std::size_t event) { return event + 1; }

// perf_event_attr of 128 bytes, the same for every event: PERF_COUNT_SW_BPF_OUTPUT by CLOCK_MONOTONIC.
std::string attr();
inline constexpr std::size_t attr_size = 128;

// A kernel function that perf is to know without any kernel's symbols: [address, address + length). PERF_RECORD_KSYMBOL: Linux
// 5.1 and later read it.
std::string function(std::uint64_t address, std::uint32_t length, std::string_view name, std::uint64_t time_ns);
// The kernel as such; what is in it perf would look up on the machine on which it runs.
std::string kernel_map(std::uint64_t address, std::uint64_t length, std::uint64_t time_ns);
std::string comm(int pid, std::string_view name, std::uint64_t time_ns);

struct sample {
    std::size_t event = 0;
    std::uint64_t time_ns = 0; // CLOCK_MONOTONIC
    int pid = 0;
    int cpu = 0;
    std::uint64_t period = 0;
    std::span<const std::uint64_t> chain; // kernel addresses, innermost first, at least one
    std::string_view text;                // its raw data
};
std::string record(const sample& from);

// Only where perf reads from a pipe: what the file has in its sections.
std::string piped_attr(std::size_t event);
std::string piped_name(std::size_t event, std::string_view name);
std::string piped_feature(unsigned which, std::string_view content);

// Contents of features; their numbers are HEADER_* of tools/perf/util/header.h.
enum feature : unsigned {
    hostname = 3,
    kernel_release = 4,
    version = 5,
    architecture = 6,
    cpu_count = 7,
    cpu_description = 8,
    cpu_id = 9,
    event_names = 12,
    sample_time = 21,
    clock_id = 23,
    clock_data = 29
};
inline constexpr unsigned feature_bits = 256;
std::string text_feature(std::string_view text);
std::string cpu_count_feature(std::uint32_t count);
std::string event_names_feature(std::span<const std::string> names);
std::string sample_time_feature(std::uint64_t first_ns, std::uint64_t last_ns);
std::string clock_id_feature();
std::string clock_data_feature(std::uint64_t realtime_ns, std::uint64_t monotonic_ns);

// Both starts of a file.
inline constexpr std::size_t file_header_size = 104;
struct sections {
    std::uint64_t attrs_at = 0;
    std::uint64_t attrs_size = 0;
    std::uint64_t data_at = 0;
    std::uint64_t data_size = 0;
};
std::string file_header(const sections& where, std::span<const unsigned> features);
std::string piped_header();
std::string number(std::uint64_t value); // eight bytes

} // namespace irqscope::exporting::perf_records

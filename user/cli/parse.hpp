// SPDX-License-Identifier: BSD-2-Clause
// Option values: times and sizes with units.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace irqscope::cli {

// "10ms", "1.5s", "500us", "2m"; a bare number is seconds. Nanoseconds, more than 0. Fails: usage.
result<std::uint64_t> parse_duration(std::string_view option, std::string_view text);

// The same for a threshold, for which a bare number says too little and is refused.
result<std::uint64_t> parse_threshold(std::string_view option, std::string_view text);

// "64K", "1M", a bare number is bytes: a power of two from 4096 up to 1 GiB. Fails: usage.
result<std::uint32_t> parse_ring_size(std::string_view option, std::string_view text);

// "100M", "4G", a bare number is bytes: 4 MiB or more. Fails: usage.
result<std::uint64_t> parse_file_size(std::string_view option, std::string_view text);

// A heartbeat's period: 100us to 100ms. Fails: usage.
result<std::uint64_t> parse_beat(std::string_view option, std::string_view text);

// "A,B": from when until when, in ns of CLOCK_MONOTONIC. Each is seconds of that clock ("1234.5"), or with a + a time since
// start_ns ("+5s"; a bare number is seconds); left out: from the start, until the end. Fails: usage.
result<std::pair<std::uint64_t, std::uint64_t>> parse_window(std::string_view option, std::string_view text,
                                                             std::uint64_t start_ns);

// CPUs that are online. Fails: usage; failed if the kernel does not tell which are.
result<std::vector<int>> parse_cpus(std::string_view option, std::string_view text);

// The words of a command line: separated by blanks, which '', "" and \ keep, and otherwise with no meaning of a shell's. Fails:
// usage.
result<std::vector<std::string>> parse_command(std::string_view option, std::string_view text);

} // namespace irqscope::cli

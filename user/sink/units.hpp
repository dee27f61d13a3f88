// SPDX-License-Identifier: BSD-2-Clause
// Numbers as people read them: three significant digits and a unit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace irqscope::sink {

std::string format_ns(std::uint64_t ns);       // "865 ns", "3.10 us", "21.4 ms", "1.20 s"
std::string format_rate(double per_second);    // "0.2", "17", "248.2k", "1.3M"
std::string format_count(std::uint64_t count); // "2,481,902"
std::string format_bytes(std::uint64_t bytes); // "12.3 MiB"
std::string format_share(double share);        // of 1: "0.3 %"

std::string format_local(std::chrono::system_clock::time_point time);   // "2025-05-08 13:05:11 +0800"
std::string format_rfc3339(std::chrono::system_clock::time_point time); // "2025-05-08T05:05:11.123456Z"

} // namespace irqscope::sink

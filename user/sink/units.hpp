// SPDX-License-Identifier: BSD-2-Clause
// Numbers as people read them: three significant digits and a unit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace irqscope::sink {

std::string format_ns(std::uint64_t ns);       // "865 ns", "3.10 us", "21.4 ms", "1.20 s"
std::string format_setting(std::uint64_t ns);  // as it was given, with all its digits: "1 ms", "1.5 ms", "500 us"
std::string format_rate(double per_second);    // "0.2", "17", "248.2k", "1.3M"
std::string format_count(std::uint64_t count); // "2,481,902"
std::string format_bytes(std::uint64_t bytes); // "12.3 MiB"
std::string format_share(double share);        // of 1: "0.3 %"

// A length that lies in [at_least, less_than), in one unit and with digits enough to tell the two apart:
// "4.21 .. 5.21 ms". The lower end is rounded down and the upper one up.
std::string format_range(std::uint64_t at_least_ns, std::uint64_t less_than_ns);

std::string format_clock(std::chrono::system_clock::time_point time);   // local: "13:05:11.123"
std::string format_local(std::chrono::system_clock::time_point time);   // "2025-05-08 13:05:11 +0800"
std::string format_rfc3339(std::chrono::system_clock::time_point time); // "2025-05-08T05:05:11.123456Z"

} // namespace irqscope::sink

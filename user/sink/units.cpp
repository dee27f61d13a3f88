// SPDX-License-Identifier: BSD-2-Clause
#include "sink/units.hpp"

#include <array>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace irqscope::sink {

namespace {

// Three significant digits in the first unit in which the value stays below 999.5, or in the last.
template <std::size_t n>
std::string scaled(double value, double step, const std::array<const char*, n>& units) {
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < n) {
        value /= step;
        unit++;
    }
    const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, digits, units.at(unit));
}

} // namespace

std::string format_ns(std::uint64_t ns) {
    if (ns < 1000) return fmt::format("{} ns", ns);
    return scaled(static_cast<double>(ns) / 1e3, 1e3, std::array{"us", "ms", "s"});
}

std::string format_rate(double per_second) {
    if (per_second < 9.95) return fmt::format("{:.1f}", per_second);
    if (per_second < 9999.5) return fmt::format("{:.0f}", per_second);
    if (per_second < 999950) return fmt::format("{:.1f}k", per_second / 1e3);
    return fmt::format("{:.1f}M", per_second / 1e6);
}

std::string format_count(std::uint64_t count) {
    const std::string digits = fmt::format("{}", count);
    std::string grouped;
    for (std::size_t i = 0; i < digits.size(); i++) {
        if (i != 0 && (digits.size() - i) % 3 == 0) grouped += ',';
        grouped += digits[i];
    }
    return grouped;
}

std::string format_bytes(std::uint64_t bytes) {
    if (bytes < 1024) return fmt::format("{} B", bytes);
    return scaled(static_cast<double>(bytes) / 1024, 1024, std::array{"KiB", "MiB", "GiB"});
}

std::string format_share(double share) {
    const int digits = share < 0.0995 ? 2 : share < 9.995 ? 1 : 0;
    return fmt::format("{:.{}f} %", share * 100, digits);
}

std::string format_local(std::chrono::system_clock::time_point time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S %z}", fmt::localtime(std::chrono::system_clock::to_time_t(time)));
}

std::string format_rfc3339(std::chrono::system_clock::time_point time) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                       us % 1'000'000);
}

} // namespace irqscope::sink

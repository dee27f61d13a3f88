// SPDX-License-Identifier: BSD-2-Clause
#include "sink/units.hpp"

#include <algorithm>
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

struct time_unit {
    std::uint64_t ns;
    int digits; // behind the point, to the nanosecond
    const char* name;
};
constexpr std::array time_units{time_unit{1, 0, "ns"}, time_unit{1'000, 3, "us"}, time_unit{1'000'000, 6, "ms"},
                                time_unit{1'000'000'000, 9, "s"}};

// The largest of which ns holds one.
time_unit unit_of(std::uint64_t ns) {
    time_unit unit = time_units.front();
    for (const time_unit& one : time_units)
        if (ns >= one.ns) unit = one;
    return unit;
}

std::uint64_t power_of_ten(int exponent) { return exponent <= 0 ? 1 : 10 * power_of_ten(exponent - 1); }

// Steps of 10^-digits, as a number.
std::string decimal(std::uint64_t steps, int digits) {
    if (digits == 0) return fmt::format("{}", steps);
    const std::uint64_t one = power_of_ten(digits);
    return fmt::format("{}.{:0{}}", steps / one, steps % one, digits);
}

} // namespace

std::string format_ns(std::uint64_t ns) {
    if (ns < 1000) return fmt::format("{} ns", ns);
    return scaled(static_cast<double>(ns) / 1e3, 1e3, std::array{"us", "ms", "s"});
}

std::string format_setting(std::uint64_t ns) {
    const time_unit unit = unit_of(ns);
    std::string number = decimal(ns, unit.digits);
    if (unit.digits != 0) {
        number.erase(number.find_last_not_of('0') + 1);
        if (number.back() == '.') number.pop_back();
    }
    return fmt::format("{} {}", number, unit.name);
}

std::string format_range(std::uint64_t at_least_ns, std::uint64_t less_than_ns) {
    const time_unit unit = unit_of(less_than_ns);
    const std::uint64_t width = less_than_ns > at_least_ns ? less_than_ns - at_least_ns : 0;
    int digits = std::min(less_than_ns < 10 * unit.ns ? 2 : 1, unit.digits);
    while (digits < unit.digits && unit.ns / power_of_ten(digits) > width) digits++;
    const std::uint64_t step = unit.ns / power_of_ten(digits);
    return fmt::format("{} .. {} {}", decimal(at_least_ns / step, digits),
                       decimal(less_than_ns / step + (less_than_ns % step != 0 ? 1 : 0), digits), unit.name);
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

std::string format_clock(std::chrono::system_clock::time_point time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
    return fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(std::chrono::system_clock::to_time_t(whole)), ms);
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

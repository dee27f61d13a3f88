// SPDX-License-Identifier: BSD-2-Clause
#include "host/cpus.hpp"

#include "host/files.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <iterator>
#include <optional>

namespace irqscope::host {

namespace {

constexpr int max_cpu = 65535;

// A number at the front of `text`, which it is taken from.
std::optional<int> take_number(std::string_view& text) {
    int number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || number < 0 || number > max_cpu) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

result<std::vector<int>> read_cpus(const std::string& path) {
    const auto text = read_file(path);
    if (!text) return tl::unexpected(text.error());
    return parse_cpu_list(*text);
}

} // namespace

result<std::vector<int>> parse_cpu_list(std::string_view text) {
    const auto bad = [whole = std::string(text)] {
        return failure(exit_status::usage, fmt::format("'{}' is no list of CPUs; write them like 0-3,8", whole));
    };
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    std::vector<int> cpus;
    while (true) {
        const auto first = take_number(text);
        if (!first) return bad();
        auto last = first;
        if (text.starts_with('-')) {
            text.remove_prefix(1);
            last = take_number(text);
            if (!last || *last < *first) return bad();
        }
        for (int cpu = *first; cpu <= *last; cpu++) cpus.push_back(cpu);
        if (text.empty()) break;
        if (!text.starts_with(',')) return bad();
        text.remove_prefix(1);
    }
    std::sort(cpus.begin(), cpus.end());
    cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
    return cpus;
}

std::string format_cpu_list(const std::vector<int>& cpus) {
    std::string text;
    for (std::size_t i = 0; i < cpus.size();) {
        std::size_t last = i;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) last++;
        text += fmt::format("{}{}", text.empty() ? "" : ",", cpus[i]);
        if (last > i) text += fmt::format("-{}", cpus[last]);
        i = last + 1;
    }
    return text;
}

result<std::vector<int>> online_cpus() { return read_cpus("/sys/devices/system/cpu/online"); }
result<std::vector<int>> possible_cpus() { return read_cpus("/sys/devices/system/cpu/possible"); }

std::vector<int> difference(const std::vector<int>& from, const std::vector<int>& what) {
    std::vector<int> left;
    std::set_difference(from.begin(), from.end(), what.begin(), what.end(), std::back_inserter(left));
    return left;
}

std::vector<int> intersection(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<int> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

std::vector<int> isolated_cpus() {
    std::vector<int> all;
    for (const char* name : {"isolated", "nohz_full"}) {
        const auto cpus = read_cpus(fmt::format("/sys/devices/system/cpu/{}", name));
        if (cpus) all.insert(all.end(), cpus->begin(), cpus->end()); // "" and "(null)" are no lists
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

} // namespace irqscope::host

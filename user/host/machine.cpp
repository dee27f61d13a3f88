// SPDX-License-Identifier: BSD-2-Clause
#include "host/machine.hpp"

#include "host/cpus.hpp"
#include "host/files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <system_error>

namespace irqscope::host {

namespace {

namespace fs = std::filesystem;

template <typename T>
std::optional<T> number_in(std::string_view text) {
    T value{};
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

std::string line_of(const std::string& path) { return read_line(path).value_or(""); }

int number_of(const std::string& path) { return number_in<int>(line_of(path)).value_or(-1); }

// The link `node1` in the CPU's directory (drivers/base/node.c).
int node_of(const std::string& directory) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(directory, none)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with("node")) continue;
        if (const auto node = number_in<int>(std::string_view(name).substr(4))) return *node;
    }
    return -1;
}

} // namespace

std::vector<model::cpu_place> read_topology() {
    std::vector<model::cpu_place> places;
    for (const int cpu : online_cpus().value_or(std::vector<int>{})) {
        const std::string directory = fmt::format("/sys/devices/system/cpu/cpu{}", cpu);
        places.push_back({cpu, number_of(directory + "/topology/physical_package_id"),
                          number_of(directory + "/topology/core_id"), node_of(directory)});
    }
    return places;
}

std::vector<model::irq_route> read_irq_routes() {
    std::vector<model::irq_route> routes;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/proc/irq", none)) {
        const auto irq = number_in<std::uint32_t>(entry.path().filename().string());
        if (!irq) continue;
        model::irq_route one{*irq, {}, {}, {}};
        for (const auto& action : fs::directory_iterator(entry.path(), none)) // a directory each (kernel/irq/proc.c)
            if (action.is_directory(none)) one.actions.push_back(action.path().filename());
        if (one.actions.empty()) continue;
        std::sort(one.actions.begin(), one.actions.end());
        one.affinity = line_of(entry.path() / "smp_affinity_list");
        one.effective = line_of(entry.path() / "effective_affinity_list");
        routes.push_back(std::move(one));
    }
    std::sort(routes.begin(), routes.end(), [](const auto& a, const auto& b) { return a.irq < b.irq; });
    return routes;
}

} // namespace irqscope::host

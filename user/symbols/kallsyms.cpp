// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/kallsyms.hpp"

#include "host/files.hpp"

#include <algorithm>
#include <charconv>

namespace irqscope::symbols {

namespace {

constexpr std::uint64_t max_function_bytes = 64 * 1024; // beyond it the next symbol is in another section

} // namespace

std::map<std::string, function> find_functions(std::string_view kallsyms, const std::set<std::string>& wanted) {
    std::map<std::string, function> found;
    auto open = found.end();
    while (!kallsyms.empty()) {
        const std::size_t end = kallsyms.find('\n');
        const std::string_view line = kallsyms.substr(0, end);
        kallsyms.remove_prefix(end == std::string_view::npos ? kallsyms.size() : end + 1);
        // "ffffffff81369810 t __irq_exit_rcu", of a module also "\t[name]"
        std::uint64_t address = 0;
        const auto [after, failed] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
        const auto digits = static_cast<std::size_t>(after - line.data());
        if (failed != std::errc{} || line.size() < digits + 4 || line.find('\t') != std::string_view::npos) continue;
        if (open != found.end() && address > open->second.start) {
            open->second.size = static_cast<std::uint32_t>(std::min(address - open->second.start, max_function_bytes));
            open = found.end();
        }
        const char type = line[digits + 1];
        if (address == 0 || (type != 't' && type != 'T')) continue;
        std::string name(line.substr(digits + 3));
        if (wanted.contains(name)) open = found.insert_or_assign(std::move(name), function{address, 0}).first;
    }
    std::erase_if(found, [](const auto& entry) { return entry.second.size == 0; });
    return found;
}

result<std::map<std::string, function>> read_functions(const std::set<std::string>& wanted) {
    const auto text = host::read_file("/proc/kallsyms");
    if (!text) return tl::unexpected(text.error());
    return find_functions(*text, wanted);
}

} // namespace irqscope::symbols

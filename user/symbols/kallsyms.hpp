// SPDX-License-Identifier: BSD-2-Clause
// Kernel symbols from /proc/kallsyms.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace irqscope::symbols {

struct function {
    std::uint64_t start = 0;
    std::uint32_t size = 0; // to the next symbol: at least the function's own size
};

// The wanted functions of the core kernel that are in the text, which has the form of /proc/kallsyms (ascending
// addresses); those with an address of 0 (kptr_restrict, no CAP_SYSLOG) are left out.
std::map<std::string, function> find_functions(std::string_view kallsyms, const std::set<std::string>& wanted);

// The same from /proc/kallsyms. Fails (failed) if the file cannot be read.
result<std::map<std::string, function>> read_functions(const std::set<std::string>& wanted);

} // namespace irqscope::symbols

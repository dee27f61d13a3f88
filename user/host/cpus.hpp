// SPDX-License-Identifier: BSD-2-Clause
// CPU lists as the kernel writes them ("0-3,8", /sys/devices/system/cpu/online) and as users do.
#pragma once

#include "result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace irqscope::host {

// Ascending, without repetition. Fails (usage) on anything that is not a list of numbers below 65536 and ranges.
result<std::vector<int>> parse_cpu_list(std::string_view text);
std::string format_cpu_list(const std::vector<int>& cpus);

// From /sys/devices/system/cpu/{online,possible}. CPU numbers may have holes, and possible CPUs need not be online.
result<std::vector<int>> online_cpus();
result<std::vector<int>> possible_cpus();

// Of ascending lists: those of `from` that are not in `what`, and those in both.
std::vector<int> difference(const std::vector<int>& from, const std::vector<int>& what);
std::vector<int> intersection(const std::vector<int>& a, const std::vector<int>& b);

// CPUs that were taken out of the kernel's own housekeeping (isolcpus=, nohz_full=): nobody should be measured there who
// has not asked for it. From /sys/devices/system/cpu/{isolated,nohz_full}; empty where these say nothing.
std::vector<int> isolated_cpus();

} // namespace irqscope::host

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/attached.hpp"

#include "probe/rights.hpp"

#include <fmt/format.h>

namespace irqscope::cli {

result<turns> settle(probe::measurement& running, std::vector<int> calls, const std::function<void()>& before_drop) {
    if (const std::string& why = running.programs().flight_refused(); !why.empty())
        fmt::print(stderr, "irqscope: warning: no flight recorder, so nobody is named in a stall's breakdown: {}\n",
                   why);
    const std::vector<int> own = running.descriptors();
    calls.insert(calls.end(), own.begin(), own.end());
    auto when = turns::make(calls);
    if (!when) return when;
    before_drop();
    if (const auto dropped = probe::drop_rights(); !dropped)
        fmt::print(stderr, "irqscope: warning: {}\n", dropped.error().message);
    return when;
}

} // namespace irqscope::cli

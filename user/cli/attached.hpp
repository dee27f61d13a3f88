// SPDX-License-Identifier: BSD-2-Clause
// What follows once everything is attached, for every command that watches.
#pragma once

#include "cli/turns.hpp"
#include "probe/measurement.hpp"
#include "result.hpp"

#include <functional>
#include <vector>

namespace irqscope::cli {

// Takes over the signals that end the process, and gives up rights; what is missing is said on stderr. calls: more descriptors
// that call for a turn. before_drop: what still needs the rights, or threads that are to give up their own. Fails: failed.
result<turns> settle(
    probe::measurement& running, std::vector<int> calls = {}, const std::function<void()>& before_drop = [] {});

} // namespace irqscope::cli

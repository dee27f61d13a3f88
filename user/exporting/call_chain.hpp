// SPDX-License-Identifier: BSD-2-Clause
// A stall's stack as other tools show one: who held the CPU is its innermost function.
#pragma once

#include "model/stall.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace irqscope::exporting {

struct frame {
    std::string function; // "name" or "name [module]"; of a culprit that is no function, its name
    std::uint64_t offset = 0;
};

// Innermost first, never empty. An interrupt or a softirq that is to blame stands on top of what it interrupted; where there is
// neither that nor a stack, the task does.
std::vector<frame> call_chain_of(const model::stall& one);

// False: of a CPU that could not tell it itself nobody knows who runs there.
bool is_task_known(const model::stall& one);
// Its name, "swapper" of an idle one as perf has it; "?": nobody knows.
std::string task_of(const model::stall& one);

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
// The binary under test while a CPU's interrupts are held off on purpose.
#pragma once

#include "live/support.hpp"

#include <functional>
#include <string>

namespace irqscope::live {

// The command with so many holds of interrupts, of 5 ms each and on the last CPU, in its midst. meanwhile: before each, with its
// number.
outcome run_over_holds(const std::string& arguments, int holds, int pause_ms = 100,
                       const std::function<void(int)>& meanwhile = {});

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// Commands of the user's.
#pragma once

#include "result.hpp"

#include <string>

namespace irqscope::host {

// Whether execvp(3) will find it: before anything is done for its sake. Fails (failed): there is none, or it may not be run.
result<void> find_command(const std::string& command);

} // namespace irqscope::host

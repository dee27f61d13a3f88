// SPDX-License-Identifier: BSD-2-Clause
// Small files of /proc and /sys, whole.
#pragma once

#include "result.hpp"

#include <optional>
#include <string>

namespace irqscope::host {

// The whole file. Fails (failed) with the path and the system's reason.
result<std::string> read_file(const std::string& path);

// The same without its last newline; nothing if it cannot be read.
std::optional<std::string> read_line(const std::string& path);

} // namespace irqscope::host

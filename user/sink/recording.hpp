// SPDX-License-Identifier: BSD-2-Clause
// What is said of a recording as a file: whose it is, what is in it, and what of it could not be read.
#pragma once

#include "recording/replay.hpp"

#include <string>
#include <vector>

namespace irqscope::sink {

// A line each, or nothing if it is whole: for whom figures are made of it. After run().
std::vector<std::string> words_on_damage(const recording::replay& of);

bool recording_info(const recording::replay& of, bool as_json);

} // namespace irqscope::sink

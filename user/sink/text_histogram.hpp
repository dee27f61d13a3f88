// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "model/histogram.hpp"

#include <string>

namespace irqscope::sink {

// From the first bucket that holds something to the last: a line a power of two, or a line a bucket when `fine`.
std::string histogram_lines(const model::histogram& values, bool fine);

} // namespace irqscope::sink

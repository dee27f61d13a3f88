// SPDX-License-Identifier: BSD-2-Clause
// The result of `irqscope selftest`, for people and as JSON (docs/JSON.md).
#pragma once

#include "model/selftest.hpp"

#include <string>

namespace irqscope::sink {

std::string text_of(const model::selftest_report& report);
std::string json_of(const model::selftest_report& report);

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
// An object of schema irqscope.stall/1 (docs/JSON.md), read back: every field of it.
#pragma once

#include "model/stall.hpp"
#include "stream/json_fields.hpp"

#include <optional>

namespace irqscope::stream {

// Nothing: a kind that this version does not know. Of a stall that ended, end_ns is start_ns + at_least_ns. Throws
// as parse() has it.
std::optional<model::stall> stall_of(const nlohmann::json& from);

} // namespace irqscope::stream

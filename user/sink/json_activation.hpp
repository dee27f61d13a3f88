// SPDX-License-Identifier: BSD-2-Clause
// An activation of ksoftirqd in JSON (docs/JSON.md).
#pragma once

#include "model/activation.hpp"
#include "sink/json_parts.hpp"

namespace irqscope::sink {

object activation_of(const model::activation& from);

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "model/breakdown.hpp"
#include "wire.h"

#include <array>

namespace irqscope::stream {

// In the order of enum wire_class.
inline constexpr std::array<model::part, WIRE_CLASSES> class_parts{
    model::part::unexplained, model::part::hardirq, model::part::sysvec, model::part::softirq,
    model::part::ksoftirqd,   model::part::task,    model::part::idle,   model::part::steal};

} // namespace irqscope::stream

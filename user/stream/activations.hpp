// SPDX-License-Identifier: BSD-2-Clause
// Activations of ksoftirqd as the kernel side tells them, with names for the numbers.
#pragma once

#include "model/stall.hpp"
#include "stream/catalog.hpp"
#include "symbols/source.hpp"
#include "wire.h"

namespace irqscope::stream {

// decode() has found the record sound.
model::stall make_stall(const wire_activation_record& from, const catalog& names, symbols::source& symbols);

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
// Late beats that nobody's masked interrupts explain: the CPU itself was away.
#pragma once

#include "model/settling.hpp"
#include "symbols/symbol_table.hpp"
#include "wire.h"

#include <optional>

namespace irqscope::stream {

// When the CPU was away, as far as where the late beat came to says so; nothing: it says nothing of the kind. Of stalls
// without an interrupt that filled them, of kind irq_off. A beat that was held off by masked interrupts comes to the
// instruction that unmasks them. One that comes to user code, which cannot, or to kernel code that has not, was held off
// by no kernel's code.
std::optional<model::stretch> away_of(const wire_stall& from, const model::stall& one,
                                      const symbols::symbol_table& symbols);

} // namespace irqscope::stream

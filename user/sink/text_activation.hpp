// SPDX-License-Identifier: BSD-2-Clause
// An activation of ksoftirqd as text: how it went, and who is behind each part of its time.
#pragma once

#include "model/activation.hpp"
#include "model/stall.hpp"

#include <string>

namespace irqscope::sink {

// "NET_RX raised 12.0 us before it was woken; first ran after 3.10 us; .."
std::string course_of(const model::stall& one);

// Behind a part's row: the interrupts, vectors or tasks that it was; empty: nothing is known.
std::string shares_of(const model::activation& one, const model::breakdown& where, model::part which);

} // namespace irqscope::sink

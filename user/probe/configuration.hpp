// SPDX-License-Identifier: BSD-2-Clause
// What the programs are told when they are loaded: the kernel's places and what is wanted of them.
#pragma once

#include "probe/kernel.hpp"
#include "probe/session.hpp"
#include "wire.h"

#include <cstdint>

namespace irqscope::probe {

// What the session itself decides.
struct configured {
    bool soft_beats = false;
    std::uint32_t flight_spans = 0; // 0: there is no flight recorder
    std::uint64_t run_mark = 0;
};

void configure(wire_config& to, const kernel& on, const session_options& options, const configured& with);

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
// Where a context is found that had masked interrupts: just behind the instruction that unmasked them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace irqscope::model {

// Whether an interrupt that came before the x86-64 instruction at code[at] may have been waiting for the code there to
// unmask interrupts. False: it came to code that had not masked any.
//
// POPF lets it in at once, STI one instruction later (Intel SDM, volume 2, STI), which may be a jump; behind a return
// the code that was left is not in sight, so whatever follows a call may be it. A byte that only looks like one of them
// counts as well: in doubt it is true. Not covered: STI with a jump from beyond `code` (docs/STALLS.md says how many kernels
// have), and IRET from an exception's handler.
[[nodiscard]] bool may_follow_unmasking(std::span<const std::uint8_t> code, std::size_t at);

} // namespace irqscope::model

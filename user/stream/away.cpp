// SPDX-License-Identifier: BSD-2-Clause
#include "stream/away.hpp"

#include "model/unmasking.hpp"

namespace irqscope::stream {

std::optional<model::stretch> away_of(const wire_stall& from, const model::stall& one,
                                      const symbols::symbol_table& symbols) {
    if (one.kind != model::stall_kind::irq_off || one.stack_is != model::stack_kind::post_hoc) return std::nullopt;
    const model::stretch whole{one.start_ns, one.end_ns};
    if (one.stack.empty()) return whole;
    if (from.ip == 0) return std::nullopt;
    // A function's first instruction is where a call or a jump behind STI goes, from anywhere.
    const auto place = symbols.find(from.ip);
    if (!place || place->offset == 0 || model::may_follow_unmasking(from.code, WIRE_CODE / 2)) return std::nullopt;
    return whole;
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/away.hpp"

#include "model/unmasking.hpp"
#include "symbols/stack.hpp"

#include <algorithm>

namespace irqscope::stream {

std::optional<model::stretch> away_of(const wire_stall& from, const model::stall& one,
                                      const symbols::symbol_table& symbols) {
    if (one.kind != model::stall_kind::irq_off || one.stack_is == model::stack_kind::none) return std::nullopt;
    const model::stretch whole{one.start_ns, one.end_ns};
    const bool held = one.stack_is == model::stack_kind::post_hoc; // and not an interrupt before
    if (held && one.stack.empty()) return whole;
    if (from.ip == 0) return std::nullopt;
    const auto place = symbols.find(from.ip);
    if (!place) return std::nullopt;
    // A function's first instruction is where a call or a jump behind STI goes, from anywhere.
    if (held && place->offset != 0 && !model::may_follow_unmasking(from.code, WIRE_CODE / 2)) return whole;
    const bool runs = one.culprit && one.culprit->what == model::metric::softirq_run;
    if (!runs && symbols::is_softirq_loop(place->function) && from.edge_ns != 0 && from.edge_ns < from.begun_ns)
        return model::stretch{std::max<std::uint64_t>(one.start_ns, from.edge_ns), from.begun_ns};
    return std::nullopt;
}

} // namespace irqscope::stream

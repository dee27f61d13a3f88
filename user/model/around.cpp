// SPDX-License-Identifier: BSD-2-Clause
#include "model/around.hpp"

#include <algorithm>

namespace irqscope::model {

namespace {

bool comes_before(const flight_span& a, const flight_span& b) {
    if (a.start_ns != b.start_ns) return a.start_ns < b.start_ns;
    if (level_of(a.kind) != level_of(b.kind)) return level_of(a.kind) < level_of(b.kind);
    return a.end_ns > b.end_ns;
}

} // namespace

around lay_out(const flight& of, std::size_t most) {
    around made;
    made.start_ns = of.start_ns;
    made.end_ns = of.end_ns;
    made.lost = of.lost;
    std::sort(made.lost.begin(), made.lost.end(),
              [](const flight_lost& a, const flight_lost& b) { return a.from_ns < b.from_ns; });
    std::vector<flight_span> order = of.spans;
    std::sort(order.begin(), order.end(), comes_before);
    if (order.size() > 2 * most) {
        made.hidden = order.size() - 2 * most;
        made.hidden_at = most;
    }
    std::vector<flight_span> outer; // those that the next one may be in
    for (std::size_t i = 0; i < order.size(); i++) {
        const flight_span& one = order[i];
        while (!outer.empty() && outer.back().end_ns <= one.start_ns) outer.pop_back();
        if (made.hidden == 0 || i < most || i >= most + made.hidden)
            made.spans.push_back({one, static_cast<unsigned>(outer.size()), {}});
        outer.push_back(one);
    }
    return made;
}

} // namespace irqscope::model

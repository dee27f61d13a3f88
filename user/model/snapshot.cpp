// SPDX-License-Identifier: BSD-2-Clause
#include "model/snapshot.hpp"

namespace irqscope::model {

beats coverage::all_beats() const {
    beats sum;
    sum.soft = !heartbeats.empty();
    for (const auto& [cpu, one] : heartbeats) {
        sum.due += one.due;
        sum.seen += one.seen;
        sum.late += one.late;
        sum.skipped += one.skipped;
        sum.unseen += one.unseen;
        sum.restarts += one.restarts;
        sum.soft = sum.soft && one.soft;
    }
    return sum;
}

} // namespace irqscope::model

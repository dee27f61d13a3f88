// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/told_once.hpp"

#include <algorithm>

namespace irqscope::exporting {

void told_once::told(model::stall one) {
    const auto same =
        std::find_if(open_.begin(), open_.end(), [&one](const model::stall& open) { return is_same(open, one); });
    if (one.state == model::stall_state::ended) {
        if (same != open_.end()) open_.erase(same);
        tell_(one);
        return;
    }
    if (same != open_.end()) { // a lockup's next step
        *same = std::move(one);
        return;
    }
    if (open_.size() == most_open) {
        tell_(open_.front());
        open_.erase(open_.begin());
    }
    open_.push_back(std::move(one));
}

void told_once::rest() {
    for (const model::stall& one : open_) tell_(one);
    open_.clear();
}

} // namespace irqscope::exporting

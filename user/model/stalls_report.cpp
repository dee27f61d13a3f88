// SPDX-License-Identifier: BSD-2-Clause
#include "model/stalls_report.hpp"

namespace irqscope::model {

std::string_view name_of(aside why) {
    switch (why) {
    case aside::idle_exit: return "idle_exit";
    case aside::steal: return "steal";
    case aside::suspend: return "suspend";
    case aside::away: return "away";
    case aside::hang: return "hang";
    case aside::unwatched: return "unwatched";
    }
    return "?";
}

} // namespace irqscope::model

// SPDX-License-Identifier: BSD-2-Clause
#include "model/stall.hpp"

namespace irqscope::model {

std::string_view name_of(stall_kind which) {
    switch (which) {
    case stall_kind::irq_off: return "irq_off";
    case stall_kind::softirq_off: return "softirq_off";
    case stall_kind::softirq_latency: return "softirq_latency";
    case stall_kind::softirq_run: return "softirq_run";
    case stall_kind::hardirq_run: return "hardirq_run";
    }
    return "?";
}

std::string_view name_of(stall_state which) {
    switch (which) {
    case stall_state::open: return "open";
    case stall_state::ended: return "ended";
    }
    return "?";
}

std::string_view name_of(stack_kind which) {
    switch (which) {
    case stack_kind::none: return "none";
    case stack_kind::post_hoc: return "post-hoc";
    case stack_kind::ongoing: return "ongoing";
    case stack_kind::interrupted: return "interrupted";
    }
    return "?";
}

} // namespace irqscope::model

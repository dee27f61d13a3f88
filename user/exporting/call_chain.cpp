// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/call_chain.hpp"

#include "sink/page.hpp"

#include <charconv>
#include <cstddef>

namespace irqscope::exporting {

namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_comm = 64;

// "function+0x12 [module]", or a bare address.
frame parse(const std::string& text) {
    frame made;
    const std::size_t plus = text.find("+0x");
    if (plus == std::string::npos) {
        made.function = text;
    } else {
        const char* const digits = text.data() + plus + 3;
        const auto read = std::from_chars(digits, text.data() + text.size(), made.offset, 16);
        made.function = text.substr(0, plus) + std::string(read.ptr, text.data() + text.size());
    }
    made.function = sink::printable(std::move(made.function), longest_name);
    return made;
}

// Whether the stack is of what held the CPU, so that nobody stands on top of it.
bool is_the_holders(const model::stall& one) {
    if (one.stack.empty() || one.activation) return false;
    const auto is_softirq = [](const model::series_id& id) { return id.what == model::metric::softirq_run; };
    if (one.kind == model::stall_kind::softirq_run) return one.stack_is == model::stack_kind::ongoing;
    if (one.kind == model::stall_kind::hardirq_run) return false;
    // interrupts were off in the softirq: the beat that came late stands on its functions
    return !one.culprit || (one.kind == model::stall_kind::irq_off && is_softirq(*one.culprit));
}

} // namespace

std::vector<frame> call_chain_of(const model::stall& one) {
    std::vector<frame> chain;
    if (!is_the_holders(one)) {
        const bool nobody = one.stack.empty() && !one.culprit && !is_task_known(one);
        chain.push_back({nobody ? "?" : sink::printable(culprit_of(one), longest_name), 0});
    }
    for (const std::string& text : one.stack) chain.push_back(parse(text));
    return chain;
}

bool is_task_known(const model::stall& one) { return one.current.pid != 0 || !one.current.comm.empty(); }

std::string task_of(const model::stall& one) {
    if (!is_task_known(one)) return "?";
    return one.current.pid == 0 ? "swapper" : sink::printable(one.current.comm, longest_comm);
}

} // namespace irqscope::exporting

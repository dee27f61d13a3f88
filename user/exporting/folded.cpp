// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/folded.hpp"

#include "exporting/call_chain.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace {

constexpr std::size_t most_stacks = 65536;

// A semicolon would part a frame in two.
std::string one_frame(std::string name) {
    std::replace(name.begin(), name.end(), ';', ':');
    return name;
}

} // namespace

folded::folded(const recording::replay& /*of*/, output& to)
    : to_(&to), stalls_([this](const model::stall& one) { add(one); }) {}

void folded::add(const model::stall& one) {
    std::string stack = fmt::format("{};{}", name_of(one.kind), one_frame(task_of(one)));
    auto chain = call_chain_of(one);
    std::reverse(chain.begin(), chain.end());
    for (const frame& each : chain) stack += ';' + one_frame(each.function);
    if (stacks_.size() >= most_stacks && !stacks_.contains(stack)) stack = fmt::format("{};other", name_of(one.kind));
    stacks_[stack] += one.at_least_ns;
}

result<void> folded::finish() {
    stalls_.rest();
    for (const auto& [stack, ns] : stacks_) to_->write(fmt::format("{} {}\n", stack, ns));
    return {};
}

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
// Each stall once: at its end, or as it was told while it was open if its end was never told.
#pragma once

#include "model/stall.hpp"

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace irqscope::exporting {

class told_once {
public:
    static constexpr std::size_t most_open =
        4096; // beyond that the oldest counts as never ended; its end, if it comes, is one more

    explicit told_once(std::function<void(const model::stall&)> tell) : tell_(std::move(tell)) {}

    void told(model::stall one);
    void rest(); // those whose end never came, in the order in which they began to be told

private:
    std::function<void(const model::stall&)> tell_;
    std::vector<model::stall> open_;
};

} // namespace irqscope::exporting

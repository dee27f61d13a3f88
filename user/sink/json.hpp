// SPDX-License-Identifier: BSD-2-Clause
// The JSON that docs/JSON.md describes: one document a call, on a line of its own when `lines` is set.
#pragma once

#include "sink/sink.hpp"

#include <string>

namespace irqscope::sink {

class json final : public sink {
public:
    explicit json(bool lines) : lines_(lines) {}

    bool histograms(const model::snapshot& snapshot) override;
    bool doctor(const model::report& report) override;

    [[nodiscard]] std::string text_of(const model::snapshot& snapshot) const;
    [[nodiscard]] std::string text_of(const model::report& report) const;

private:
    bool lines_;
};

} // namespace irqscope::sink

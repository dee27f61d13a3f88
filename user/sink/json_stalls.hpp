// SPDX-License-Identifier: BSD-2-Clause
// Stalls as docs/JSON.md describes them: an object a line as they happen, and a summary as the last line.
#pragma once

#include "sink/stall_sink.hpp"

#include <string>

namespace irqscope::sink {

class json_stalls final : public stall_sink {
public:
    bool begin(const stalls_heading& heading) override; // writes nothing
    bool stall(const model::stall& one) override;
    bool report(const model::stalls_report& report) override;

    [[nodiscard]] std::string text_of(const model::stall& one) const;
    [[nodiscard]] std::string text_of(const model::stalls_report& report) const;
    // Schema irqscope.stall_over/1, in recordings: which one is over (stall_sink::over()).
    [[nodiscard]] std::string text_of_over(const model::stall& one) const;

private:
    stalls_heading heading_;
};

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
// Stalls and intervals into a recording.
#pragma once

#include "recording/recorder.hpp"
#include "sink/json.hpp"
#include "sink/json_stalls.hpp"
#include "sink/stall_sink.hpp"

#include <string>
#include <vector>

namespace irqscope::sink {

class recorded final : public stall_sink {
public:
    // to: lives as long as this.
    explicit recorded(recording::recorder& to) : to_(&to) {}

    bool begin(const stalls_heading& heading) override;
    bool stall(const model::stall& one) override;
    bool over(const model::stall& one) override;
    bool report(const model::stalls_report& /*report*/) override {
        return true;
    } // it is made when the recording is read

    // Closes an interval: what the recorder has, and what it lost, is of it. untold: the asides and what was suppressed, since
    // the start.
    void interval(model::snapshot& one, const model::stalls_report& untold);

private:
    recording::recorder* to_;
    json_stalls lines_;
    json documents_{true};
    std::vector<model::stall> over_; // that were told while open, and may be told once more
    std::string untold_;             // as it was written last
};

} // namespace irqscope::sink

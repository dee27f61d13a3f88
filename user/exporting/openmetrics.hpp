// SPDX-License-Identifier: BSD-2-Clause
// A recording's histograms and stalls as OpenMetrics text 1.0, for a scrape: without time stamps of samples, since what is scraped
// is of now; exemplars have theirs.
#pragma once

#include "exporting/exporter.hpp"
#include "exporting/openmetrics_text.hpp"
#include "exporting/output.hpp"
#include "exporting/told_once.hpp"
#include "recording/summing.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace irqscope::exporting {

class openmetrics final : public exporter {
public:
    // wanted: what replay::run() is asked for.
    openmetrics(const recording::replay& of, const recording::selection& wanted, output& to);

    void on_interrupt(const wire_span& span) override { sum_.spans().on_interrupt(span); }
    void on_softirq(const wire_softirq_span& span) override { sum_.spans().on_softirq(span); }
    void on_wait(const wire_span& span) override { sum_.spans().on_wait(span); }
    void on_told(model::stall one) override;
    void on_told_over(const model::stall& one) override { sum_.on_told_over(one); }
    void on_interval(const model::snapshot& one) override { sum_.on_interval(one); }
    void on_untold(const recording::untold& so_far) override { sum_.on_untold(so_far); }
    result<void> finish() override;

private:
    using place = std::pair<int, model::stall_kind>; // CPU and kind

    void add(const model::stall& one);
    void write_stalls();
    void write_metric(model::metric which, const model::snapshot& from);
    void write_account(const model::snapshot& from);

    const recording::replay* of_;
    output* to_;
    recording::summing sum_;
    told_once stalls_;
    std::map<place, model::histogram> lengths_;
    std::map<place, exemplars> longest_;                              // the longest in each bucket
    std::map<std::pair<int, model::series_id>, exemplars> by_series_; // likewise
};

} // namespace irqscope::exporting

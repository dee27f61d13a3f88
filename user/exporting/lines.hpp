// SPDX-License-Identifier: BSD-2-Clause
// All that a recording holds as lines of JSON (docs/JSON.md): its header, then spans and stalls in the order of their ends, each
// interval's account behind them.
#pragma once

#include "exporting/exporter.hpp"
#include "exporting/output.hpp"
#include "sink/json.hpp"
#include "sink/script.hpp"

namespace irqscope::exporting {

class lines final : public exporter {
public:
    lines(const recording::replay& of, const sink::stalls_heading& heading, output& to);

    void on_interrupt(const wire_span& span) override { script_.on_interrupt(span); }
    void on_softirq(const wire_softirq_span& span) override { script_.on_softirq(span); }
    void on_wait(const wire_span& span) override { script_.on_wait(span); }
    void on_told(model::stall one) override { script_.on_told(std::move(one)); }
    void on_interval(const model::snapshot& one) override;
    result<void> finish() override;

private:
    output* to_;
    sink::script script_;
    sink::json documents_{true};
};

} // namespace irqscope::exporting

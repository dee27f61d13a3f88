// SPDX-License-Identifier: BSD-2-Clause
// A recording in the words of another tool: one interface for all of them.
#pragma once

#include "recording/replay.hpp"
#include "result.hpp"
#include "stream/spans.hpp"

namespace irqscope::exporting {

// What replay::run() tells, once; each writes into the output that it was made with.
class exporter : public stream::span_sink, public recording::listener {
public:
    void on_interrupt(const wire_span& /*span*/) override {}
    void on_softirq(const wire_softirq_span& /*span*/) override {}

    // Behind the run: what is left, and what belongs at the end. The output is not kept yet. Fails: failed.
    virtual result<void> finish() = 0;
};

} // namespace irqscope::exporting

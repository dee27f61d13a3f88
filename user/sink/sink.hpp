// SPDX-License-Identifier: BSD-2-Clause
// Where results go. Sinks know models, and neither kernel nor options.
#pragma once

#include "model/report.hpp"
#include "model/snapshot.hpp"

namespace irqscope::sink {

class sink {
public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    sink(sink&&) = delete;
    sink& operator=(sink&&) = delete;
    virtual ~sink() = default;

    // One interval of histograms. False: the reader has gone away.
    virtual bool histograms(const model::snapshot& snapshot) = 0;
    virtual bool doctor(const model::report& report) = 0;
};

// Writes and flushes; false when it cannot: nobody reads any more, or see write_error().
bool write_out(const std::string& text);

// Why a write failed, as errno; 0: none did, or only because nobody reads any more (a closed pipe).
int write_error();

} // namespace irqscope::sink

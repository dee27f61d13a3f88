// SPDX-License-Identifier: BSD-2-Clause
// For people: tables and log2 rows, at most 100 columns wide.
#pragma once

#include "sink/sink.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace irqscope::sink {

struct text_options {
    bool per_cpu = false; // a row a CPU
    bool fine = false;    // 8 steps to a power of two instead of one
    std::size_t top = 16; // rows a metric
    std::size_t top_histograms = 3;
    std::uint64_t above_ns = 0; // leave out keys that never reached it
};

class text final : public sink {
public:
    explicit text(text_options options) : options_(options) {}

    bool histograms(const model::snapshot& snapshot) override;
    bool doctor(const model::report& report) override;

    [[nodiscard]] std::string text_of(const model::snapshot& snapshot) const;
    [[nodiscard]] static std::string text_of(const model::report& report);

private:
    [[nodiscard]] std::string table_of(const model::snapshot& snapshot, model::metric which) const;

    text_options options_;
    bool first_ = true;
};

} // namespace irqscope::sink

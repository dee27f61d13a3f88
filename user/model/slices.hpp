// SPDX-License-Identifier: BSD-2-Clause
// A recording in slices of equal length: what varies between the slices of one recording is noise, and what differs
// between the slices of two is a change.
#pragma once

#include "model/series.hpp"
#include "model/stalls_report.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace irqscope::model {

// The quantiles that are compared.
inline constexpr std::array compared_quantiles{0.5, 0.99, 0.999};

// One series on one CPU; a softirq's runs in all contexts together.
struct row_id {
    series_id id;
    int cpu = 0;

    friend auto operator<=>(const row_id&, const row_id&) = default;
};

// Of one row, in one slice.
struct slice {
    std::uint64_t count = 0;
    std::uint64_t sum_ns = 0;
    std::uint64_t nested_ns = 0;
    std::uint64_t max_ns = 0;
    std::array<std::uint64_t, compared_quantiles.size()> above{}; // samples in buckets above the row's thresholds

    friend bool operator==(const slice&, const slice&) = default;
};

// Buckets.
using thresholds = std::array<std::size_t, compared_quantiles.size()>;

struct sliced_row {
    histogram whole;
    std::vector<slice> slices;

    void count(std::size_t which, std::uint64_t ns, std::uint64_t nested_ns, const thresholds& beyond);
    void count(std::size_t which, const histogram& samples, const thresholds& beyond);
};

struct sliced {
    std::uint64_t start_ns = 0;
    std::uint64_t slice_ns = 0;
    std::size_t slices = 0;
    std::map<row_id, sliced_row> rows;
    std::map<int, std::vector<std::uint64_t>> stalled_ns; // by CPU, in each slice: each nanosecond once
    std::vector<culprit> culprits;

    [[nodiscard]] double seconds() const { return static_cast<double>(slice_ns) * static_cast<double>(slices) / 1e9; }
};

// The buckets above which the slices of both are counted: of the quantiles of the two, each with the same weight.
thresholds thresholds_of(const histogram* a, const histogram* b);

} // namespace irqscope::model

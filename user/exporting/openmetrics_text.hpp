// SPDX-License-Identifier: BSD-2-Clause
// Lines of OpenMetrics text 1.0 (https://github.com/OpenObservability/OpenMetrics): families, labels, histograms in seconds.
#pragma once

#include "model/histogram.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace irqscope::exporting {

// Buckets end at powers of two of nanoseconds, from 2^10 on. le is inclusive and ours are not: 2^10 - 1 ns is the first one's.
inline constexpr unsigned first_bucket_log2 = 10;
inline constexpr std::size_t metric_buckets = model::histogram::max_log2 - first_bucket_log2 + 2; // the last is +Inf
std::size_t metric_bucket_of(std::uint64_t ns);

using labels = std::vector<std::pair<std::string_view, std::string>>;

struct exemplar {
    labels of;
    std::uint64_t ns = 0;
    std::int64_t realtime_ns = 0;
};
using exemplars = std::array<std::optional<exemplar>, metric_buckets>;
void keep_longest(exemplars& in, exemplar one);

// unit: empty, or the name ends in it.
std::string family(std::string_view name, std::string_view type, std::string_view unit, std::string_view help);
std::string sample(std::string_view name, const labels& of, std::string_view value);
std::string histogram_samples(std::string_view name, const labels& of, const model::histogram& values,
                              const exemplars* with);
std::string seconds(std::uint64_t ns);

} // namespace irqscope::exporting

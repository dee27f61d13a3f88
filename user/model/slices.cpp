// SPDX-License-Identifier: BSD-2-Clause
#include "model/slices.hpp"

#include <algorithm>

namespace irqscope::model {

void sliced_row::count(std::size_t which, std::uint64_t ns, std::uint64_t nested_ns, const thresholds& beyond) {
    slice& to = slices.at(which);
    to.count++;
    to.sum_ns += ns;
    to.nested_ns += nested_ns;
    to.max_ns = std::max(to.max_ns, ns);
    const std::size_t bucket = histogram::bucket_of(ns);
    for (std::size_t i = 0; i < beyond.size(); i++) to.above.at(i) += bucket > beyond.at(i) ? 1U : 0U;
}

void sliced_row::count(std::size_t which, const histogram& samples, const thresholds& beyond) {
    slice& to = slices.at(which);
    to.count += samples.samples();
    to.sum_ns += samples.sum_ns();
    to.nested_ns += samples.nested_ns();
    to.max_ns = std::max(to.max_ns, samples.max_ns());
    for (std::size_t i = 0; i < beyond.size(); i++)
        for (std::size_t bucket = beyond.at(i) + 1; bucket < histogram::bucket_count; bucket++)
            to.above.at(i) += samples.bucket(bucket);
}

thresholds thresholds_of(const histogram* a, const histogram* b) {
    thresholds made{};
    const auto share = [](const histogram* of, std::size_t bucket) {
        return of == nullptr || of->empty()
                   ? 0
                   : static_cast<double>(of->bucket(bucket)) / static_cast<double>(of->samples());
    };
    const double all = (a != nullptr && !a->empty() ? 1 : 0) + (b != nullptr && !b->empty() ? 1 : 0);
    double below = 0;
    std::size_t next = 0;
    for (std::size_t bucket = 0; bucket < histogram::bucket_count && next < made.size(); bucket++) {
        below += share(a, bucket) + share(b, bucket);
        while (next < made.size() && below >= compared_quantiles.at(next) * all) made.at(next++) = bucket;
    }
    return made;
}

} // namespace irqscope::model

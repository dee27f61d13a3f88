// SPDX-License-Identifier: BSD-2-Clause
// A recording cut into slices of equal length, each row's samples counted in each of them.
#pragma once

#include "model/slices.hpp"
#include "recording/replay.hpp"
#include "recording/summing.hpp"
#include "stream/spans.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace irqscope::recording {

// Slices that are shorter than this can have no figures of their own.
std::uint64_t shortest_slice_ns(const header& about);

// Its rows, with what summing found and without slices yet.
model::sliced rows_of(const summing::sums& sums);

// Listens to a second reading of the same recording.
class slicing final : public stream::span_sink, public listener {
public:
    // of: as rows_of() made it, with slice_ns and slices. thresholds: of each of its rows. names: what spans' histograms stand
    // for, as far as it has been read. All of them live as long as this.
    slicing(model::sliced& of, const std::map<model::row_id, model::thresholds>& thresholds,
            const stream::catalog& names, bool with_spans);

    void on_interrupt(const wire_span& span) override { count(span, span.histogram, span.duration_ns, span.nested_ns); }
    void on_wait(const wire_span& span) override { count(span, span.histogram, span.duration_ns, span.nested_ns); }
    void on_softirq(const wire_softirq_span& span) override;
    void on_interval(const model::snapshot& one) override;
    void on_told(model::stall one) override;

    // After the reading: the stalled time of each slice.
    void finish();

private:
    struct place {
        model::sliced_row* row = nullptr; // nullptr: it is in no row
        const model::thresholds* thresholds = nullptr;
    };
    [[nodiscard]] place place_of(const model::row_id& row) const;
    [[nodiscard]] std::optional<std::size_t> slice_at(std::uint64_t ns) const;
    void count(const wire_span& span, std::uint32_t histogram, std::uint64_t ns, std::uint64_t nested_ns);

    model::sliced* of_;
    const std::map<model::row_id, model::thresholds>* thresholds_;
    const stream::catalog* names_;
    bool with_spans_;
    std::vector<std::vector<std::optional<place>>> places_;                      // by CPU and histogram, as they come
    std::map<int, std::vector<std::pair<std::uint64_t, std::uint64_t>>> stalls_; // start and end
};

} // namespace irqscope::recording

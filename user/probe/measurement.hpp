// SPDX-License-Identifier: BSD-2-Clause
// A measurement from attach to detach: intervals of histograms with what was lost, what is open and what it cost.
#pragma once

#include "model/snapshot.hpp"
#include "model/stalls_report.hpp"
#include "probe/kernel_counts.hpp"
#include "probe/session.hpp"
#include "probe/split_reader.hpp"
#include "probe/unseen.hpp"
#include "result.hpp"
#include "stream/ring_reader.hpp"
#include "stream/stalls.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace irqscope::probe {

class measurement {
public:
    // Loads, attaches and begins to count. spans: takes the streamed spans, which then are not counted here; it lives as
    // long as the measurement. Fails: not_possible, failed.
    static result<measurement> start(const kernel& on, const session_options& options,
                                     stream::span_sink* spans = nullptr);

    // Descriptors that become readable when a ring holds much; empty without a stream.
    [[nodiscard]] std::vector<int> descriptors() const;
    // Takes from the rings what is there. True: there may be more.
    bool drain();
    // CPUs that are online and watched.
    [[nodiscard]] std::vector<int> watched() const;
    // Adds what the kernel side counted and did not tell: beats that were late for another reason than interrupts off,
    // and stalls beyond the rate limit. Fails (failed) with the system's reason.
    result<void> add_untold(model::stalls_report& to) const;
    // What was told of stalls since the last call, in the order in which each CPU told it.
    std::vector<stream::stall_record> take_stalls() { return state_->streamed.take_stalls(); }
    // Reads the kernel's counters before they can wrap: once a minute at least.
    result<void> refresh();

    // What came since the start or the last interval, and begins the next one.
    result<model::snapshot> interval();
    // The same for the last time: detaches first, so that every count is final.
    result<model::snapshot> finish();

    [[nodiscard]] session& programs() { return state_->programs; }

    using counted_spans = std::vector<std::pair<model::series_id, std::uint64_t>>;

private:
    struct counters { // of all CPUs, since the start
        model::lost lost;
        std::uint64_t raises = 0;
        std::uint64_t user_cpu_ns = 0;
        host::proc_counts softirqs;
        host::proc_counts interrupts;
    };
    struct state { // at one address: the reader points to the counter, the counts to the programs
        state(session from, bool run, bool latency, stream::span_sink* spans)
            : programs(std::move(from)), kernel(programs), streamed(run, latency, spans) {}
        session programs;
        kernel_counts kernel;
        stream::record_intake streamed;
        std::optional<stream::ring_reader> reader;
        stream::table table;
    };

    explicit measurement(std::unique_ptr<state> from) : state_(std::move(from)) {}
    [[nodiscard]] result<counters> count() const;
    result<model::snapshot> close_interval(bool last);
    [[nodiscard]] std::vector<model::open_span> open_spans(const by_cpu<wire_cpu_state>& states,
                                                           const stream::catalog& names, std::uint64_t end_ns) const;
    result<void> take_split(model::snapshot& to);
    result<void> collect(const by_cpu<wire_cpu_state>& states, bool last);
    void fill_lost(model::snapshot& to, counters& now, const counted_spans& seen);
    [[nodiscard]] std::map<int, model::beats> beats_of(const by_cpu<wire_cpu_state>& states,
                                                       std::uint64_t end_ns) const;
    void fill_beats(model::coverage& to, const by_cpu<wire_cpu_state>& states, std::uint64_t end_ns);
    void fill_coverage(model::snapshot& to, const counters& now, const by_cpu<wire_cpu_state>& states) const;

    std::unique_ptr<state> state_;
    std::vector<std::string> untraced_labels_;
    std::vector<int> online_at_start_;
    std::uint64_t ns_per_call_ = 0;
    std::uint64_t interval_start_ns_ = 0;
    std::chrono::system_clock::time_point interval_start_time_;
    counters before_;
    std::map<int, model::beats> beats_before_; // since each heartbeat's start
    std::vector<int> beating_;                 // before the programs went, at the last time
    std::vector<int> without_beat_;
    std::optional<unseen> unseen_;
    split_reader split_;
};

} // namespace irqscope::probe

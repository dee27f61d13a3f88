// SPDX-License-Identifier: BSD-2-Clause
// A measurement from attach to detach: intervals of histograms with what was lost, what is open and what it cost.
#pragma once

#include "model/snapshot.hpp"
#include "probe/kernel_counts.hpp"
#include "probe/session.hpp"
#include "probe/unseen.hpp"
#include "result.hpp"
#include "stream/ring_reader.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::probe {

class measurement {
public:
    // Loads, attaches and begins to count. Fails: not_possible, failed.
    static result<measurement> start(const kernel& on, const session_options& options);

    // Descriptors that become readable when a ring holds much; empty without a stream.
    [[nodiscard]] std::vector<int> descriptors() const;
    // Takes from the rings what is there. True: there may be more.
    bool drain();
    // Reads the kernel's counters before they can wrap: once a minute at least.
    result<void> refresh();

    // What came since the start or the last interval, and begins the next one.
    result<model::snapshot> interval();
    // The same for the last time: detaches first, so that every count is final.
    result<model::snapshot> finish();

    [[nodiscard]] session& programs() { return state_->programs; }

private:
    struct counters { // of all CPUs, since the start
        model::lost lost;
        std::uint64_t raises = 0;
        std::uint64_t user_cpu_ns = 0;
        host::proc_counts softirqs;
        host::proc_counts interrupts;
    };
    struct state { // at one address: the reader points to the counter, the counts to the programs
        state(session from, bool run, bool latency)
            : programs(std::move(from)), kernel(programs), streamed(run, latency) {}
        session programs;
        kernel_counts kernel;
        stream::span_counter streamed;
        std::optional<stream::ring_reader> reader;
        stream::table table;
    };

    explicit measurement(std::unique_ptr<state> from) : state_(std::move(from)) {}
    [[nodiscard]] result<counters> count() const;
    result<model::snapshot> close_interval(bool last);
    [[nodiscard]] std::vector<model::open_span> open_spans(const by_cpu<wire_cpu_state>& states,
                                                           const stream::catalog& names, std::uint64_t end_ns) const;
    result<void> collect(const by_cpu<wire_cpu_state>& states, bool last);
    void fill_lost(model::snapshot& to, counters& now);
    void fill_coverage(model::snapshot& to, const counters& now, const by_cpu<wire_cpu_state>& states) const;

    std::unique_ptr<state> state_;
    std::vector<std::string> untraced_labels_;
    std::vector<int> online_at_start_;
    std::uint64_t ns_per_call_ = 0;
    std::uint64_t interval_start_ns_ = 0;
    std::chrono::system_clock::time_point interval_start_time_;
    counters before_;
    std::optional<unseen> unseen_;
};

} // namespace irqscope::probe

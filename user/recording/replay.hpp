// SPDX-License-Identifier: BSD-2-Clause
// A recording told once more, in its order, to those who listen to a live run: spans to a span_sink, the rest by name.
#pragma once

#include "model/snapshot.hpp"
#include "model/stall.hpp"
#include "model/stalls_report.hpp"
#include "recording/file_reader.hpp"
#include "recording/header.hpp"
#include "recording/rows.hpp"
#include "recording/series_names.hpp"
#include "result.hpp"
#include "stream/catalog.hpp"
#include "stream/spans.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::recording {

// Counted by the kernel side and by what settles stalls, since the run's start.
struct untold {
    std::map<model::aside, model::set_aside> asides;
    std::map<model::stall_kind, std::uint64_t> suppressed;
};

// JSON of schema irqscope.untold/1. Fails (failed): it is none.
result<untold> parse_untold(std::string_view text);

class listener {
public:
    listener() = default;
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    listener(listener&&) = delete;
    listener& operator=(listener&&) = delete;
    virtual ~listener() = default;

    virtual void on_told(model::stall /*one*/) {}
    virtual void on_told_over(const model::stall& /*one*/) {} // see sink::stall_sink::over()
    // What was lost, covered and spent in a time; its series are what is in no spans: those that were dropped.
    virtual void on_interval(const model::snapshot& /*one*/) {}
    virtual void on_untold(const untold& /*so_far*/) {}
};

// What of it is wanted.
struct selection {
    // Spans that ended, and stalls and intervals that were at least in part in [from_ns, to_ns). CLOCK_MONOTONIC.
    std::uint64_t from_ns = 0;
    std::uint64_t to_ns = UINT64_MAX;
    std::optional<std::vector<int>> cpus; // ascending; nothing: all
    bool spans = true;                    // else they are passed over

    [[nodiscard]] bool has(int cpu) const;
};

// What is in a file, and what is not.
struct account {
    struct of_kind {
        std::uint64_t chunks = 0;
        std::uint64_t records = 0;
        std::uint64_t bytes = 0; // in the file, heads included
        std::uint64_t unpacked = 0;
    };
    std::map<chunk_kind, of_kind> kinds;
    std::map<int, std::uint64_t> spans;  // by CPU: all there are, whatever was wanted
    std::uint64_t first_ns = UINT64_MAX; // of spans, stalls and intervals
    std::uint64_t last_ns = 0;
    std::uint64_t spans_read = 0;
    // Spans of metrics that this version does not know, rows and lines that are none: of a newer irqscope, or of none.
    std::uint64_t unknown_spans = 0;
    std::uint64_t unknown_chunks = 0;
    std::uint64_t senseless_chunks = 0;
};

class replay {
public:
    // Reads the header. Fails (failed): there is none that could be read.
    static result<replay> open(const std::string& path);

    [[nodiscard]] const header& about() const { return header_; }
    // The file's account after run().
    [[nodiscard]] const file_reader& file() const { return file_; }
    [[nodiscard]] const account& read() const { return account_; }
    // What spans' histograms stand for, as far as it has been read.
    [[nodiscard]] const stream::catalog& names() const { return names_; }

    // All of it that is wanted, once. What is damaged or senseless is passed over, and stands in the account.
    void run(const selection& wanted, stream::span_sink& spans, listener& to);

private:
    // A number of the file's as the stream has it.
    struct meaning {
        std::uint16_t kind = 0; // enum wire_record_kind; 0: not known
        std::uint16_t histogram = 0;
    };

    explicit replay(file_reader file) : file_(std::move(file)) {}
    void take_series(const file_reader::chunk& from);
    [[nodiscard]] std::uint16_t index_of(const numbered_series& one);
    void take_spans(const file_reader::chunk& from, const selection& wanted, stream::span_sink& to);
    bool take_lines(const file_reader::chunk& from, const selection& wanted, listener& to);
    void count(const chunk_head& head);

    file_reader file_;
    header header_;
    account account_;
    std::vector<meaning> meanings_; // by number
    std::map<int, std::vector<wire_irq_slot>> slots_;
    stream::catalog names_;
};

} // namespace irqscope::recording

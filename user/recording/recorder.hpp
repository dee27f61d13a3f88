// SPDX-License-Identifier: BSD-2-Clause
// From spans and lines to chunks in a file. What comes in is encoded at once, by whoever reads the rings; a thread of its own packs
// it and writes it. When the disk is too slow for so long that the queue between them is full, spans are dropped and counted.
#pragma once

#include "model/series.hpp"
#include "recording/chunk_queue.hpp"
#include "recording/files.hpp"
#include "recording/rows.hpp"
#include "result.hpp"
#include "stream/catalog.hpp"
#include "stream/spans.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace irqscope::recording {

class recorder final : public stream::span_sink {
public:
    static constexpr std::size_t chunk_bytes = 64U << 10; // a chunk of spans is closed when it is as large
    static constexpr std::size_t queue_places = 96;       // 6 MiB

    // What each CPU's slots stand for now; asked when a span is of none that is known.
    using naming = std::function<result<stream::catalog>()>;

    recorder(files to, naming names);
    recorder(const recorder&) = delete;
    recorder& operator=(const recorder&) = delete;
    recorder(recorder&&) = delete;
    recorder& operator=(recorder&&) = delete;
    ~recorder() override; // ends the file if finish() did not

    // Makes the file, or gets ready to. Before start(). Fails: as files::open().
    result<void> open();
    // Begins to write, by a thread that is not urgent, whatever this one is. first: what it does before, giving up its
    // rights.
    void start(std::function<void()> first);

    // --- all of these by one thread at a time; they wait for nobody ---

    void on_interrupt(const wire_span& span) override { add(span, WIRE_NO_LATENCY, WIRE_NO_LATENCY); }
    void on_softirq(const wire_softirq_span& span) override { add(span.span, span.latency_ns, span.off_ns); }
    void on_wait(const wire_span& span) override { add(span, WIRE_NO_LATENCY, WIRE_NO_LATENCY); }

    // JSON with its newline: of schema irqscope.stall/1, and of irqscope.stall_over/1 or of one that is told once more,
    // at its end: neither is one more.
    void add_stall(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& line);
    void add_over(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& line);
    // Hands on what is there of spans and stalls.
    void flush();
    // JSON, of schema irqscope.untold/1, at the end of that interval.
    void add_untold(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& document);
    // JSON, of schema irqscope.hist/1. The file goes to the disk with it.
    void add_interval(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& document);

    // Another file begins here, or the present one ends, and what comes is kept for the next: see files. Between intervals,
    // but for a first one that begins with what came before.
    void next_file();
    void rest_file();

    struct dropped {
        model::series_id id;
        int cpu = 0;
        std::uint64_t samples = 0;
    };
    // Of spans that found the queue full, since the last call. While their names cannot be had they wait.
    std::vector<dropped> take_dropped();

    struct progress {
        std::uint64_t spans = 0;   // written or on their way
        std::uint64_t dropped = 0; // that found the queue full
        std::uint64_t stalls = 0;
        std::uint64_t bytes = 0; // in the files
        std::uint64_t files = 0;
        std::uint64_t kept = 0;        // of the files
        std::uint64_t file_bytes = 0;  // of the present file, when all that is on its way is in it: at most
        std::uint64_t crowded_out = 0; // see last_seconds
    };
    [[nodiscard]] progress so_far() const;
    // The disk is full, say; from then on nothing is written.
    [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_acquire); }

    // Hands on what there still is, waits until all is on the disk, and ends the file. Fails: the first failure of a write.
    result<void> finish();

private:
    struct of_cpu {
        row_writer rows{chunk_bytes + most_row_bytes};
        std::array<std::uint32_t, WIRE_HISTS> numbers{}; // in the file, + 1; 0: none yet
        std::array<std::uint32_t, WIRE_HISTS> counts{};  // in the present chunk
        std::array<std::uint32_t, WIRE_VECTORS> latencies{};
        std::uint32_t offs = 0;
    };

    void add(const wire_span& span, std::uint64_t latency_ns, std::uint64_t off_ns) {
        of_cpu& cpu = span.cpu < cpus_.size() && cpus_[span.cpu] ? *cpus_[span.cpu] : make(span.cpu);
        std::uint32_t number = cpu.numbers[span.histogram];
        if (number == 0) number = give_number(span.cpu, span.histogram);
        const bool has_latency = latency_ns != WIRE_NO_LATENCY;
        const bool has_off = off_ns != WIRE_NO_LATENCY;
        cpu.rows.add({number - 1, span.start_ns + span.duration_ns, span.duration_ns, span.nested_ns, has_latency,
                      latency_ns, has_off, off_ns});
        cpu.counts[span.histogram]++;
        if (has_latency) cpu.latencies[(span.histogram - WIRE_HIST_SOFTIRQ_RUN) / WIRE_CONTEXTS]++;
        if (has_off) cpu.offs++;
        if (cpu.rows.size() >= chunk_bytes) close(span.cpu);
    }

    of_cpu& make(std::uint32_t cpu);
    std::uint32_t give_number(std::uint32_t cpu, std::uint32_t histogram);
    bool name_new();
    void close(std::uint32_t number);
    void flush_stalls();
    void add_text(const chunk_about& about, const std::string& text);
    void add_order(chunk_queue::order what);
    void push_pending();
    void write();
    result<void> write(const chunk_queue::item& one);
    void note_size();

    files files_; // the writer's
    naming names_;
    chunk_queue queue_{queue_places, chunk_bytes + most_row_bytes};
    std::vector<std::unique_ptr<of_cpu>> cpus_; // by number
    std::uint32_t next_number_ = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> unnamed_; // CPU and histogram of the numbers that end the row
    std::deque<chunk_queue::item> pending_;                        // that found no place, and are no spans
    std::vector<std::uint8_t> room_;
    std::string stalls_;
    chunk_about stalls_about_;
    std::map<std::pair<int, std::uint32_t>, std::uint64_t> dropped_;
    progress progress_;
    std::uint64_t pushed_bytes_ = 0;
    std::uint64_t orders_ = 0;
    std::atomic<std::uint64_t> taken_bytes_ = 0; // of the pushed ones
    std::atomic<std::uint64_t> taken_orders_ = 0;
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> file_bytes_ = 0;
    std::atomic<std::uint64_t> file_count_ = 0;
    std::atomic<std::uint64_t> kept_ = 0;
    std::atomic<std::uint64_t> crowded_out_ = 0;
    std::atomic<bool> failed_ = false;
    std::atomic<bool> ending_ = false;
    result<void> outcome_; // the writer's, until it has ended
    std::thread writer_;
};

} // namespace irqscope::recording

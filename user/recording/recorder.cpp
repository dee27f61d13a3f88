// SPDX-License-Identifier: BSD-2-Clause
#include "recording/recorder.hpp"

#include "recording/series_names.hpp"

#include <algorithm>
#include <chrono>
#include <sched.h>
#include <utility>

namespace irqscope::recording {

namespace {

constexpr std::size_t most_pending = 4096; // chunks that are no spans, while the disk stands still

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

} // namespace

recorder::recorder(file_writer file, std::string header, naming names)
    : file_(std::move(file)), names_(std::move(names)), bytes_(file_.size()) {
    add_text({chunk_kind::header, 0, 0, chunk_head::no_cpu, 1}, header);
}

void recorder::start() {
    writer_ = std::thread([this] {
        const sched_param none{};
        sched_setscheduler(0, SCHED_OTHER, &none); // this thread's (sched_setscheduler(2))
        write();
    });
}

recorder::~recorder() { (void)finish(); }

recorder::of_cpu& recorder::make(std::uint32_t cpu) {
    if (cpu >= cpus_.size()) cpus_.resize(cpu + 1);
    cpus_[cpu] = std::make_unique<of_cpu>();
    return *cpus_[cpu];
}

std::uint32_t recorder::give_number(std::uint32_t cpu, std::uint32_t histogram) {
    unnamed_.emplace_back(cpu, histogram);
    return cpus_[cpu]->numbers.at(histogram) = ++next_number_;
}

// What the numbers given since the last time stand for goes before the spans that use them. False: it is not known.
bool recorder::name_new() {
    if (unnamed_.empty()) return true;
    const auto names = names_();
    if (!names) return false;
    std::string lines;
    std::uint32_t number = next_number_ - static_cast<std::uint32_t>(unnamed_.size());
    for (const auto& [cpu, histogram] : unnamed_)
        lines += line_of({number++, static_cast<int>(cpu), names->named(static_cast<int>(cpu), histogram)});
    if (pending_.size() >= most_pending) return false;
    add_text({chunk_kind::series, 0, 0, chunk_head::no_cpu, static_cast<std::uint32_t>(unnamed_.size())}, lines);
    unnamed_.clear();
    return true;
}

void recorder::close(std::uint32_t number) {
    of_cpu& cpu = *cpus_[number];
    const std::uint32_t rows = cpu.rows.rows();
    if (rows == 0) return;
    const chunk_about about{chunk_kind::spans, cpu.rows.first_ns(), cpu.rows.last_ns(), number, rows};
    push_pending();
    const bool named = name_new();
    cpu.rows.swap(room_);
    if (named && pending_.empty() && !failed() && queue_.push(about, room_)) {
        progress_.spans += rows;
    } else {
        progress_.dropped += rows;
        for (std::uint32_t i = 0; i < WIRE_HISTS; i++)
            if (cpu.counts.at(i) != 0) dropped_[{static_cast<int>(number), i}] += cpu.counts.at(i);
        for (std::uint32_t i = 0; i < WIRE_VECTORS; i++)
            if (cpu.latencies.at(i) != 0)
                dropped_[{static_cast<int>(number), WIRE_HIST_SOFTIRQ_LATENCY + i}] += cpu.latencies.at(i);
        if (cpu.offs != 0) dropped_[{static_cast<int>(number), WIRE_HIST_SOFTIRQ_OFF}] += cpu.offs;
    }
    if (room_.capacity() < chunk_bytes) room_.reserve(chunk_bytes + most_row_bytes); // the place had another kind's
    cpu.counts.fill(0);
    cpu.latencies.fill(0);
    cpu.offs = 0;
}

void recorder::push_pending() {
    while (!pending_.empty() && queue_.push(pending_.front().about, pending_.front().payload)) pending_.pop_front();
}

// What finds no place waits, so long as that is bounded.
void recorder::add_text(const chunk_about& about, const std::string& text) {
    if (pending_.size() < most_pending) pending_.push_back({about, bytes_of(text)});
    push_pending();
}

void recorder::add_stall(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& line) {
    progress_.stalls++;
    add_over(start_ns, end_ns, line);
}

void recorder::add_over(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& line) {
    if (stalls_about_.records == 0) stalls_about_ = {chunk_kind::stalls, start_ns, end_ns, chunk_head::no_cpu, 0};
    stalls_about_.first_ns = std::min(stalls_about_.first_ns, start_ns);
    stalls_about_.last_ns = std::max(stalls_about_.last_ns, end_ns);
    stalls_about_.records++;
    stalls_ += line;
    if (stalls_.size() >= chunk_bytes) flush_stalls();
}

void recorder::flush_stalls() {
    if (stalls_about_.records != 0) add_text(stalls_about_, stalls_);
    stalls_about_ = {};
    stalls_.clear();
}

void recorder::flush() {
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); cpu++)
        if (cpus_[cpu]) close(cpu);
    flush_stalls();
}

void recorder::add_untold(const std::string& document) {
    add_text({chunk_kind::untold, 0, 0, chunk_head::no_cpu, 1}, document);
}

void recorder::add_interval(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& document) {
    add_text({chunk_kind::interval, start_ns, end_ns, chunk_head::no_cpu, 1}, document);
}

std::map<std::pair<int, std::uint32_t>, std::uint64_t> recorder::take_dropped() { return std::exchange(dropped_, {}); }

recorder::progress recorder::so_far() const {
    progress now = progress_;
    now.bytes = bytes_.load(std::memory_order_relaxed);
    return now;
}

// The writer's thread.
void recorder::write() {
    constexpr std::chrono::milliseconds patience{100};
    const auto check = [this](const result<void>& done) {
        if (done || failed()) return;
        outcome_ = done;
        failed_.store(true, std::memory_order_release);
    };
    while (true) {
        const bool last = ending_.load(std::memory_order_acquire); // before the look at the queue
        chunk_queue::item* const next = queue_.front(patience);
        if (next == nullptr) {
            if (last) break;
            continue;
        }
        if (!failed()) {
            check(file_.write(next->about, next->payload));
            // what comes once in a while brings the rest with it
            const bool often = next->about.kind == chunk_kind::spans || next->about.kind == chunk_kind::series;
            if (!often && !failed()) check(file_.sync());
            bytes_.store(file_.size(), std::memory_order_relaxed);
        }
        queue_.pop();
    }
    if (!failed()) check(file_.end());
    bytes_.store(file_.size(), std::memory_order_relaxed);
}

result<void> recorder::finish() {
    if (!writer_.joinable()) return outcome_;
    flush();
    while (!pending_.empty()) { // from here on there is time
        push_pending();
        if (!pending_.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ending_.store(true, std::memory_order_release);
    writer_.join();
    return outcome_;
}

} // namespace irqscope::recording

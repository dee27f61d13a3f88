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

} // namespace

recorder::recorder(files to, naming names) : files_(std::move(to)), names_(std::move(names)) { note_size(); }

result<void> recorder::open() {
    auto opened = files_.open();
    note_size();
    return opened;
}

void recorder::start(std::function<void()> first) {
    writer_ = std::thread([this, first = std::move(first)] {
        const sched_param none{};
        sched_setscheduler(0, SCHED_OTHER, &none); // this thread's (sched_setscheduler(2))
        first();
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
    const std::size_t size = room_.size();
    if (named && pending_.empty() && !failed() && queue_.push(about, room_)) {
        pushed_bytes_ += size;
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
    while (!pending_.empty()) {
        chunk_queue::item& first = pending_.front();
        const std::size_t size = first.payload.size();
        if (!queue_.push(first.about, first.payload, first.what)) return;
        pushed_bytes_ += size;
        pending_.pop_front();
    }
}

// What finds no place waits, so long as that is bounded.
void recorder::add_text(const chunk_about& about, const std::string& text) {
    if (pending_.size() < most_pending) pending_.push_back({about, {text.begin(), text.end()}});
    push_pending();
}

void recorder::add_order(chunk_queue::order what) {
    flush();
    pending_.push_back({{}, {}, what}); // they are few, and none may go missing
    orders_++;
    push_pending();
}

void recorder::next_file() { add_order(chunk_queue::order::next); }
void recorder::rest_file() { add_order(chunk_queue::order::rest); }

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

void recorder::add_untold(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& document) {
    add_text({chunk_kind::untold, start_ns, end_ns, chunk_head::no_cpu, 1}, document);
}

void recorder::add_interval(std::uint64_t start_ns, std::uint64_t end_ns, const std::string& document) {
    add_text({chunk_kind::interval, start_ns, end_ns, chunk_head::no_cpu, 1}, document);
}

std::vector<recorder::dropped> recorder::take_dropped() {
    if (dropped_.empty()) return {};
    const auto names = names_();
    if (!names) return {};
    std::vector<dropped> taken;
    for (const auto& [where, samples] : dropped_)
        taken.push_back({names->named(where.first, where.second), where.first, samples});
    dropped_.clear();
    return taken;
}

recorder::progress recorder::so_far() const {
    progress now = progress_;
    now.bytes = bytes_.load(std::memory_order_relaxed);
    now.kept = kept_.load(std::memory_order_relaxed);
    now.files = file_count_.load(std::memory_order_relaxed);
    now.crowded_out = crowded_out_.load(std::memory_order_relaxed);
    const std::uint64_t on_their_way = pushed_bytes_ - taken_bytes_.load(std::memory_order_acquire);
    // one that is still to begin is empty
    if (taken_orders_.load(std::memory_order_acquire) == orders_)
        now.file_bytes = file_bytes_.load(std::memory_order_relaxed) + on_their_way;
    return now;
}

void recorder::note_size() {
    bytes_.store(files_.all_bytes(), std::memory_order_relaxed);
    file_bytes_.store(files_.file_bytes(), std::memory_order_relaxed);
    kept_.store(files_.kept(), std::memory_order_relaxed);
    file_count_.store(files_.count(), std::memory_order_relaxed);
    crowded_out_.store(files_.crowded_out(), std::memory_order_relaxed);
}

result<void> recorder::write(const chunk_queue::item& one) {
    switch (one.what) {
    case chunk_queue::order::next: return files_.next();
    case chunk_queue::order::rest: return files_.rest();
    case chunk_queue::order::write: break;
    }
    if (auto written = files_.write(one.about, one.payload); !written) return written;
    // what comes once in a while brings the rest with it
    const bool often = one.about.kind == chunk_kind::spans || one.about.kind == chunk_kind::series;
    return often ? result<void>{} : files_.sync();
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
        if (!failed()) check(write(*next));
        note_size();
        taken_bytes_.fetch_add(next->payload.size(), std::memory_order_release);
        if (next->what != chunk_queue::order::write) taken_orders_.fetch_add(1, std::memory_order_release);
        queue_.pop();
    }
    if (!failed()) check(files_.rest());
    note_size();
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

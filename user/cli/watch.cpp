// SPDX-License-Identifier: BSD-2-Clause
#include "cli/watch.hpp"

#include "cli/wait.hpp"
#include "host/system.hpp"
#include "probe/stuck.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::cli {

namespace {

constexpr std::uint64_t turn_ns = 100'000'000; // how late a stall is told, at most, beside what settles it
constexpr std::uint64_t look_ns = 500'000'000; // at CPUs that come, go or are stuck, and at the clocks
constexpr std::uint64_t refresh_ns = 30'000'000'000;
constexpr std::uint64_t suspend_ns = 1'000'000; // by which CLOCK_BOOTTIME gains when the machine sleeps, at least

std::optional<std::uint64_t> interval_of(const watch_plan& todo) {
    return todo.interval_ns == 0 ? std::nullopt : std::optional(todo.interval_ns);
}

} // namespace

watch::watch(const watch_plan& todo, probe::measurement& running, symbols::source& symbols, sink::stall_sink& out,
             turns& when)
    : todo_(&todo), running_(&running), out_(&out), when_(&when), recorder_(running.programs().flights()),
      flow_(todo.thresholds_ns, symbols, &recorder_), boot_offset_ns_(host::boot_offset_ns()),
      last_look_ns_(host::monotonic_ns()), end_ns_(after(last_look_ns_, todo.duration_ns)),
      next_look_ns_(last_look_ns_ + look_ns), next_refresh_ns_(last_look_ns_ + refresh_ns),
      next_interval_ns_(after(last_look_ns_, interval_of(todo))) {}

result<void> watch::run() {
    return when_->take([this](bool stopped) { return turn(stopped); }, last_look_ns_);
}

bool watch::tell(std::uint64_t now_ns, bool rest) {
    // the order in which incidents went through them is that in which a recording is read
    std::vector<model::stall> stalls = rest ? flow_.take_rest(now_ns) : flow_.take(now_ns);
    if (todo_->around_ns != 0 && !stalls.empty())
        if (const auto names = running_->programs().catalog())
            for (model::stall& one : stalls) recorder_.add_around(one, *names, todo_->around_ns, host::monotonic_ns());
    const auto overs = flow_.take_over();
    auto over = overs.begin();
    for (std::size_t i = 0; i <= stalls.size(); i++) {
        for (; over != overs.end() && (over->before <= i || i == stalls.size()); ++over)
            read_ = read_ && out_->over(over->one);
        if (i < stalls.size()) read_ = read_ && out_->stall(stalls[i]);
    }
    return read_;
}

result<void> watch::take_records() {
    const auto records = running_->take_stalls();
    if (records.empty()) return {};
    const auto names = running_->programs().catalog();
    if (!names) return tl::unexpected(names.error());
    for (const stream::stall_record& record : records) flow_.add(record, *names);
    return {};
}

result<void> watch::look() {
    const std::uint64_t now = host::monotonic_ns();
    if (const std::uint64_t offset = host::boot_offset_ns(); offset > boot_offset_ns_ + suspend_ns) {
        flow_.suspended(last_look_ns_, now);
        boot_offset_ns_ = offset;
    }
    last_look_ns_ = now;
    running_->programs().follow_cpus();
    const auto states = running_->programs().states();
    if (!states) return tl::unexpected(states.error());
    const auto names = running_->programs().catalog(*states);
    if (!names) return tl::unexpected(names.error());
    for (model::stall& stuck : probe::find_stuck(*states, running_->programs().beating(), *names, now))
        flow_.add_stuck(std::move(stuck));
    when_->avoid(flow_.stalled_cpus());
    return {};
}

result<std::optional<std::uint64_t>> watch::turn(bool stopped) {
    const bool more = running_->drain();
    if (auto taken = take_records(); !taken) return tl::unexpected(taken.error());
    const std::uint64_t now = host::monotonic_ns();
    if (now >= next_look_ns_) {
        if (auto looked = look(); !looked) return tl::unexpected(looked.error());
        next_look_ns_ = now + look_ns;
    }
    const bool told = tell(now, false);
    if (todo_->each_turn) todo_->each_turn(now);
    const bool over = stopped || now >= end_ns_ || !told || (todo_->is_over && todo_->is_over(now));
    if (!over && (now >= next_interval_ns_ || (todo_->closes && todo_->closes()))) {
        if (auto closed = close_interval(false); !closed) return tl::unexpected(closed.error());
        next_interval_ns_ = after(now, todo_->interval_ns);
        next_refresh_ns_ = now + refresh_ns;
    } else if (!over && now >= next_refresh_ns_) {
        if (auto refreshed = running_->refresh(); !refreshed) return tl::unexpected(refreshed.error());
        next_refresh_ns_ = now + refresh_ns;
    }
    if (!over) return std::min({end_ns_, next_interval_ns_, more ? now : now + turn_ns});
    if (auto finished = finish(); !finished) return tl::unexpected(finished.error());
    return std::nullopt;
}

result<void> watch::close_interval(bool last) {
    auto one = last && todo_->detach ? running_->finish() : running_->interval();
    if (!one) return tl::unexpected(one.error());
    // what came meanwhile is of it, as its spans are
    if (auto taken = take_records(); !taken) return taken;
    const std::uint64_t end_ns = one->start_ns + one->duration_ns;
    tell(end_ns, last);
    if (todo_->on_interval) {
        model::stalls_report untold;
        flow_.report_asides(untold);
        if (auto counted = running_->add_untold(untold); !counted) return counted;
        todo_->on_interval(*one, untold);
    }
    one->all.clear();
    if (whole_)
        whole_->join(*one);
    else
        whole_ = std::move(*one);
    return {};
}

result<void> watch::finish() {
    if (auto closed = close_interval(true); !closed) return closed;
    if (!read_) return {};
    model::stalls_report report;
    report.whole = std::move(*whole_);
    flow_.report(report);
    if (auto counted = running_->add_untold(report); !counted) return counted;
    out_->report(report);
    return {};
}

} // namespace irqscope::cli

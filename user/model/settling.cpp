// SPDX-License-Identifier: BSD-2-Clause
#include "model/settling.hpp"

#include "model/stretches.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace irqscope::model {

namespace {

bool overlaps(const stall& one, std::uint64_t start_ns, std::uint64_t end_ns) {
    return one.start_ns <= end_ns && start_ns <= one.end_ns;
}

// Away in the middle of timer interrupts, as the stall's own breakdown has it, however many stretches that were. irq_off's
// begins with the beat before.
std::uint64_t away_by_breakdown(const stall& one) {
    return one.where && one.kind != stall_kind::irq_off ? one.where->at(part::steal) : 0;
}

std::uint64_t beyond(std::uint64_t value, std::uint64_t of) { return value > of ? value - of : 0; }

// Stalls that overlap, directly or through others: what was stolen from them is one amount.
struct cluster {
    std::uint64_t start_ns = 0;
    std::uint64_t end_ns = 0;
    std::vector<std::size_t> members;
    std::optional<std::uint64_t> steal_before_ns; // the least of the members'
};

template <typename Held>
std::vector<cluster> clusters_of(const Held& held) {
    std::vector<std::size_t> order(held.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&held](std::size_t a, std::size_t b) { return held[a].one.start_ns < held[b].one.start_ns; });
    std::vector<cluster> all;
    for (const std::size_t i : order) {
        const stall& one = held[i].one;
        if (all.empty() || one.start_ns > all.back().end_ns) all.push_back({one.start_ns, one.end_ns, {}, {}});
        cluster& to = all.back();
        to.end_ns = std::max(to.end_ns, one.end_ns);
        to.members.push_back(i);
        const auto steal_ns = held[i].last.steal_ns;
        if (steal_ns) to.steal_before_ns = std::min(*steal_ns, to.steal_before_ns.value_or(*steal_ns));
    }
    return all;
}

// What was stolen from each held stall of a CPU, given the counters now.
template <typename Held>
std::vector<std::optional<std::uint64_t>> stolen_from(const Held& held, const settled& at) {
    std::vector<std::optional<std::uint64_t>> stolen(held.size());
    const auto now_ns = at.steal_ns;
    if (!now_ns) return stolen;
    std::vector<cluster> clusters = clusters_of(held);
    std::reverse(clusters.begin(), clusters.end());
    std::uint64_t until_ns = *now_ns;
    std::uint64_t left_ns = 0; // that the later clusters cannot have used up
    for (const cluster& one : clusters) {
        if (!one.steal_before_ns) continue;
        const std::uint64_t available_ns = beyond(until_ns, *one.steal_before_ns) + left_ns;
        left_ns = beyond(available_ns, beyond(one.end_ns, one.start_ns));
        until_ns = std::min(until_ns, *one.steal_before_ns);
        for (const std::size_t i : one.members) {
            const auto own_ns = held[i].last.steal_ns;
            if (!own_ns || *own_ns > *now_ns) continue; // unreadable, or another counter: the CPU was away
            const std::uint64_t grown_ns = beyond(available_ns, *own_ns - *one.steal_before_ns);
            const std::uint64_t after_ns = beyond(at.late_ns, held[i].last.late_ns);
            stolen[i] = std::min(beyond(grown_ns, after_ns), held[i].one.at_least_ns);
        }
    }
    return stolen;
}

} // namespace

void settling::add(stall one, const std::optional<before>& last) {
    if (one.state == stall_state::open) {
        add_open(std::move(one));
        return;
    }
    over(one);
    if (!last) {
        pass(std::move(one));
        return;
    }
    auto& held = held_[one.cpu];
    const auto behind =
        std::upper_bound(held.begin(), held.end(), one.end_ns,
                         [](std::uint64_t end_ns, const held_stall& other) { return end_ns < other.one.end_ns; });
    held.insert(behind, {std::move(one), *last});
    if (held.size() > most_held) {
        pass(std::move(held.front().one));
        held.pop_front();
    }
}

void settling::settle(const settled& at) {
    const auto found = held_.find(at.cpu);
    if (found == held_.end()) return;
    auto& held = found->second;
    const auto stolen = stolen_from(held, at);
    for (std::size_t i = 0; !held.empty() && held.front().one.end_ns <= at.until_ns; i++) {
        stall one = std::move(held.front().one);
        held.pop_front();
        one.steal_ns = stolen[i];
        const bool has_hole = at.hole_end_ns != 0 && overlaps(one, at.hole_start_ns, at.hole_end_ns);
        decide(std::move(one), has_hole);
    }
}

bool settling::is_none(const stall& one, std::uint64_t taken_ns) const {
    if (one.kind == stall_kind::lockup) return false; // the kernel's watchdog counts what was taken, too
    const auto threshold = thresholds_.find(one.kind);
    return threshold != thresholds_.end() && 2 * taken_ns >= one.at_least_ns &&
           beyond(one.at_least_ns, taken_ns) < threshold->second;
}

void settling::decide(stall one, bool has_hole) {
    std::optional<aside> why;
    const std::uint64_t steal_ns = one.steal_ns.value_or(0);
    one.away_ns = away_of(one);
    if (one.where) one.where->take_steal(steal_ns);
    if (slept(one))
        why = aside::suspend;
    else if (one.kind != stall_kind::irq_off && one.kind != stall_kind::ksoftirqd && one.kind != stall_kind::lockup &&
             has_hole)
        why = aside::unwatched;
    else if (is_none(one, std::max(steal_ns, one.away_ns)))
        why = one.away_ns > steal_ns ? aside::away : aside::steal;
    decided_.push_back({std::move(one), why});
}

void settling::away(int cpu, const stretch& when) {
    auto& here = aways_[cpu];
    here.push_back(when);
    if (here.size() > most_aways) here.pop_front();
}

std::uint64_t settling::away_in(int cpu, std::uint64_t start_ns, std::uint64_t end_ns) const {
    const auto here = aways_.find(cpu);
    if (here == aways_.end()) return 0;
    stretches inside(most_aways);
    for (const stretch& one : here->second)
        if (one.start_ns < end_ns && start_ns < one.end_ns)
            inside.add(std::max(one.start_ns, start_ns), std::min(one.end_ns, end_ns));
    return inside.total_ns();
}

std::uint64_t settling::away_of(const stall& one) const {
    return std::min(std::max(away_in(one.cpu, one.start_ns, one.end_ns), away_by_breakdown(one)), one.at_least_ns);
}

void settling::add_open(stall one) {
    one.away_ns = away_of(one);
    if (one.away_ns != 0 && is_none(one, one.away_ns))
        open_.push_back(std::move(one));
    else
        decided_.push_back({std::move(one), {}});
}

void settling::over(const stall& gone) {
    std::erase_if(open_, [&gone](const stall& one) { return is_same(one, gone); });
}

void settling::look_at_open(std::uint64_t now_ns) {
    std::erase_if(open_, [&](stall& one) {
        stall grown = one;
        grown.end_ns = std::max(now_ns, one.end_ns);
        grown.at_least_ns = beyond(grown.end_ns, grown.start_ns);
        grown.away_ns = away_of(grown);
        if (is_none(grown, grown.away_ns)) return false;
        decided_.push_back({std::move(grown), {}});
        return true;
    });
}

void settling::suspended(std::uint64_t from_ns, std::uint64_t to_ns) {
    sleeps_.push_back({from_ns, to_ns});
    if (sleeps_.size() > most_sleeps) sleeps_.pop_front();
}

bool settling::slept(const stall& one) const {
    return std::any_of(sleeps_.begin(), sleeps_.end(),
                       [&one](const stretch& sleep) { return overlaps(one, sleep.start_ns, sleep.end_ns); });
}

void settling::release(std::uint64_t now_ns) {
    look_at_open(now_ns);
    for (auto& [cpu, held] : held_)
        while (!held.empty() && held.front().one.end_ns + patience_ns < now_ns) {
            pass(std::move(held.front().one));
            held.pop_front();
        }
}

void settling::release_all() {
    for (auto& [cpu, held] : held_) {
        for (held_stall& each : held) pass(std::move(each.one));
        held.clear();
    }
}

std::vector<decision> settling::take() { return std::exchange(decided_, {}); }

} // namespace irqscope::model

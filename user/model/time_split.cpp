// SPDX-License-Identifier: BSD-2-Clause
#include "model/time_split.hpp"

#include <algorithm>
#include <numeric>

namespace irqscope::model {

namespace {

std::uint64_t sum(const part_totals& of) { return std::accumulate(of.ns.begin(), of.ns.end(), std::uint64_t{0}); }

// a * b / c without an overflow; b <= c
std::uint64_t share_of(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    return std::min(a, static_cast<std::uint64_t>(static_cast<long double>(a) * static_cast<long double>(b) /
                                                  static_cast<long double>(c)));
}

// From the largest part, and from the next one when that has not so much.
void take_back(breakdown& from, std::uint64_t ns) {
    while (ns != 0) {
        const auto largest = std::max_element(from.ns.begin(), from.ns.end());
        const std::uint64_t taken = std::min(ns, *largest);
        if (taken == 0) return;
        *largest -= taken;
        ns -= taken;
    }
}

} // namespace

std::string_view name_of(steal_source which) {
    switch (which) {
    case steal_source::unknown: return "";
    case steal_source::away: return "away";
    case steal_source::runqueue: return "runqueue";
    case steal_source::proc_stat: return "proc_stat";
    }
    return "";
}

std::uint64_t part_totals::first_ns() const { return at_ns - sum(*this); }

void part_totals::extend(std::uint64_t until_ns) {
    if (!seen() || until_ns <= at_ns) return;
    ns.at(static_cast<std::size_t>(current)) += until_ns - at_ns;
    at_ns = until_ns;
}

bool settled_totals::take(const totals_by_cpu& reading) {
    bool all = true;
    for (const auto& [cpu, now] : reading) {
        bool& fits = fits_[cpu];
        if (fits) continue;
        const auto known = known_.find(cpu);
        const auto before = taken_.find(cpu);
        const auto same = [&now = now](const part_totals& other) {
            return other.seen() && other.first_ns() == now.first_ns();
        };
        fits = !now.seen() || (known != known_.end() && same(known->second)) ||
               (before != taken_.end() && same(before->second));
        taken_[cpu] = now;
        all = all && fits;
    }
    return all;
}

std::optional<std::uint64_t> time_split::system_ns() const {
    if (!user_ns) return std::nullopt;
    return where.at(part::task) - *user_ns;
}

std::optional<breakdown> between(const part_totals& from, const part_totals& to) {
    if (!from.seen() || to.at_ns <= from.at_ns) return std::nullopt;
    breakdown made;
    made.start_ns = from.at_ns;
    made.end_ns = to.at_ns;
    std::uint64_t charged = 0;
    for (std::size_t i = 0; i < made.ns.size(); i++) {
        made.ns.at(i) = to.ns.at(i) - std::min(from.ns.at(i), to.ns.at(i));
        charged += made.ns.at(i);
    }
    if (charged < made.length_ns()) made.at(part::unexplained) += made.length_ns() - charged;
    if (charged > made.length_ns()) take_back(made, charged - made.length_ns());
    return made;
}

std::optional<time_split> split_of(int cpu, const part_totals& from, const part_totals& to,
                                   const std::optional<tick_growth>& ticks) {
    if (!to.seen()) return std::nullopt;
    part_totals start = from;
    if (!start.seen()) start.at_ns = to.first_ns();
    const auto where = between(start, to);
    if (!where) return std::nullopt;
    time_split made;
    made.cpu = cpu;
    made.where = *where;
    if (to.steal_ns) {
        const std::uint64_t before = from.steal_ns.value_or(0); // of the first beat, and that counts from there
        made.steal = steal_source::runqueue;
        made.where.take_steal(*to.steal_ns - std::min(before, *to.steal_ns));
    } else if (ticks) {
        made.steal = steal_source::proc_stat;
        made.where.take_steal(ticks->steal_ns);
    } else if (made.where.at(part::steal) != 0) {
        made.steal = steal_source::away;
    }
    if (ticks) made.ticks = ticks->user + ticks->system;
    if (made.ticks != 0) made.user_ns = share_of(made.where.at(part::task), ticks->user, made.ticks);
    return made;
}

time_split sum_of(const std::vector<time_split>& splits) {
    time_split all;
    std::uint64_t task_ns = 0; // of those CPUs that have ticks
    std::uint64_t user_ns = 0;
    bool steal_known = !splits.empty();
    for (const time_split& one : splits) {
        all.where.end_ns += one.where.length_ns();
        for (std::size_t i = 0; i < all.where.ns.size(); i++) all.where.ns.at(i) += one.where.ns.at(i);
        all.ticks += one.ticks;
        if (one.user_ns) {
            task_ns += one.where.at(part::task);
            user_ns += *one.user_ns;
        }
        all.steal = std::max(all.steal, one.steal);
        steal_known = steal_known && one.steal > steal_source::away;
    }
    if (!steal_known) all.steal = all.where.at(part::steal) != 0 ? steal_source::away : steal_source::unknown;
    // CPUs without a tick in a task have hardly any task time: it is split as that of the others
    if (task_ns != 0) all.user_ns = share_of(all.where.at(part::task), user_ns, task_ns);
    return all;
}

void time_splits::join(const time_splits& later) {
    for (const time_split& one : later.cpus) {
        const auto place = std::lower_bound(cpus.begin(), cpus.end(), one.cpu,
                                            [](const time_split& a, int cpu) { return a.cpu < cpu; });
        if (place == cpus.end() || place->cpu != one.cpu) {
            cpus.insert(place, one);
            continue;
        }
        const std::uint64_t start_ns = place->where.start_ns;
        *place = sum_of({*place, one});
        place->cpu = one.cpu;
        place->where.start_ns = start_ns;
        place->where.end_ns += start_ns;
    }
    std::erase_if(absent, [this](int cpu) {
        return std::any_of(cpus.begin(), cpus.end(), [cpu](const time_split& one) { return one.cpu == cpu; });
    });
}

} // namespace irqscope::model

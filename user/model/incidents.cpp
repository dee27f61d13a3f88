// SPDX-License-Identifier: BSD-2-Clause
#include "model/incidents.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace irqscope::model {

namespace {

// An open stall and its ended one as one: the length of the end, and who held while it went on. A run's culprit is what
// ran, so that there a stack of either will do.
stall joined(const stall& open, const stall& ended) {
    stall one = ended;
    const bool is_run = one.kind == stall_kind::softirq_run || one.kind == stall_kind::hardirq_run;
    if (is_run && open.stack.empty()) return one;
    one.culprit = open.culprit;
    one.culprit_ns = open.culprit_ns;
    one.timer_function = open.timer_function;
    one.current = open.current;
    one.stack_is = open.stack_is;
    one.stack = open.stack;
    return one;
}

bool longer(const stall& one, const std::optional<stall>& than) { return !than || one.at_least_ns > than->at_least_ns; }

} // namespace

void incidents::add(stall& one) {
    totals_.add(one);
    cpu_state& cpu = cpus_[one.cpu];
    // A series has one stall at a time: one that is open and began before this one has ended, even if we never hear so.
    for (open_stall& open : cpu.open)
        if (open.one.start_ns < one.start_ns && is_same_series(open.one, one)) open.over = true;
    const auto open = find_open(cpu, one);
    if (one.state == stall_state::open)
        open_comes(cpu, one);
    else if (open != cpu.open.end())
        end_comes(cpu, open, one);
    else {
        const std::string name = group_of(one);
        one.incident = count(cpu, name, one);
        groups_[name].stalls++;
        keep_longest(name, one);
    }
    while (cpu.open.size() > most_open) {
        const auto over = std::find_if(cpu.open.begin(), cpu.open.end(), [](const auto& each) { return each.over; });
        const auto dropped = over == cpu.open.end() ? cpu.open.begin() : over;
        const open_stall was = std::move(*dropped);
        cpu.open.erase(dropped);
        keep(cpu, was);
    }
}

void incidents::open_comes(cpu_state& cpu, stall& one) {
    if (const auto known = find_open(cpu, one); known != cpu.open.end()) {
        one.incident = count(cpu, known->group, one);
        known->one.end_ns = std::max(known->one.end_ns, one.end_ns);
        known->one.at_least_ns = std::max(known->one.at_least_ns, one.at_least_ns);
        known->one.incident = one.incident;
        return;
    }
    std::optional<std::string> name;
    if (!one.activation) name = group_of(one);
    one.incident = count(cpu, name, one);
    if (name) groups_[*name].stalls++;
    cpu.open.push_back({one, name, false});
}

void incidents::end_comes(cpu_state& cpu, std::vector<open_stall>::iterator open, stall& one) {
    const open_stall was = std::move(*open);
    cpu.open.erase(open);
    const std::string name = was.group ? *was.group : group_of(one);
    one.incident = count(cpu, name, one);
    if (!was.group) groups_[name].stalls++;
    keep_longest(name, joined(was.one, one));
}

// Puts its time into the CPU's incidents and into its group, if it has one; returns its incident.
std::uint64_t incidents::count(cpu_state& cpu, const std::optional<std::string>& group_name, const stall& one) {
    const std::uint64_t end_ns = std::max(one.start_ns, one.end_ns);
    std::uint64_t start_ns = one.start_ns;
    for (const open_stall& open : cpu.open)
        if (!open.over) start_ns = std::min(start_ns, open.one.start_ns);
    cpu.newest_end_ns = std::max(cpu.newest_end_ns, end_ns);
    const std::uint64_t number = cpu.all.add(start_ns, end_ns, one.incident != 0 ? one.incident : next_number_);
    next_number_ = std::max(next_number_, number + 1);
    cpu.all.fold(horizon_of(cpu));
    if (group_name) count_in_group(cpu, *group_name, one);
    return number;
}

void incidents::count_in_group(const cpu_state& cpu, const std::string& group_name, const stall& one) {
    std::uint64_t start_ns = one.start_ns;
    for (const open_stall& open : cpu.open)
        if (!open.over && open.group == group_name) start_ns = std::min(start_ns, open.one.start_ns);
    stretches& of_group = groups_[group_name].cpus.try_emplace(one.cpu, most_culprit_stretches).first->second;
    of_group.add(start_ns, std::max(one.start_ns, one.end_ns));
    of_group.fold(horizon_of(cpu));
}

std::uint64_t incidents::horizon_of(const cpu_state& cpu) {
    return cpu.newest_end_ns - std::min(cpu.newest_end_ns, fold_after_ns);
}

bool incidents::over(const stall& ended) {
    cpu_state& cpu = cpus_[ended.cpu];
    const auto open = find_open(cpu, ended);
    if (open == cpu.open.end()) return false;
    open->over = true;
    return true;
}

void incidents::look(std::uint64_t now_ns) {
    for (auto& [number, cpu] : cpus_)
        for (open_stall& open : cpu.open) {
            if (open.over || now_ns <= open.one.end_ns) continue;
            open.one.end_ns = now_ns;
            open.one.at_least_ns = std::max(open.one.at_least_ns, now_ns - open.one.start_ns);
            open.one.incident = count(cpu, open.group, open.one);
        }
}

// What is open counts as it is now, in a copy: it may go on.
void incidents::report(stalls_report& to) const {
    incidents_summary all = summary();
    to.cpus = std::move(all.cpus);
    to.culprits = std::move(all.culprits);
    to.open = std::move(all.open);
    to.totals = totals_;
}

incidents_summary incidents::summary() const {
    incidents now = *this;
    for (const auto& [number, cpu] : cpus_)
        for (const open_stall& open : cpu.open) now.keep(cpu, open);
    return now.all_counted();
}

incidents_summary incidents::all_counted() const {
    incidents_summary all;
    for (const auto& [number, cpu] : cpus_) {
        if (cpu.all.count() != 0) all.cpus[number] = {cpu.all.count(), cpu.all.total_ns(), cpu.all.longest_ns()};
        for (const open_stall& open : cpu.open)
            if (!open.over) all.open.push_back(open.one);
    }
    std::stable_sort(all.open.begin(), all.open.end(), [](const stall& a, const stall& b) {
        return std::tuple(a.cpu, a.start_ns) < std::tuple(b.cpu, b.start_ns);
    });
    for (const auto& [name, from] : groups_) {
        culprit one;
        one.name = name;
        one.stalls = from.stalls;
        for (const auto& [cpu, covered] : from.cpus) {
            one.cpus.push_back(cpu);
            one.stalled_ns += covered.total_ns();
        }
        if (from.longest) one.longest = *from.longest;
        one.longest_ns = one.longest.at_least_ns;
        all.culprits.push_back(std::move(one));
    }
    std::stable_sort(all.culprits.begin(), all.culprits.end(),
                     [](const culprit& a, const culprit& b) { return a.stalled_ns > b.stalled_ns; });
    return all;
}

std::vector<incidents::open_stall>::iterator incidents::find_open(cpu_state& cpu, const stall& one) {
    return std::find_if(cpu.open.begin(), cpu.open.end(),
                        [&one](const open_stall& open) { return is_same(open.one, one); });
}

std::string incidents::group_of(const stall& one) {
    std::string name = culprit_of(one);
    return groups_.size() < most_culprits || groups_.contains(name) ? name : other_culprits;
}

void incidents::keep(const cpu_state& cpu, const open_stall& open) {
    const std::string name = open.group ? *open.group : group_of(open.one);
    if (!open.group) {
        groups_[name].stalls++;
        count_in_group(cpu, name, open.one);
    }
    keep_longest(name, open.one);
}

void incidents::keep_longest(const std::string& group_name, const stall& one) {
    std::optional<stall>& longest = groups_[group_name].longest;
    if (longer(one, longest)) longest = one;
}

} // namespace irqscope::model

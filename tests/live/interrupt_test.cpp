// SPDX-License-Identifier: BSD-2-Clause
// hardirq_run and sysvec_run against /proc/interrupts.
#include "live/support.hpp"
#include "load/load.hpp"

#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>

namespace irqscope::live {

namespace {

bool is_device(const host::proc_row& row) {
    return !row.label.empty() &&
           std::all_of(row.label.begin(), row.label.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// IRQ -> action -> CPU -> count.
using action_counts = std::map<std::uint32_t, std::map<std::string, std::map<int, std::uint64_t>>>;

action_counts counted_actions(const probe::session& session) {
    action_counts all;
    const auto names = must(session.catalog());
    for (std::uint32_t slot = 0; slot <= WIRE_IRQ_SLOTS; slot++)
        for (const auto& [cpu, histogram] : must(session.histograms(WIRE_HIST_HARDIRQ_RUN + slot)))
            if (const auto id = names.series(cpu, WIRE_HIST_HARDIRQ_RUN + slot); id && id->irq && histogram.count != 0)
                all[*id->irq][id->key][cpu] += histogram.count;
    return all;
}

std::uint64_t since(const host::proc_counts& start, const host::proc_counts& end, const std::string& row, int cpu) {
    return end.at(row).by_cpu.at(cpu) - start.at(row).by_cpu.at(cpu);
}

} // namespace

TEST(interrupt, counts_of_a_device_equal_proc_interrupts) {
    const auto session = attached({});
    // The busiest device under this load is the disk; which one it is the kernel tells.
    const auto before_all = must(host::read_interrupts());
    load::direct_file file(".");
    file.read(2'000);
    const auto after_all = must(host::read_interrupts());
    std::string disk;
    std::uint64_t most = 0;
    for (const auto& [label, row] : after_all) {
        if (!is_device(row) || !before_all.contains(label)) continue;
        std::uint64_t came = 0;
        for (const auto& [cpu, count] : row.by_cpu) came += count - before_all.at(label).by_cpu.at(cpu);
        if (came > most) {
            most = came;
            disk = label;
        }
    }
    ASSERT_GE(most, 1'000U) << "no device interrupted for direct reads";
    ASSERT_EQ(after_all.at(disk).description.find(','), std::string::npos) << "the disk's interrupt is shared here";

    const auto irq = static_cast<std::uint32_t>(std::stoul(disk));
    const auto cpus = must(host::online_cpus());
    for (int round = 0, expired = 0; round < 4;) {
        const load::exclusive alone(cpus);
        action_counts ours_start;
        action_counts ours_end;
        const auto start = at_rest(host::read_interrupts, {disk}, [&] { ours_start = counted_actions(session); });
        file.read(5'000);
        const auto end = at_rest(host::read_interrupts, {disk}, [&] { ours_end = counted_actions(session); });
        if (alone.expired()) {
            ASSERT_LT(++expired, 20) << "this machine is too slow for 5,000 reads in a round";
            continue;
        }
        round++;
        ASSERT_EQ(ours_end[irq].size(), 1U) << "one action";
        const std::string action = ours_end[irq].begin()->first;
        EXPECT_NE(end.at(disk).description.find(action), std::string::npos)
            << action << " is not what /proc/interrupts calls it: " << end.at(disk).description;
        std::uint64_t sum = 0;
        for (const auto& [cpu, count] : end.at(disk).by_cpu) {
            EXPECT_EQ(ours_end[irq][action][cpu] - ours_start[irq][action][cpu], since(start, end, disk, cpu))
                << "IRQ " << disk << " on CPU " << cpu;
            sum += since(start, end, disk, cpu);
        }
        EXPECT_GE(sum, 5'000U / 2) << "the load was none";
    }
}

// Every action of every IRQ, shared or not: never more than the IRQ's own count and what a busy handler's loop re-runs
// (handle_irq_event_percpu runs each action once a round). On this machine no re-run is known, so none is allowed.
TEST(interrupt, no_action_is_counted_more_often_than_its_irq) {
    const auto session = attached({});
    std::map<std::uint32_t, bool> seen;
    const auto start = must(host::read_interrupts());
    load::direct_file(".").read(5'000);
    const auto ours = counted_actions(session);
    const auto end = must(host::read_interrupts());
    ASSERT_FALSE(ours.empty());
    for (const auto& [irq, actions] : ours)
        for (const auto& [action, by_cpu] : actions)
            for (const auto& [cpu, count] : by_cpu) {
                const std::string label = std::to_string(irq);
                ASSERT_TRUE(end.contains(label)) << label;
                // attached before `start` was read: a few may have come in between
                EXPECT_LE(count, since(start, end, label, cpu) + 16) << label << " " << action << " on CPU " << cpu;
            }
}

TEST(interrupt, sysvecs_lie_within_proc_interrupts) {
    const auto session = attached({});
    const auto cpus = must(host::online_cpus());
    struct row {
        const char* label;
        std::vector<std::uint32_t> sysvecs;
        std::uint64_t at_least; // on all CPUs: the load must have made some
    };
    const std::vector<row> rows{
        {"LOC", {WIRE_SYSVEC_LOCAL_TIMER}, 20},
        {"RES", {WIRE_SYSVEC_RESCHEDULE}, 100},
        {"CAL", {WIRE_SYSVEC_CALL_FUNCTION, WIRE_SYSVEC_CALL_FUNCTION_SINGLE}, 100},
    };
    struct moment {
        host::proc_counts before;
        std::map<std::string, std::map<int, std::uint64_t>> ours;
        host::proc_counts after;
    };
    const auto look = [&] {
        moment seen;
        seen.before = must(host::read_interrupts());
        for (const row& one : rows)
            for (const std::uint32_t sysvec : one.sysvecs)
                for (const auto& [cpu, count] : counted(session, WIRE_HIST_SYSVEC_RUN + sysvec, 1))
                    seen.ours[one.label][cpu] += count;
        seen.after = must(host::read_interrupts());
        return seen;
    };
    // Each round's ticks are few; what counts is that none of them is missing or made up.
    std::map<std::string, std::uint64_t> came;
    for (int round = 0, expired = 0; round < 4;) {
        const load::exclusive alone(cpus);
        const moment start = look();
        load::interrupt_each_other(cpus, 2'000);
        const moment end = look();
        if (alone.expired()) {
            ASSERT_LT(++expired, 20) << "this machine is too slow for a round";
            continue;
        }
        round++;
        for (const row& one : rows)
            for (const int cpu : cpus) {
                const std::uint64_t ours = end.ours.at(one.label).at(cpu) - start.ours.at(one.label).at(cpu);
                // the kernel counts first; one may be between its count and our exit in each moment
                EXPECT_GE(ours + 1, since(start.after, end.before, one.label, cpu)) << one.label << " CPU " << cpu;
                EXPECT_LE(ours, since(start.before, end.after, one.label, cpu) + 1) << one.label << " CPU " << cpu;
                came[one.label] += ours;
            }
    }
    for (const row& one : rows) EXPECT_GE(came[one.label], one.at_least) << one.label << ": the load was none";
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/catalog.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace irqscope::stream {

namespace {

using model::metric;
using model::series_id;

wire_irq_slot slot(std::uint32_t irq, std::string_view name) {
    wire_irq_slot made{};
    made.irq = irq;
    made.claimed = 1;
    std::copy_n(name.begin(), std::min<std::size_t>(name.size(), WIRE_NAME), static_cast<char*>(made.name));
    return made;
}

constexpr std::uint32_t index_of(std::uint32_t sysvec) { return WIRE_HIST_SYSVEC_RUN + sysvec; }

} // namespace

TEST(catalog, softirq_numbers_are_vector_and_context) {
    const catalog names;
    EXPECT_EQ(names.series(0, WIRE_HIST_SOFTIRQ_RUN), (series_id{metric::softirq_run, "HI", {}, "unknown"}));
    EXPECT_EQ(names.series(0, WIRE_HIST_SOFTIRQ_RUN + 3 * WIRE_CONTEXTS + WIRE_CONTEXT_KSOFTIRQD),
              (series_id{metric::softirq_run, "NET_RX", {}, "ksoftirqd"}));
    EXPECT_EQ(names.series(0, WIRE_HIST_SOFTIRQ_LATENCY - 1), (series_id{metric::softirq_run, "RCU", {}, "inline"}));
    EXPECT_EQ(names.series(0, WIRE_HIST_SOFTIRQ_LATENCY), (series_id{metric::softirq_latency, "HI", {}, {}}));
    EXPECT_EQ(names.series(0, WIRE_HIST_SOFTIRQ_LATENCY + 9), (series_id{metric::softirq_latency, "RCU", {}, {}}));
}

TEST(catalog, sysvec_numbers_have_the_tracepoints_names) {
    const catalog names;
    EXPECT_EQ(names.series(0, WIRE_HIST_SYSVEC_RUN), (series_id{metric::sysvec_run, "local_timer", {}, {}}));
    EXPECT_EQ(names.series(0, index_of(WIRE_SYSVEC_CALL_FUNCTION_SINGLE)),
              (series_id{metric::sysvec_run, "call_function_single", {}, {}}));
    EXPECT_EQ(names.series(0, index_of(WIRE_SYSVEC_DEFERRED_ERROR_APIC)),
              (series_id{metric::sysvec_run, "deferred_error_apic", {}, {}}));
    EXPECT_EQ(names.series(0, index_of(WIRE_SYSVEC_OTHER_IPI)), (series_id{metric::sysvec_run, "other_ipi", {}, {}}));
}

TEST(catalog, threads_have_a_latency_and_a_run_each) {
    const catalog names;
    EXPECT_EQ(names.series(0, WIRE_HIST_KSOFTIRQD_LATENCY),
              (series_id{metric::ksoftirqd_latency, "ksoftirqd", {}, {}}));
    EXPECT_EQ(names.series(0, WIRE_HIST_KSOFTIRQD_LATENCY + 1),
              (series_id{metric::ksoftirqd_latency, "ktimers", {}, {}}));
    EXPECT_EQ(names.series(0, WIRE_HIST_KSOFTIRQD_RUN), (series_id{metric::ksoftirqd_run, "ksoftirqd", {}, {}}));
    EXPECT_EQ(names.series(0, WIRE_HISTS - 1), (series_id{metric::ksoftirqd_run, "ktimers", {}, {}}));
}

TEST(catalog, numbers_between_and_beyond_stand_for_nothing) {
    const catalog names;
    for (std::uint32_t index = index_of(WIRE_SYSVECS); index < WIRE_HIST_HARDIRQ_RUN; index++)
        EXPECT_FALSE(names.series(0, index)) << index;
    EXPECT_FALSE(names.series(0, WIRE_HISTS));
    EXPECT_FALSE(names.series(0, UINT32_MAX));
}

TEST(catalog, every_number_that_needs_no_slot_has_a_name_of_its_own) {
    const catalog names;
    std::set<series_id> seen;
    for (std::uint32_t index = 0; index < index_of(WIRE_SYSVECS); index++) {
        const auto id = names.series(0, index);
        ASSERT_TRUE(id) << index;
        EXPECT_NE(id->key, "?") << index;
        EXPECT_TRUE(seen.insert(*id).second) << index;
    }
    for (std::uint32_t index = WIRE_HIST_HARDIRQ_OTHER; index < WIRE_HISTS; index++) {
        const auto id = names.series(0, index);
        ASSERT_TRUE(id) << index;
        EXPECT_TRUE(seen.insert(*id).second) << index;
    }
}

TEST(catalog, slots_are_each_cpus_own) {
    catalog names;
    names.set_slots(0, {slot(24, "eth0"), slot(25, "nvme0q1")});
    names.set_slots(3, {slot(25, "nvme0q1")});
    EXPECT_EQ(names.series(0, WIRE_HIST_HARDIRQ_RUN), (series_id{metric::hardirq_run, "eth0", 24, {}}));
    EXPECT_EQ(names.series(3, WIRE_HIST_HARDIRQ_RUN), (series_id{metric::hardirq_run, "nvme0q1", 25, {}}));
    EXPECT_EQ(names.series(0, WIRE_HIST_HARDIRQ_RUN + 1), (series_id{metric::hardirq_run, "nvme0q1", 25, {}}));
}

TEST(catalog, slot_that_is_not_claimed_yet_stands_for_nothing) {
    catalog names;
    names.set_slots(0, {slot(24, "eth0")});
    EXPECT_FALSE(names.series(0, WIRE_HIST_HARDIRQ_RUN + 1));
    EXPECT_FALSE(names.series(1, WIRE_HIST_HARDIRQ_RUN));
    EXPECT_FALSE(names.series(0, WIRE_HIST_HARDIRQ_OTHER - 1));
}

TEST(catalog, other_has_no_irq) {
    EXPECT_EQ(catalog{}.series(9, WIRE_HIST_HARDIRQ_OTHER), (series_id{metric::hardirq_run, "other", {}, {}}));
}

TEST(catalog, newer_slots_replace_older_ones) {
    catalog names;
    names.set_slots(0, {slot(24, "eth0")});
    names.set_slots(0, {slot(24, "eth0"), slot(30, "late")});
    EXPECT_EQ(names.series(0, WIRE_HIST_HARDIRQ_RUN + 1)->key, "late");
}

TEST(catalog, name_that_fills_its_field_is_read_no_further) {
    catalog names;
    names.set_slots(0, {slot(24, std::string(WIRE_NAME, 'x'))}); // no terminator
    EXPECT_EQ(names.series(0, WIRE_HIST_HARDIRQ_RUN)->key, std::string(WIRE_NAME, 'x'));
}

TEST(catalog, open_interrupt_is_named_by_the_first_action_of_its_irq) {
    catalog names;
    names.set_slots(0, {slot(24, "eth0"), slot(16, "usb"), slot(16, "sound")});
    EXPECT_EQ(names.hardirq_run(0, 16), (series_id{metric::hardirq_run, "usb", 16, {}}));
    EXPECT_EQ(names.hardirq_run(0, 99), (series_id{metric::hardirq_run, "?", 99, {}}));
    EXPECT_EQ(names.hardirq_run(7, 16), (series_id{metric::hardirq_run, "?", 16, {}}));
}

TEST(catalog, number_that_is_none_is_a_question_mark) {
    EXPECT_EQ(sysvec_name(WIRE_SYSVECS), "?");
    EXPECT_EQ(context_name(WIRE_CONTEXTS), "?");
    EXPECT_EQ(vector_name(WIRE_VECTORS), "?");
    EXPECT_EQ(vector_name(UINT32_MAX), "?");
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/sysvecs.hpp"

#include "probe/made_btf.hpp"

#include <gtest/gtest.h>

namespace irqscope::probe {

namespace {

const host::proc_counts x86 = host::parse_proc_counts("CPU0 CPU1\n"
                                                      "LOC: 1 2 Local timer interrupts\n"
                                                      "IWI: 1 2 IRQ work interrupts\n"
                                                      "RES: 1 2 Rescheduling interrupts\n"
                                                      "CAL: 1 2 Function call interrupts\n"
                                                      "TLB: 1 2 TLB shootdowns\n")
                                  .value();
const host::proc_counts arm64 =
    host::parse_proc_counts("           CPU0       CPU1\n"
                            " 11:       2030       1829     GICv3  27 Level     arch_timer\n"
                            "IPI0:        85        101       Rescheduling interrupts\n"
                            "IPI1:       716        725       Function call interrupts\n"
                            "IPI2:         0          0       CPU stop interrupts\n"
                            "IPI5:         0          3       IRQ work interrupts\n"
                            "Err:          0\n")
        .value();

kernel with(std::initializer_list<const char*> tracepoints) {
    made_btf types;
    for (const char* name : tracepoints) {
        types.tracepoint(std::string(name) + "_entry");
        types.tracepoint(std::string(name) + "_exit");
    }
    auto on = kernel::inspect(types.path());
    EXPECT_TRUE(on) << on.error().message;
    return std::move(*on);
}

} // namespace

TEST(sysvecs, are_told_by_tracepoints_of_their_own) {
    const kernel on = with({"local_timer", "reschedule", "ipi"}); // x86 since 6.4 has ipi_entry's type as well
    EXPECT_FALSE(tells_ipis(on)) << "it is never called there";
    EXPECT_TRUE(tells_sysvec(on, "local_timer"));
    EXPECT_TRUE(tells_sysvec(on, "reschedule"));
    EXPECT_FALSE(tells_sysvec(on, "irq_work"));
    EXPECT_FALSE(tells_sysvec(on, "other_ipi"));
}

TEST(sysvecs, between_cpus_are_told_by_one_tracepoint_for_all) {
    const kernel on = with({"ipi"});
    EXPECT_TRUE(tells_ipis(on));
    for (const char* name : {"reschedule", "call_function", "irq_work", "timer_broadcast", "other_ipi"})
        EXPECT_TRUE(tells_sysvec(on, name)) << name;
    for (const char* name : {"local_timer", "call_function_single", "thermal_apic"})
        EXPECT_FALSE(tells_sysvec(on, name)) << name;
}

TEST(sysvecs, that_nothing_tells_are_not_told) {
    const kernel on = with({"softirq"});
    EXPECT_FALSE(tells_ipis(on));
    EXPECT_FALSE(tells_sysvec(on, "reschedule"));
}

TEST(sysvecs, are_counted_in_the_rows_of_their_architecture) {
    EXPECT_EQ(row_of_sysvec("local_timer", x86), "LOC");
    EXPECT_EQ(row_of_sysvec("call_function", x86), "CAL");
    EXPECT_EQ(row_of_sysvec("call_function_single", x86), "CAL");
    EXPECT_EQ(row_of_sysvec("timer_broadcast", x86), "");
    EXPECT_EQ(row_of_sysvec("reschedule", arm64), "IPI0");
    EXPECT_EQ(row_of_sysvec("call_function", arm64), "IPI1");
    EXPECT_EQ(row_of_sysvec("irq_work", arm64), "IPI5");
    EXPECT_EQ(row_of_sysvec("local_timer", arm64), "");
    EXPECT_EQ(row_of_sysvec("call_function_single", arm64), "");
    EXPECT_EQ(row_of_sysvec("other_ipi", arm64), "") << "in several rows";
}

TEST(sysvecs, rows_that_count_something_else_are_told_from_theirs) {
    EXPECT_TRUE(is_sysvec_row("CAL", x86));
    EXPECT_FALSE(is_sysvec_row("TLB", x86));
    EXPECT_TRUE(is_sysvec_row("IPI1", arm64));
    EXPECT_FALSE(is_sysvec_row("IPI2", arm64));
    EXPECT_FALSE(is_sysvec_row("Err", arm64));
    EXPECT_FALSE(is_sysvec_row("", arm64));
}

} // namespace irqscope::probe

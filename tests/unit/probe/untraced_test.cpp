// SPDX-License-Identifier: BSD-2-Clause
#include "probe/untraced.hpp"

#include "probe/made_btf.hpp"

#include <gmock/gmock.h>

namespace irqscope::probe {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view x86 = "      CPU0  CPU1\n"
                                 " 24:      1     2  PCI-MSI 1-edge nic\n"
                                 "NMI:      1     2   Non-maskable interrupts\n"
                                 "LOC:      1     2   Local timer interrupts\n"
                                 "PMI:      1     2   Performance monitoring interrupts\n"
                                 "RTR:      0     0   APIC ICR read retries\n"
                                 "RES:      1     2   Rescheduling interrupts\n"
                                 "CAL:      1     2   Function call interrupts\n"
                                 "TLB:      1     2   TLB shootdowns\n"
                                 "HYP:      1     2   Hypervisor callback interrupts\n"
                                 "ERR:      0\n"
                                 "MIS:      0\n"
                                 "PIN:      0     0   Posted-interrupt notification event\n";

std::vector<std::string> untraced(made_btf& types, std::string_view interrupts) {
    const auto on = kernel::inspect(types.path());
    EXPECT_TRUE(on) << on.error().message;
    return untraced_labels(*on, host::parse_proc_counts(interrupts).value());
}

} // namespace

TEST(untraced, rows_without_a_tracepoint_in_this_kernel_are_listed) {
    made_btf types;
    types.tracepoint("local_timer_entry");
    types.tracepoint("call_function_single_entry");
    EXPECT_THAT(untraced(types, x86), ElementsAre("RES", "NMI", "HYP", "PIN"));
}

TEST(untraced, rows_with_a_tracepoint_are_not) {
    made_btf types;
    for (const char* name : {"local_timer_entry", "reschedule_entry", "call_function_single_entry"})
        types.tracepoint(name);
    EXPECT_THAT(untraced(types, x86), ElementsAre("NMI", "HYP", "PIN"));
}

TEST(untraced, device_interrupts_and_rows_that_count_no_interrupts_are_never_listed) {
    made_btf types;
    EXPECT_THAT(untraced(types, "CPU0\n 24: 1 nic\nTLB: 1\nRTR: 1\nMCP: 1\nPMI: 1\nERR: 1\nMIS: 1\n"), IsEmpty());
}

TEST(untraced, interrupts_between_cpus_are_listed_where_nothing_tells_them) {
    constexpr std::string_view arm64 = "CPU0 CPU1\n"
                                       " 11: 1 2 GICv3 27 Level arch_timer\n"
                                       "IPI0: 1 2 Rescheduling interrupts\n"
                                       "IPI1: 1 2 Function call interrupts\n"
                                       "Err: 0\n";
    made_btf types;
    EXPECT_THAT(untraced(types, arm64), ElementsAre("IPI0", "IPI1"));
    types.tracepoint("ipi_entry");
    types.tracepoint("ipi_exit");
    EXPECT_THAT(untraced(types, arm64), IsEmpty());
}

TEST(untraced, rows_that_this_machine_does_not_have_are_not_listed) {
    made_btf types;
    EXPECT_THAT(untraced(types, "CPU0\nHVS: 4  Hyper-V stimer0 interrupts\n"), ElementsAre("HVS"));
}

} // namespace irqscope::probe

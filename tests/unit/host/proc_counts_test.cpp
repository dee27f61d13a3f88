// SPDX-License-Identifier: BSD-2-Clause
#include "host/proc_counts.hpp"

#include <gtest/gtest.h>

namespace irqscope::host {

namespace {

using counts = std::map<int, std::uint64_t>;

// x86, CPU 1 offline: the numbers have a hole
constexpr std::string_view x86 =
    "           CPU0       CPU2       CPU3       \n"
    "  0:         44          0          0  IR-IO-APIC    2-edge      timer\n"
    " 16:          7          0         90  IR-IO-APIC   16-fasteoi   ehci_hcd:usb1, snd_hda_intel:card0\n"
    " 24:          0          0          0\n"
    "130: 4294967295          1 5000000000  IR-PCI-MSI-0000:3b:00.0   12-edge      mlx5_comp11@pci:0000:3b:00.0\n"
    "NMI:         12         13         14   Non-maskable interrupts\n"
    "LOC:   19968721   20411853    8877110   Local timer interrupts\n"
    "ERR:          3\n"
    "MIS:          0\n"
    "PIN:          0          0          0   Posted-interrupt notification event\n";

constexpr std::string_view arm64 = "           CPU0       CPU1       \n"
                                   " 11:     991734     880021     GICv3  27 Level     arch_timer\n"
                                   "IPI0:     15221      16002       Rescheduling interrupts\n"
                                   "IPI1:       880        919       Function call interrupts\n"
                                   "IPI6:         0          0       CPU backtrace interrupts\n"
                                   "Err:          0\n";

constexpr std::string_view softirqs = "                    CPU0       CPU1       CPU5       \n"
                                      "          HI:          1          0          2\n"
                                      "      NET_RX:    1234567          0         99\n"
                                      "    IRQ_POLL:          0          0          0\n"
                                      "         RCU:        100        200        300\n";

} // namespace

TEST(proc_counts, columns_belong_to_the_cpus_of_the_heading_holes_and_all) {
    const auto rows = parse_proc_counts(x86).value();
    EXPECT_EQ(rows.at("0").by_cpu, (counts{{0, 44}, {2, 0}, {3, 0}}));
    EXPECT_EQ(rows.at("LOC").by_cpu, (counts{{0, 19968721}, {2, 20411853}, {3, 8877110}}));
    EXPECT_EQ(rows.size(), 9U);
}

TEST(proc_counts, counts_may_need_more_than_32_bits) {
    EXPECT_EQ(parse_proc_counts(x86).value().at("130").by_cpu.at(3), 5'000'000'000U);
}

TEST(proc_counts, shared_irq_keeps_all_its_actions_in_the_description) {
    const auto rows = parse_proc_counts(x86).value();
    EXPECT_EQ(rows.at("16").description, "IR-IO-APIC   16-fasteoi   ehci_hcd:usb1, snd_hda_intel:card0");
    EXPECT_EQ(rows.at("NMI").description, "Non-maskable interrupts");
    EXPECT_EQ(rows.at("24").description, "");
}

TEST(proc_counts, row_with_one_number_belongs_to_no_cpu) {
    const auto rows = parse_proc_counts(x86).value();
    EXPECT_EQ(rows.at("ERR").by_cpu, (counts{{-1, 3}}));
    EXPECT_EQ(rows.at("ERR").on({0, 2, 3}), 0U);
    EXPECT_EQ(rows.at("MIS").by_cpu, (counts{{-1, 0}}));
}

TEST(proc_counts, rows_of_arm64_ipis_are_read) {
    const auto rows = parse_proc_counts(arm64).value();
    EXPECT_EQ(rows.at("IPI0").by_cpu, (counts{{0, 15221}, {1, 16002}}));
    EXPECT_EQ(rows.at("IPI1").description, "Function call interrupts");
    EXPECT_EQ(rows.at("11").by_cpu, (counts{{0, 991734}, {1, 880021}}));
    EXPECT_TRUE(rows.contains("Err"));
}

TEST(proc_counts, softirqs_have_the_same_shape) {
    const auto rows = parse_proc_counts(softirqs).value();
    EXPECT_EQ(rows.at("NET_RX").by_cpu, (counts{{0, 1234567}, {1, 0}, {5, 99}}));
    EXPECT_EQ(rows.at("NET_RX").label, "NET_RX");
    EXPECT_EQ(rows.at("IRQ_POLL").by_cpu.size(), 3U);
}

TEST(proc_counts, description_that_begins_with_a_number_is_no_count) {
    // a chip whose name is a number: there is exactly one count a CPU, the rest is words
    const auto rows = parse_proc_counts("  CPU0  CPU1\n 5:  10  20  12345  7-edge  ttyS0\n").value();
    EXPECT_EQ(rows.at("5").by_cpu, (counts{{0, 10}, {1, 20}}));
    EXPECT_EQ(rows.at("5").description, "12345  7-edge  ttyS0");
}

TEST(proc_counts, very_long_names_come_through_whole) {
    const std::string name(5000, 'n');
    const auto rows = parse_proc_counts("CPU0\n 24: 1 PCI-MSI " + name + "\n" + name + ": 2\n").value();
    EXPECT_EQ(rows.at("24").description, "PCI-MSI " + name);
    EXPECT_EQ(rows.at(name).by_cpu.at(0), 2U);
}

TEST(proc_counts, wide_machine_is_read_to_its_last_column) {
    std::string text = "     ";
    std::string row = " 24:";
    for (int cpu = 0; cpu < 1024; cpu++) {
        text += " CPU" + std::to_string(cpu);
        row += "   " + std::to_string(cpu * 10);
    }
    const auto rows = parse_proc_counts(text + "\n" + row + " PCI-MSI nic\n").value();
    EXPECT_EQ(rows.at("24").by_cpu.size(), 1024U);
    EXPECT_EQ(rows.at("24").by_cpu.at(1023), 10'230U);
}

TEST(proc_counts, text_without_its_last_newline_loses_no_row) {
    EXPECT_EQ(parse_proc_counts("CPU0\nLOC: 5").value().at("LOC").by_cpu.at(0), 5U);
}

TEST(proc_counts, sum_is_over_the_wanted_cpus_that_there_are) {
    const auto rows = parse_proc_counts(x86).value();
    EXPECT_EQ(rows.at("NMI").on({0, 3}), 26U);
    EXPECT_EQ(rows.at("NMI").on({1}), 0U);
    EXPECT_EQ(rows.at("NMI").on({}), 0U);
}

TEST(proc_counts, text_without_a_heading_of_cpus_fails) {
    for (const char* text : {"", "\n", "LOC: 5\n", " 24: 1\nCPU0\n", "CPU\n", "CPUx CPU1\n", "CPU0 5\n"}) {
        const auto rows = parse_proc_counts(text);
        ASSERT_FALSE(rows) << text;
        EXPECT_EQ(rows.error().status, exit_status::failed);
    }
}

TEST(proc_counts, lines_that_are_no_rows_are_passed_over) {
    const auto rows = parse_proc_counts("CPU0\n\n:\nword 5\n   \nLOC: 5\n").value();
    EXPECT_EQ(rows.size(), 1U);
}

TEST(proc_counts, files_of_this_machine_can_be_read) {
    const auto rows = read_softirqs();
    ASSERT_TRUE(rows) << rows.error().message;
    for (const char* vector : {"TIMER", "NET_RX", "RCU"}) EXPECT_TRUE(rows->contains(vector)) << vector;
    EXPECT_TRUE(read_interrupts());
}

} // namespace irqscope::host

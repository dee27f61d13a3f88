// SPDX-License-Identifier: BSD-2-Clause
#include "sink/text_matrix.hpp"

#include <gtest/gtest.h>

namespace irqscope::sink {

namespace {

using model::metric;

void add(model::snapshot& to, std::optional<std::uint32_t> irq, const std::string& key, int cpu, std::uint64_t times,
         std::uint64_t ns) {
    model::series one;
    one.id = {metric::hardirq_run, key, irq, {}};
    one.cpu = cpu;
    for (std::uint64_t i = 0; i < times; i++) one.values.count(ns, ns / 10);
    to.all.push_back(one);
}

} // namespace

TEST(irq_matrix, has_a_row_for_each_interrupt_the_one_with_most_time_first) {
    model::snapshot from;
    from.duration_ns = 1'000'000'000;
    from.coverage.cpus = {0, 1};
    add(from, 36, "virtio1-req.0", 0, 1'000, 1'000);
    add(from, 36, "virtio1-req.0", 1, 2, 1'000);
    add(from, 40, "eth0", 1, 2'000, 10'000);
    add(from, {}, "other", 0, 1, 500);
    const std::vector<model::irq_route> routes{{36, {"virtio1-req.0"}, "0-1", "0"}, {40, {"eth0"}, "1", ""}};
    EXPECT_EQ(irq_matrix(from, routes), "\n"
                                        "device interrupts: how often on which CPU\n"
                                        "  irq                        affinity        CPU 0       CPU 1\n"
                                        "  40 eth0                    1                   .       2,000\n"
                                        "  36 virtio1-req.0           0               1,000           2\n"
                                        "  other                                          1           .\n"
                                        "  their share of the CPU                    0.09 %      1.80 %\n"
                                        "\n");
}

TEST(irq_matrix, of_many_cpus_shows_those_with_most_of_the_time) {
    model::snapshot from;
    from.duration_ns = 1'000'000'000;
    for (int cpu = 0; cpu < 64; cpu++) {
        from.coverage.cpus.push_back(cpu);
        add(from, 36, "nvme0q1", cpu, static_cast<std::uint64_t>(1 + (cpu * 7) % 64), 1'000);
    }
    const std::string text = irq_matrix(from, {});
    EXPECT_NE(text.find("60 others"), std::string::npos) << text;
    EXPECT_NE(text.find("CPU 9 "), std::string::npos) << "9 * 7 % 64 is 63\n" << text;
    std::size_t longest = 0;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
        longest = std::max(longest, end - at);
    EXPECT_LE(longest, 100U) << text;
}

TEST(irq_matrix, is_nothing_without_interrupts_and_no_name_breaks_it) {
    model::snapshot from;
    EXPECT_EQ(irq_matrix(from, {}), "");
    from.coverage.cpus = {0};
    add(from, 1, "a\x1b[2J" + std::string(100, 'x'), 0, 1, 1);
    EXPECT_EQ(irq_matrix(from, {}).find('\x1b'), std::string::npos);
}

} // namespace irqscope::sink

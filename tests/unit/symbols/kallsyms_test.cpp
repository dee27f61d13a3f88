// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/kallsyms.hpp"

#include <gtest/gtest.h>

namespace irqscope::symbols {

namespace {

constexpr std::string_view text = "0000000000000000 A fixed_percpu_data\n"
                                  "ffffffff81000000 T _stext\n"
                                  "ffffffff81369810 t __irq_exit_rcu\n"
                                  "ffffffff81369900 T irq_exit_rcu\n"
                                  "ffffffff81369900 T __pfx_after\n"
                                  "ffffffff81369920 t run_ksoftirqd\n"
                                  "ffffffff81369960 d do_softirq\n"
                                  "ffffffff81400000 T _etext\n"
                                  "ffffffffc0001000 t run_ksoftirqd\t[strange]\n"
                                  "ffffffffc0002000 t last\t[strange]\n";

} // namespace

TEST(kallsyms, function_reaches_to_the_next_symbol) {
    const auto found = find_functions(text, {"__irq_exit_rcu"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.at("__irq_exit_rcu").start, 0xffffffff81369810U);
    EXPECT_EQ(found.at("__irq_exit_rcu").size, 0xf0U);
}

TEST(kallsyms, symbol_at_the_same_address_does_not_make_it_empty) {
    EXPECT_EQ(find_functions(text, {"irq_exit_rcu"}).at("irq_exit_rcu").size, 0x20U);
}

TEST(kallsyms, only_whole_names_match) {
    EXPECT_TRUE(find_functions(text, {"irq_exit", "exit_rcu", "_irq_exit_rcu", "run_ksoftirqd\t[strange]"}).empty());
}

TEST(kallsyms, function_of_a_module_is_not_the_core_kernels) {
    const auto found = find_functions(text, {"run_ksoftirqd", "last"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.at("run_ksoftirqd").start, 0xffffffff81369920U);
}

TEST(kallsyms, data_of_the_name_is_no_function) { EXPECT_TRUE(find_functions(text, {"do_softirq"}).empty()); }

TEST(kallsyms, hidden_addresses_give_nothing) {
    EXPECT_TRUE(find_functions("0000000000000000 t __irq_exit_rcu\n"
                               "0000000000000000 t run_ksoftirqd\n",
                               {"__irq_exit_rcu", "run_ksoftirqd"})
                    .empty());
}

TEST(kallsyms, function_before_a_hole_is_not_megabytes_long) {
    const auto found =
        find_functions("ffffffff81000000 t run_ksoftirqd\nffffffffa0000000 T other\n", {"run_ksoftirqd"});
    EXPECT_EQ(found.at("run_ksoftirqd").size, 64U * 1024);
}

TEST(kallsyms, function_without_an_end_is_left_out) {
    EXPECT_TRUE(find_functions("ffffffff81000000 t run_ksoftirqd\n", {"run_ksoftirqd"}).empty());
}

TEST(kallsyms, broken_lines_are_passed_over) {
    const auto found = find_functions("\nzzz\nffffffff81000000\nffffffff81000000 t\nffffffff81000000 t \n"
                                      "fffffffffffffffffff t run_ksoftirqd\nffffffff81000010 t run_ksoftirqd\n"
                                      "ffffffff81000020 t x",
                                      {"run_ksoftirqd"});
    EXPECT_EQ(found.at("run_ksoftirqd").start, 0xffffffff81000010U);
    EXPECT_EQ(found.at("run_ksoftirqd").size, 0x10U);
}

TEST(kallsyms, empty_text_gives_nothing) { EXPECT_TRUE(find_functions("", {"x"}).empty()); }

} // namespace irqscope::symbols

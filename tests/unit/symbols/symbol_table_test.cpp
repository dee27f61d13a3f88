// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/symbol_table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace irqscope::symbols {

namespace {

constexpr std::string_view text = "0000000000000000 A fixed_percpu_data\n"
                                  "ffffffff81000000 T _stext\n"
                                  "ffffffff81000000 T _text\n"
                                  "ffffffff81000040 T startup_64\n"
                                  "ffffffff81369800 t __pfx_do_exit\n"
                                  "ffffffff81369810 t do_exit\n"
                                  "ffffffff81369900 t __pfx_vfs_write\n"
                                  "ffffffff81369910 T vfs_write\n"
                                  "ffffffff81400000 T _etext\n"
                                  "ffffffff82000000 D jiffies\n"
                                  "ffffffffc0001000 t virtnet_poll\t[virtio_net]\n"
                                  "ffffffffc0002000 t bpf_prog_6deef7357e7b4530_on_beat\t[bpf]\n"
                                  "ffffffffc0003000 t ftrace_trampoline\t[__builtin__ftrace]\n";

std::string name_of(std::string_view kallsyms, std::uint64_t address) {
    return symbol_table(kallsyms).name_of(address);
}

} // namespace

TEST(symbol_table, address_is_its_function_and_offset) {
    EXPECT_EQ(name_of(text, 0xffffffff81369822), "do_exit+0x12");
    EXPECT_EQ(name_of(text, 0xffffffff81369911), "vfs_write+0x1");
}

TEST(symbol_table, module_is_named) {
    EXPECT_EQ(name_of(text, 0xffffffffc0001012), "virtnet_poll+0x12 [virtio_net]");
    EXPECT_EQ(name_of(text, 0xffffffffc0002034), "bpf_prog_6deef7357e7b4530_on_beat+0x34 [bpf]");
    EXPECT_EQ(name_of(text, 0xffffffffc0003020), "ftrace_trampoline+0x20 [__builtin__ftrace]");
}

TEST(symbol_table, last_of_a_module_is_told) {
    const symbol_table table("ffffffffc0001000 t open\t[a]\n"
                             "ffffffffc0001100 t close\t[a]\n"
                             "ffffffffc0002000 t open\t[b]\n"
                             "ffffffffc0002100 t close\t[b]\n"
                             "ffffffffc0002200 d table\t[b]\n"
                             "ffffffffc0003000 t end\t[c]\n");
    const auto is_last = [&table](std::uint64_t address) { return table.find(address).value().last; };
    EXPECT_FALSE(is_last(0xffffffffc0001010));
    EXPECT_TRUE(is_last(0xffffffffc0001110));
    EXPECT_FALSE(is_last(0xffffffffc0002010));
    EXPECT_FALSE(is_last(0xffffffffc0002110)) << "its data is behind it";
    EXPECT_TRUE(is_last(0xffffffffc0003010));
}

TEST(symbol_table, what_is_in_no_function_is_an_address) {
    EXPECT_EQ(name_of(text, 0), "0x0");
    EXPECT_EQ(name_of(text, 1), "0x1");
    EXPECT_EQ(name_of(text, 0xffffffff80ffffff), "0xffffffff80ffffff") << "below the first";
    EXPECT_EQ(name_of(text, 0xffffffff81400010), "0xffffffff81400010") << "behind the end of the text";
    EXPECT_EQ(name_of(text, 0xffffffff82000010), "0xffffffff82000010") << "data";
    EXPECT_EQ(name_of(text, 0xffffffff81369910 + 65537), fmt::format("0x{:x}", 0xffffffff81369910 + 65537))
        << "longer than a function";
    EXPECT_EQ(name_of(text, UINT64_MAX), "0xffffffffffffffff");
    EXPECT_EQ(name_of("", 0xffffffff81369822), "0xffffffff81369822");
}

TEST(symbol_table, return_address_behind_a_function_is_in_the_function_that_called) {
    EXPECT_EQ(name_of(text, 0xffffffff81369900), "do_exit+0xf0") << "the last call of do_exit never returns";
    const std::string_view tight = "ffffffff81000000 T first\nffffffff81000020 T second\n";
    EXPECT_EQ(name_of(tight, 0xffffffff81000020), "first+0x20");
    EXPECT_EQ(name_of(tight, 0xffffffff81000021), "second+0x1");
    EXPECT_EQ(name_of(tight, 0xffffffff81000000), "0xffffffff81000000") << "nothing is before it that could call";
}

TEST(symbol_table, instruction_at_a_functions_start_is_the_functions_own) {
    const symbol_table table("ffffffff81000000 T first\nffffffff81000020 T second\n");
    EXPECT_EQ(table.name_at(0xffffffff81000020), "second+0x0");
    EXPECT_EQ(table.name_at(0xffffffff81000000), "first+0x0");
    EXPECT_EQ(table.name_at(0xffffffff80ffffff), "0xffffffff80ffffff");
}

TEST(symbol_table, padding_before_a_function_calls_nothing) {
    EXPECT_EQ(name_of(text, 0xffffffff81369910), "vfs_write+0x0");
    EXPECT_EQ(symbol_table(text).name_at(0xffffffff81369910), "vfs_write+0x0");
    EXPECT_EQ(name_of(text, 0xffffffff81369908), "__pfx_vfs_write+0x8") << "patched with code: call thunks";
}

TEST(symbol_table, padding_does_not_win_over_a_function_at_its_address) {
    EXPECT_EQ(name_of("ffffffff81000000 T __pfx_f\nffffffff81000000 t f\nffffffff81000100 T g\n", 0xffffffff81000004),
              "f+0x4");
}

TEST(symbol_table, global_symbol_wins_over_weak_and_those_over_local) {
    const auto with = [](std::string_view types) {
        std::string lines;
        for (const char type : types) lines += fmt::format("ffffffff81000000 {} of_{}\n", type, type);
        return name_of(lines, 0xffffffff81000001);
    };
    for (const char* types : {"tWT", "TWt", "WTt", "tT", "Tt"}) EXPECT_EQ(with(types), "of_T+0x1") << types;
    for (const char* types : {"tW", "Wt", "tWw"}) EXPECT_EQ(with(types), "of_W+0x1") << types;
}

TEST(symbol_table, of_equals_the_first_wins) {
    EXPECT_EQ(name_of("ffffffff81000010 T memcpy\nffffffff81000010 T __memcpy\n", 0xffffffff81000011), "memcpy+0x1");
    EXPECT_EQ(name_of("ffffffff81000010 T __memcpy\nffffffff81000010 T memcpy\n", 0xffffffff81000011), "__memcpy+0x1");
}

TEST(symbol_table, function_wins_over_the_mark_of_its_section) {
    EXPECT_EQ(name_of("ffffffff81c00000 T __irqentry_text_end\n"
                      "ffffffff81c00000 T __softirqentry_text_start\n"
                      "ffffffff81c00000 t handle_softirqs\n",
                      0xffffffff81c00123),
              "handle_softirqs+0x123");
    EXPECT_EQ(name_of(text, 0xffffffff81000010), "_stext+0x10") << "better than nothing";
}

TEST(symbol_table, padding_at_a_mark_is_padding) {
    const std::string_view lines = "ffffffff8226d000 T before\n"
                                   "ffffffff8226daf0 t __pfx__raw_spin_lock_irqsave\n"
                                   "ffffffff8226daf0 T __lock_text_start\n"
                                   "ffffffff8226db00 T _raw_spin_lock_irqsave\n";
    EXPECT_EQ(name_of(lines, 0xffffffff8226db00), "_raw_spin_lock_irqsave+0x0");
    EXPECT_EQ(name_of(lines, 0xffffffff8226daf0), "before+0xaf0");
}

TEST(symbol_table, system_call_of_two_names_has_the_native_one) {
    EXPECT_EQ(name_of("ffffffff81382730 t __do_sys_getpid\n"
                      "ffffffff81382730 T __ia32_sys_getpid\n"
                      "ffffffff81382730 T __x64_sys_getpid\n",
                      0xffffffff81382731),
              "__x64_sys_getpid+0x1");
}

TEST(symbol_table, data_is_no_function_and_ends_the_one_before) {
    const std::string_view lines = "ffffffff81000000 T f\n"
                                   "ffffffff81000010 d table\n"
                                   "ffffffff81000018 D other\n"
                                   "ffffffff81000020 t g\n"
                                   "ffffffff81000030 w h\n"
                                   "ffffffff81000040 V v\n";
    EXPECT_EQ(name_of(lines, 0xffffffff81000008), "f+0x8");
    EXPECT_EQ(name_of(lines, 0xffffffff81000014), "0xffffffff81000014");
    EXPECT_EQ(name_of(lines, 0xffffffff8100001c), "0xffffffff8100001c");
    EXPECT_EQ(name_of(lines, 0xffffffff81000024), "g+0x4");
    EXPECT_EQ(name_of(lines, 0xffffffff81000034), "h+0x4");
    EXPECT_EQ(name_of(lines, 0xffffffff81000044), "0xffffffff81000044");
}

TEST(symbol_table, lines_may_come_in_any_order) {
    EXPECT_EQ(name_of("ffffffffc0002000 t late\t[m]\nffffffffc0001000 t early\t[m]\nffffffff81000000 T core\n",
                      0xffffffffc0001004),
              "early+0x4 [m]");
}

TEST(symbol_table, modules_that_come_again_keep_their_names) {
    std::string lines;
    for (int i = 0; i < 300; i++) lines += fmt::format("ffffffffc0{:03x}000 t f{}\t[m{}]\n", i, i, i % 3);
    const symbol_table table(lines);
    for (std::uint64_t i = 0; i < 300; i++)
        EXPECT_EQ(table.name_of(0xffffffffc0000001 + (i << 12)), fmt::format("f{}+0x1 [m{}]", i, i % 3));
}

TEST(symbol_table, more_modules_than_there_can_be_do_not_mix_their_names) {
    std::string lines;
    for (std::uint64_t i = 0; i < 70'000; i++)
        lines += fmt::format("{:x} t f\t[m{}]\n", 0xffffffffc0000000 + i * 16, i);
    const symbol_table table(lines);
    EXPECT_EQ(table.name_of(0xffffffffc0000001), "f+0x1 [m0]");
    EXPECT_EQ(table.name_of(0xffffffffc0000000 + 65'533 * 16 + 1), "f+0x1 [m65533]");
}

TEST(symbol_table, hidden_addresses_are_told_from_none) {
    const symbol_table hidden("0000000000000000 T _text\n0000000000000000 t f\t[m]\n");
    EXPECT_TRUE(hidden.hidden());
    EXPECT_EQ(hidden.size(), 0U);
    EXPECT_EQ(hidden.name_of(0xffffffff81000001), "0xffffffff81000001");
    EXPECT_FALSE(symbol_table(text).hidden());
    EXPECT_FALSE(symbol_table("").hidden());
    EXPECT_FALSE(symbol_table().hidden());
    EXPECT_FALSE(symbol_table("0000000000000000 A fixed_percpu_data\n").hidden());
}

TEST(symbol_table, broken_lines_are_passed_over) {
    const symbol_table table(
        "\n\n \nzzz\nffffffff81000000\nffffffff81000000 \nffffffff81000000 t\nffffffff81000000 t \n"
        "ffffffff81000000tf\nffffffff81000000 tt f\nfffffffffffffffff T too_long\n-1 t f\n0x10 t f\n"
        "ffffffff81000000 t f\t[\nffffffff81000000 t f\t[]\nffffffff81000000 t f\tm\n"
        "ffffffff81000000 t \t[m]\nffffffff81000000 \xff f\n\xff\xfe\xfd t f\n"
        "ffffffff81000010 t good\nffffffff81000020 t last");
    EXPECT_EQ(table.size(), 2U);
    EXPECT_EQ(table.name_of(0xffffffff81000011), "good+0x1");
    EXPECT_EQ(table.name_of(0xffffffff81000021), "last+0x1") << "its line has no end";
}

TEST(symbol_table, names_are_taken_whole_or_not_at_all) {
    const std::string longest(4095, 'n');
    EXPECT_EQ(name_of("ffffffff81000000 t " + longest + "\n", 0xffffffff81000001), longest + "+0x1");
    EXPECT_EQ(symbol_table("ffffffff81000000 t " + longest + "n\n").size(), 0U);
    EXPECT_EQ(name_of("ffffffff81000000 t a b\x01\xff\n", 0xffffffff81000001), "a b\x01\xff+0x1") << "sinks clean up";
}

TEST(symbol_table, any_bytes_do_no_harm) {
    std::mt19937 random(1); // NOLINT(cert-msc51-cpp): the same each time
    const std::string_view bytes = "0123456789abcdef tTwWdD\t[]\n\n_pfx\xff";
    for (int round = 0; round < 2000; round++) {
        std::string lines;
        for (int i = 0; i < 200; i++) lines += bytes[random() % bytes.size()];
        for (int i = 0; i < 5; i++) // and lines that are nearly right
            lines.insert(random() % lines.size(),
                         fmt::format("\nffffffff8100{:04x} t f{}\t[m]\n", random() % 65536, i));
        const symbol_table table(lines);
        for (int i = 0; i < 20; i++) {
            EXPECT_FALSE(table.name_of(0xffffffff81000000 + random() % 131072).empty());
            EXPECT_FALSE(table.name_at(random() % 4096).empty());
        }
    }
}

TEST(symbol_table, wide_kernel_takes_little_memory) {
    std::string lines;
    for (std::uint64_t i = 0; i < 150'000; i++)
        lines +=
            fmt::format("{0:x} t __pfx_some_function_of_usual_length_{2}\n{1:x} t some_function_of_usual_length_{2}\n",
                        0xffffffff81000000 + i * 128, 0xffffffff81000010 + i * 128, i);
    const symbol_table table(lines);
    EXPECT_EQ(table.size(), 300'000U);
    EXPECT_LT(table.bytes(), 20U << 20);
    EXPECT_EQ(table.name_of(0xffffffff81000010 + 149'999 * 128 + 5), "some_function_of_usual_length_149999+0x5");
}

TEST(symbol_table, this_kernel_is_read) {
    const auto kallsyms = host::kept_file::open("/proc/kallsyms");
    ASSERT_TRUE(kallsyms) << kallsyms.error().message;
    const auto table = symbol_table::read(*kallsyms);
    ASSERT_TRUE(table) << table.error().message;
    if (table->hidden()) GTEST_SKIP() << "kptr_restrict";
    EXPECT_GT(table->size(), 10'000U);
    EXPECT_LT(table->bytes(), 20U << 20);
}

} // namespace irqscope::symbols

// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/live_symbols.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <mutex>
#include <sched.h>
#include <thread>

namespace irqscope::symbols {

namespace {

constexpr std::uint64_t s = 1'000'000'000;

constexpr std::uint64_t in_core = 0xffffffff81000010;
constexpr std::uint64_t in_module = 0xffffffffc0001010;
constexpr std::uint64_t behind_module = 0xffffffffc0002010; // or in its last function
constexpr std::uint64_t in_program = 0xffffffffc0100010;
constexpr std::uint64_t in_later = 0xffffffffc0100210;
constexpr std::uint64_t in_nothing = 0xffffffffc0f00000;

const std::string core = "ffffffff81000000 T _stext\n"
                         "ffffffff81000000 T held\n"
                         "ffffffff81000100 T caller\n"
                         "ffffffff81400000 T _etext\n"
                         "ffffffffc0001000 t poll\t[nic]\n"
                         "ffffffffc0002000 t stop\t[nic]\n";
const std::string program = "ffffffffc0100000 t bpf_prog_1_early\t[bpf]\n";
const std::string later = "ffffffffc0100200 t bpf_prog_2_late\t[bpf]\n";

// A clock that goes on by a step each time that it is read, and that stands in other threads while it is held.
std::uint64_t now_ns = 0;
std::uint64_t step_ns = 0;
std::mutex held;
std::thread::id main_thread;
std::atomic<int> policy_elsewhere = -1; // of the last other thread that read it
std::atomic<int> read_elsewhere = 0;    // how often: twice a reading
std::uint64_t made_clock() {
    std::unique_lock<std::mutex> waits;
    if (std::this_thread::get_id() != main_thread) {
        policy_elsewhere = sched_getscheduler(0);
        waits = std::unique_lock(held);
    }
    now_ns += step_ns;
    const std::uint64_t now = now_ns;
    if (waits) read_elsewhere++;
    return now;
}

// A /proc of two files, and the symbols that are read from it.
class live_symbols_test : public testing::Test {
protected:
    live_symbols_test() {
        std::string form = testing::TempDir() + "live_symbols_XXXXXX";
        if (mkdtemp(form.data()) == nullptr) throw std::runtime_error("mkdtemp");
        directory_ = form;
        main_thread = std::this_thread::get_id();
        now_ns = 100 * s;
        step_ns = 0;
        write("kallsyms", core + program);
        write("modules", "nic 16384 1 - Live 0xffffffffc0001000\n");
    }
    ~live_symbols_test() override { std::filesystem::remove_all(directory_); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ + "/" + name) << text;
    }

    [[nodiscard]] live_symbols opened(std::chrono::milliseconds patience = std::chrono::hours(1)) const {
        return live_symbols::open({directory_ + "/kallsyms", directory_ + "/modules", made_clock, patience}).value();
    }

    // The name of an address that was seen just now.
    static std::string name_of(live_symbols& symbols, std::uint64_t address) {
        return symbols.table_for(std::array{address}, now_ns).name_of(address);
    }

    // A frame that may have come since is not asked for until ns from now, and then is.
    static void expect_rest(live_symbols& symbols, std::uint64_t address, std::uint64_t ns) {
        const std::uint64_t before = symbols.readings();
        now_ns += ns - 1;
        name_of(symbols, address);
        EXPECT_EQ(symbols.readings(), before);
        now_ns += 1;
        name_of(symbols, address);
        EXPECT_EQ(symbols.readings(), before + 1);
    }

    std::string directory_;
};

} // namespace

TEST_F(live_symbols_test, program_that_came_since_has_its_own_name) {
    auto symbols = opened();
    write("kallsyms", core + program + later);
    now_ns += s / 10;
    EXPECT_EQ(symbols.table().name_of(in_later), "bpf_prog_1_early+0x210 [bpf]") << "its neighbour's";
    EXPECT_EQ(name_of(symbols, in_later), "bpf_prog_2_late+0x10 [bpf]");
    EXPECT_EQ(symbols.table().name_of(in_later), "bpf_prog_2_late+0x10 [bpf]");
    EXPECT_EQ(symbols.readings(), 2U);
}

TEST_F(live_symbols_test, what_has_no_name_may_have_got_one) {
    auto symbols = opened();
    write("kallsyms", core + program + "ffffffffc0efff00 t bpf_prog_3_far\t[bpf]\n");
    now_ns += s / 10;
    EXPECT_EQ(name_of(symbols, in_nothing), "bpf_prog_3_far+0x100 [bpf]");
}

TEST_F(live_symbols_test, core_kernel_stays_what_it_is) {
    auto symbols = opened();
    for (int i = 0; i < 100; i++) {
        now_ns += 60 * s;
        EXPECT_EQ(name_of(symbols, in_core), "held+0x10");
    }
    EXPECT_EQ(symbols.readings(), 1U);
}

TEST_F(live_symbols_test, is_not_read_again_for_a_frame_that_it_was_read_for) {
    auto symbols = opened();
    now_ns += s;
    name_of(symbols, in_program);
    name_of(symbols, in_nothing);
    EXPECT_EQ(symbols.readings(), 2U);
    for (int i = 0; i < 28; i++) { // a busy machine: stalls in one program for half a minute
        now_ns += s + 1;
        name_of(symbols, in_program);
    }
    EXPECT_EQ(symbols.readings(), 2U);
}

TEST_F(live_symbols_test, what_came_into_the_place_of_another_is_named_in_time) {
    auto symbols = opened();
    now_ns += s;
    EXPECT_EQ(name_of(symbols, in_program), "bpf_prog_1_early+0x10 [bpf]");
    write("kallsyms", core + "ffffffffc0100000 t bpf_prog_4_other\t[bpf]\n");
    now_ns += live_symbols::settled_ns;
    EXPECT_EQ(name_of(symbols, in_program), "bpf_prog_4_other+0x10 [bpf]");
}

TEST_F(live_symbols_test, is_read_once_in_a_while_at_most) {
    auto symbols = opened();
    now_ns += s / 10;
    name_of(symbols, in_program);
    EXPECT_EQ(symbols.readings(), 2U);
    write("kallsyms", core + program + later);
    now_ns += live_symbols::least_ns - 1;
    EXPECT_EQ(name_of(symbols, in_later), "bpf_prog_1_early+0x210 [bpf]");
    EXPECT_EQ(symbols.readings(), 2U);
    now_ns += 1;
    EXPECT_EQ(name_of(symbols, in_later), "bpf_prog_2_late+0x10 [bpf]");
    EXPECT_EQ(symbols.readings(), 3U);
}

TEST_F(live_symbols_test, rests_the_longer_the_longer_it_took) {
    auto symbols = opened();
    now_ns += s;
    step_ns = s / 10; // so long takes each reading
    name_of(symbols, in_program);
    EXPECT_EQ(symbols.readings(), 2U);
    step_ns = 0;
    expect_rest(symbols, in_later, live_symbols::rest * s / 10);
}

TEST_F(live_symbols_test, reading_that_takes_long_is_not_waited_for) {
    auto symbols = opened(std::chrono::milliseconds(1));
    write("kallsyms", core + program + later);
    now_ns += s;
    {
        const std::lock_guard busy(held);
        for (int i = 0; i < 3; i++) EXPECT_EQ(name_of(symbols, in_later), "bpf_prog_1_early+0x210 [bpf]");
        EXPECT_EQ(symbols.readings(), 1U);
    }
    for (int tries = 0; tries < 10'000 && symbols.readings() == 1; tries++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        name_of(symbols, in_core);
    }
    EXPECT_EQ(symbols.readings(), 2U) << "one, however often it was asked for";
    EXPECT_EQ(symbols.table().name_of(in_later), "bpf_prog_2_late+0x10 [bpf]");
}

TEST_F(live_symbols_test, reading_that_goes_on_at_the_end_is_left_alone) {
    read_elsewhere = 0;
    {
        const std::lock_guard busy(held);
        auto symbols = opened(std::chrono::milliseconds(1));
        now_ns += s;
        name_of(symbols, in_later);
    }
    // who had waited for it would be there still
    for (int tries = 0; tries < 10'000 && read_elsewhere < 2; tries++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(read_elsewhere, 2) << "and what it reads from outlives those who asked";
}

TEST_F(live_symbols_test, readings_have_ordinary_scheduling) {
    const sched_param none{};
    ASSERT_EQ(sched_setscheduler(0, SCHED_BATCH, &none), 0);
    auto symbols = opened();
    now_ns += s;
    policy_elsewhere = -1;
    name_of(symbols, in_later);
    EXPECT_EQ(policy_elsewhere, SCHED_OTHER);
    EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH) << "ours is as it was";
    sched_setscheduler(0, SCHED_OTHER, &none);
}

TEST_F(live_symbols_test, what_was_seen_before_the_reading_is_in_it) {
    auto symbols = opened();
    const std::uint64_t before = now_ns;
    now_ns += 2 * s;
    symbols.table_for(std::array{in_program, in_nothing}, before);
    EXPECT_EQ(symbols.readings(), 1U);
    name_of(symbols, in_program);
    name_of(symbols, in_nothing);
    EXPECT_EQ(symbols.readings(), 1U) << "nor afterwards: it was read for them";
}

TEST_F(live_symbols_test, modules_that_came_or_went_are_noticed) {
    auto symbols = opened();
    now_ns += 2 * s;
    name_of(symbols, in_module);
    EXPECT_EQ(symbols.readings(), 1U) << "none did";
    write("modules", "nic 16384 7 other,another, Live 0xffffffffc0001000\n");
    now_ns += 2 * s;
    name_of(symbols, in_module);
    EXPECT_EQ(symbols.readings(), 1U) << "only its users";
    write("kallsyms", "ffffffff81000000 T held\n"
                      "ffffffffc0000000 t first\t[other]\n"
                      "ffffffffc0001000 t second\t[other]\n"
                      "ffffffffc0001800 t third\t[other]\n");
    write("modules", "other 16384 0 - Live 0xffffffffc0000000\n");
    now_ns += 2 * s;
    EXPECT_EQ(name_of(symbols, in_core), "held+0x10");
    EXPECT_EQ(symbols.readings(), 1U) << "nobody asks for modules";
    EXPECT_EQ(name_of(symbols, in_module), "second+0x10 [other]");
    EXPECT_EQ(symbols.readings(), 2U);
}

TEST_F(live_symbols_test, list_of_modules_is_not_looked_at_for_each_stall) {
    auto symbols = opened();
    now_ns += 2 * s;
    name_of(symbols, in_module);
    write("modules", "other 16384 0 - Live 0xffffffffc0000000\n");
    expect_rest(symbols, in_module, live_symbols::least_ns);
    EXPECT_EQ(symbols.readings(), 2U);
}

TEST_F(live_symbols_test, what_is_behind_a_module_may_be_something_else) {
    auto symbols = opened();
    write("kallsyms", core + "ffffffffc0002008 t bpf_prog_5_behind\t[bpf]\n");
    now_ns += 2 * s;
    EXPECT_EQ(name_of(symbols, behind_module), "bpf_prog_5_behind+0x8 [bpf]");
}

TEST_F(live_symbols_test, trampolines_come_at_run_time_too) {
    const std::string trampolines = "ffffffffc0200000 t ftrace_trampoline\t[__builtin__ftrace]\n"
                                    "ffffffffc0202000 t ftrace_trampoline\t[__builtin__ftrace]\n";
    write("kallsyms", core + trampolines);
    auto symbols = opened();
    write("kallsyms", core + trampolines + "ffffffffc0201000 t kprobe_insn_page\t[__builtin__kprobes]\n");
    now_ns += 2 * s;
    EXPECT_EQ(name_of(symbols, 0xffffffffc0201010), "kprobe_insn_page+0x10 [__builtin__kprobes]");
}

TEST_F(live_symbols_test, kernel_without_modules_has_no_list_of_them) {
    std::filesystem::remove(directory_ + "/modules");
    auto symbols = opened();
    now_ns += 2 * s;
    EXPECT_EQ(name_of(symbols, in_module), "poll+0x10 [nic]");
    EXPECT_EQ(symbols.readings(), 1U);
    write("kallsyms", core + program + later);
    EXPECT_EQ(name_of(symbols, in_later), "bpf_prog_2_late+0x10 [bpf]");
}

TEST_F(live_symbols_test, hidden_addresses_are_not_asked_for_again) {
    write("kallsyms", "0000000000000000 T held\n");
    auto symbols = opened();
    EXPECT_TRUE(symbols.table().hidden());
    now_ns += 2 * s;
    EXPECT_EQ(name_of(symbols, in_core), fmt::format("0x{:x}", in_core));
    EXPECT_EQ(symbols.readings(), 1U);
}

TEST_F(live_symbols_test, file_that_is_not_there_is_an_error) {
    std::filesystem::remove(directory_ + "/kallsyms");
    const auto none = live_symbols::open({directory_ + "/kallsyms", directory_ + "/modules", made_clock});
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("/kallsyms"), std::string::npos);
}

TEST(modules_of, is_what_they_are_and_not_who_uses_them) {
    EXPECT_EQ(modules_of("nf_tables 385024 12 nft_ct,nft_nat, Live 0xffffffffc0a3d000 (E)\n"
                         "nic 16384 0 - Live 0xffffffffc0001000\n"),
              "nf_tables 385024 Live 0xffffffffc0a3d000 (E) \nnic 16384 Live 0xffffffffc0001000 \n");
    EXPECT_EQ(modules_of(""), "");
    EXPECT_EQ(modules_of("\n \nx\n"), "\n \nx \n");
}

} // namespace irqscope::symbols

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/away.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>

namespace irqscope::stream {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t function = 0xffffffff81000000;

symbols::symbol_table some_symbols() {
    return symbols::symbol_table("ffffffff81000000 T some_function\n"
                                 "ffffffff81000300 T the_end\n");
}

// A beat that was 5 ms late and came to code without anything that unmasks interrupts.
class away_of_ : public testing::Test {
protected:
    away_of_() {
        wire.ip = function + 0x40;
        std::memset(static_cast<void*>(wire.code), 0x90, sizeof(wire.code));
        one.kind = model::stall_kind::irq_off;
        one.start_ns = 10 * ms;
        one.end_ns = 15 * ms;
        one.stack_is = model::stack_kind::post_hoc;
        one.stack = {"some_function+0x40", "caller+0x10"};
    }
    [[nodiscard]] std::string found() const {
        const auto symbols = some_symbols();
        const auto when = away_of(wire, one, symbols);
        return when ? std::to_string(when->start_ns / ms) + ".." + std::to_string(when->end_ns / ms) : "none";
    }
    void unmask() { wire.code[WIRE_CODE / 2 - 1] = 0x9d; } // popf

    wire_stall wire{};
    model::stall one;
};

} // namespace

TEST_F(away_of_, beat_that_came_to_code_that_had_masked_nothing) {
    EXPECT_EQ(found(), "10..15");
    one.culprit = model::series_id{model::metric::softirq_run, "NET_RX", {}, {}};
    EXPECT_EQ(found(), "10..15") << "in a softirq too";
}

TEST_F(away_of_, beat_that_came_behind_the_unmasking_is_not) {
    unmask();
    EXPECT_EQ(found(), "none");
}

TEST_F(away_of_, first_instruction_of_a_function_may_be_behind_sti) {
    wire.ip = function;
    EXPECT_EQ(found(), "none");
}

TEST_F(away_of_, beat_over_user_code) {
    wire.ip = 0;
    one.stack.clear();
    EXPECT_EQ(found(), "10..15");
    one.stack_is = model::stack_kind::none;
    EXPECT_EQ(found(), "none") << "nobody looked at the stack";
}

TEST_F(away_of_, beat_of_which_nothing_is_known_is_not) {
    wire.ip = 0;
    EXPECT_EQ(found(), "none");
    wire.ip = 0x1234;
    EXPECT_EQ(found(), "none") << "no function is there";
}

TEST_F(away_of_, what_an_interrupt_filled_is_the_interrupts) {
    one.stack_is = model::stack_kind::interrupted;
    EXPECT_EQ(found(), "none");
    one.stack.clear();
    EXPECT_EQ(found(), "none") << "over user code too";
}

TEST_F(away_of_, other_kinds_say_nothing) {
    one.kind = model::stall_kind::softirq_off;
    EXPECT_EQ(found(), "none");
}

} // namespace irqscope::stream

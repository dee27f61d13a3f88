// SPDX-License-Identifier: BSD-2-Clause
#include "model/unmasking.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <initializer_list>
#include <vector>

namespace irqscope::model {

namespace {

constexpr std::size_t at = 128;

// NOPs all around, and these bytes just before the instruction that was interrupted.
std::vector<std::uint8_t> after(std::initializer_list<std::uint8_t> bytes) {
    std::vector<std::uint8_t> code(256, 0x90);
    std::copy(bytes.begin(), bytes.end(), code.begin() + static_cast<std::ptrdiff_t>(at - bytes.size()));
    return code;
}

// NOPs all around, and these bytes at a place of their own.
std::vector<std::uint8_t> with(std::size_t place, std::initializer_list<std::uint8_t> bytes) {
    std::vector<std::uint8_t> code(256, 0x90);
    std::copy(bytes.begin(), bytes.end(), code.begin() + static_cast<std::ptrdiff_t>(place));
    return code;
}

bool may(const std::vector<std::uint8_t>& code) { return may_follow_unmasking(code, at); }

} // namespace

TEST(unmasking, is_not_behind_code_that_has_no_such_thing) {
    EXPECT_FALSE(may(after({})));
    // __check_object_size+0x134, kernel 6.18: lea, shr, shl, add, mov 8(%rax),%rsi
    EXPECT_FALSE(may(after({0x48, 0x8d, 0x04, 0x01, 0x48, 0xc1, 0xe8, 0x0c, 0x48, 0xc1, 0xe0, 0x06, 0x48, 0x01, 0xc8,
                            0x48, 0x8b, 0x70, 0x08})));
}

TEST(unmasking, lets_interrupts_in_just_behind_popf) {
    EXPECT_TRUE(may(after({0x53, 0x9d})));        // push %rbx; popf
    EXPECT_FALSE(may(after({0x53, 0x9d, 0x90}))); // one instruction later
}

TEST(unmasking, lets_interrupts_in_one_instruction_behind_sti) {
    EXPECT_TRUE(may(after({0xfb, 0xf4})));                                     // sti; hlt
    EXPECT_TRUE(may(after({0xfb, 0x0f, 0x1f, 0x44, 0x00, 0x00})));             // handle_softirqs+0x72: sti; nop
    EXPECT_TRUE(may(after({0xfb, 0x65, 0xff, 0x0d, 0xd9, 0xdd, 0x7a, 0x02}))); // sti; decl %gs:__preempt_count(%rip)
    EXPECT_TRUE(may(after({0xfb})));
    EXPECT_TRUE(may(after({0xfb, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})));
    EXPECT_FALSE(may(after({0xfb, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}))) << "too far";
}

TEST(unmasking, instruction_behind_sti_may_be_a_jump_to_here) {
    EXPECT_TRUE(may(with(at - 61, {0xfb, 0xeb, 58}))) << "jmp, forward";
    EXPECT_TRUE(may(with(at + 40, {0xfb, 0x75, static_cast<std::uint8_t>(-43)}))) << "jne, back";
    EXPECT_TRUE(may(with(at - 100, {0xfb, 0xe9, 94, 0, 0, 0}))) << "jmp, 32 bits";
    EXPECT_TRUE(may(with(at - 100, {0xfb, 0x0f, 0x84, 93, 0, 0, 0}))) << "je, 32 bits";
    EXPECT_TRUE(may(with(at + 100, {0xfb, 0x0f, 0x85, 0x95, 0xff, 0xff, 0xff}))) << "jne, 32 bits, back";
    EXPECT_FALSE(may(with(at - 61, {0xfb, 0xeb, 57}))) << "to the instruction before";
    EXPECT_FALSE(may(with(at - 61, {0xfa, 0xeb, 58}))) << "cli";
    EXPECT_FALSE(may(with(at - 61, {0xfb, 0x90, 0xeb, 57}))) << "the jump is no longer in sti's shadow";
}

TEST(unmasking, what_returned_here_may_have_done_it) {
    EXPECT_TRUE(may(after({0xe8, 0x83, 0xff, 0xdf, 0xff})));             // call
    EXPECT_TRUE(may(after({0xff, 0x14, 0x25, 0x10, 0x20, 0x30, 0x82}))); // call *pv_ops+..
    EXPECT_TRUE(may(after({0xff, 0x15, 0x10, 0x20, 0x30, 0x02})));       // call *..(%rip)
    EXPECT_TRUE(may(after({0xff, 0xd0})));                               // call *%rax
    EXPECT_TRUE(may(after({0x41, 0xff, 0xd3})));                         // call *%r11
    EXPECT_TRUE(may(after({0xff, 0x50, 0x18})));                         // call *0x18(%rax)
    EXPECT_TRUE(may(after({0xff, 0x90, 0x18, 0x01, 0x00, 0x00})));       // call *0x118(%rax)
    EXPECT_FALSE(may(after({0xff, 0xc0})));                              // inc %eax
    EXPECT_FALSE(may(after({0xe8, 0x83, 0xff, 0xdf, 0xff, 0x90})));
}

// Hostile input: a place at the edge or beyond.
TEST(unmasking, at_the_edges_of_the_code) {
    const std::array<std::uint8_t, 4> code{0x90, 0x90, 0x90, 0xfb};
    EXPECT_FALSE(may_follow_unmasking(code, 0));
    EXPECT_FALSE(may_follow_unmasking(code, 2));
    EXPECT_TRUE(may_follow_unmasking(code, 4));
    EXPECT_TRUE(may_follow_unmasking(code, 5)) << "not known";
    EXPECT_FALSE(may_follow_unmasking({}, 0));
    const std::array<std::uint8_t, 3> cut{0x90, 0xfb, 0x0f}; // the jump's rest is not there
    EXPECT_FALSE(may_follow_unmasking(cut, 0));
}

} // namespace irqscope::model

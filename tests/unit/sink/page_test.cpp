// SPDX-License-Identifier: BSD-2-Clause
#include "sink/page.hpp"

#include <gtest/gtest.h>

namespace irqscope::sink {

TEST(page, only_printable_bytes_are_left) {
    EXPECT_EQ(printable("a\x1b[2J\n\x7f\xff z", 64), "a?[2J??? z");
    EXPECT_EQ(printable("", 64), "");
}

TEST(page, what_is_too_wide_is_cut_and_says_so) {
    EXPECT_EQ(printable("abcdef", 6), "abcdef");
    EXPECT_EQ(printable("abcdefg", 6), "abcd..");
}

TEST(page, line_is_broken_between_words) {
    const std::string out = wrapped(std::string(60, 'a') + ' ' + std::string(60, 'b'), 4);
    EXPECT_EQ(out, std::string(60, 'a') + "\n    " + std::string(60, 'b'));
    EXPECT_EQ(wrapped("a b", 0), "a b");
    EXPECT_EQ(wrapped("a   b", 0), "a   b") << "columns stay columns";
    EXPECT_EQ(wrapped("", 4), "");
}

TEST(page, line_is_not_broken_at_a_hard_space) {
    const std::string pair = std::string(40, 'b') + hard_space + std::string(40, 'c');
    EXPECT_EQ(wrapped(std::string(30, 'a') + ' ' + pair, 0),
              std::string(30, 'a') + '\n' + std::string(40, 'b') + ' ' + std::string(40, 'c'));
}

TEST(page, number_stays_with_its_unit) {
    const std::string room(94, 'a');
    EXPECT_EQ(wrapped(room + " 1.50 ms", 0), room + "\n1.50 ms");
    EXPECT_EQ(wrapped(room + "a (9 %)", 0), room + "a\n(9 %)") << "though (9 would have fitted";
    EXPECT_EQ(wrapped(room + " 1 sample", 0), room + " 1\nsample") << "is no unit";
}

TEST(page, first_line_may_begin_elsewhere) {
    const std::string word(50, 'a');
    EXPECT_EQ(wrapped(word + ' ' + word.substr(1), 8, 0), word + ' ' + word.substr(1));
    EXPECT_EQ(wrapped(word + ' ' + word.substr(1), 8, 1), word + "\n        " + word.substr(1));
}

TEST(page, no_line_ends_in_a_space) {
    EXPECT_EQ(wrapped(std::string(90, 'a') + "    " + std::string(20, 'b') + "  ", 0),
              std::string(90, 'a') + '\n' + std::string(20, 'b'));
    EXPECT_EQ(wrapped(std::string("a") + hard_space, 0), "a");
    EXPECT_EQ(wrapped("   ", 0), "");
}

TEST(page, word_wider_than_a_line_is_broken_behind_a_comma) {
    EXPECT_EQ(wrapped(std::string(90, 'a') + ',' + std::string(90, 'b'), 0),
              std::string(90, 'a') + ",\n" + std::string(90, 'b'));
    EXPECT_EQ(wrapped(std::string(150, 'a'), 0), std::string(100, 'a') + '\n' + std::string(50, 'a'));
}

} // namespace irqscope::sink

// SPDX-License-Identifier: BSD-2-Clause
// perf/control against fifos whose other end is ours.
#include "perf/control.hpp"

#include "host/descriptor.hpp"
#include "recording/in_a_directory.hpp"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace irqscope::perf {

namespace {

constexpr std::uint64_t later = control::patience_ns;

class control_of : public recording::in_a_directory {
protected:
    void SetUp() override {
        in_a_directory::SetUp();
        for (const std::string& path : {commands_path(), answers_path()}) ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
        answers_ = host::descriptor(open(answers_path().c_str(), O_RDWR | O_NONBLOCK));
        commands_ = host::descriptor(open(commands_path().c_str(), O_RDWR | O_NONBLOCK));
    }
    [[nodiscard]] std::string commands_path() const { return directory_ + "/ctl"; }
    [[nodiscard]] std::string answers_path() const { return directory_ + "/ack"; }
    // What perf would read.
    [[nodiscard]] std::string heard() const {
        std::array<char, 64> text{};
        const ssize_t got = ::read(commands_.get(), text.data(), text.size());
        return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
    }
    void answer() const { ASSERT_EQ(::write(answers_.get(), "ack\n", 5), 5); }
    [[nodiscard]] control with_answers() const {
        return std::move(*control::open("fifo:" + commands_path() + ',' + answers_path()));
    }

    host::descriptor commands_;
    host::descriptor answers_;
};

} // namespace

TEST_F(control_of, perf_is_told_once_and_answers) {
    control to = with_answers();
    to.turn(false, 0);
    EXPECT_EQ(heard(), "");
    to.turn(true, 1);
    to.turn(true, 2);
    EXPECT_EQ(heard(), "enable\n");
    EXPECT_EQ(to.last(), control::outcome::none);
    answer();
    to.turn(true, 3);
    EXPECT_EQ(to.last(), control::outcome::answered);
    EXPECT_FALSE(to.is_waiting());
    to.turn(false, 4);
    EXPECT_EQ(heard(), "disable\n");
    EXPECT_EQ(to.done().enables, 1U);
    EXPECT_EQ(to.done().disables, 1U);
}

TEST_F(control_of, next_command_waits_for_the_answer_to_the_last) {
    control to = with_answers();
    to.turn(true, 1);
    to.turn(false, 2);
    EXPECT_EQ(heard(), "enable\n");
    answer();
    to.turn(false, 3);
    EXPECT_EQ(heard(), "disable\n");
}

TEST_F(control_of, command_that_nobody_reads_is_taken_back) {
    control to = with_answers();
    to.turn(true, 1);
    to.turn(true, later);
    EXPECT_TRUE(to.is_waiting());
    to.turn(false, later + 1); // it is no longer to be
    EXPECT_FALSE(to.is_waiting());
    EXPECT_FALSE(to.is_on());
    EXPECT_EQ(to.last(), control::outcome::unread);
    EXPECT_EQ(to.done().unread, 1U);
    EXPECT_EQ(heard(), "") << "a perf that comes later would obey it";
}

TEST_F(control_of, command_that_nobody_reads_is_said_again_while_it_is_to_be_so_and_counted_once) {
    control to = with_answers();
    for (std::uint64_t at = 1; at < 5 * later; at += later / 4) to.turn(true, at);
    EXPECT_EQ(heard(), "enable\n") << "that of now alone";
    answer();
    to.turn(true, 5 * later);
    EXPECT_EQ(to.last(), control::outcome::answered);
    EXPECT_TRUE(to.is_on());
    EXPECT_EQ(to.done().enables, 1U);
    EXPECT_EQ(to.done().unread, 1U);
}

TEST_F(control_of, command_that_is_read_and_not_answered_is_counted_as_such) {
    control to = with_answers();
    to.turn(true, 1);
    EXPECT_EQ(heard(), "enable\n");
    to.turn(true, later + 1);
    EXPECT_EQ(to.last(), control::outcome::unanswered);
    EXPECT_EQ(to.done().unanswered, 1U);
    EXPECT_EQ(to.done().unread, 0U);
    EXPECT_EQ(heard(), "enable\n") << "once more";
    answer();
    to.turn(true, later + 2);
    EXPECT_EQ(to.last(), control::outcome::answered);
}

TEST_F(control_of, answer_that_came_too_late_answers_nothing_else) {
    control to = with_answers();
    to.turn(true, 1);
    (void)heard();
    to.turn(false, later + 1); // no longer waited for
    answer();
    to.turn(true, later + 2);
    to.turn(true, later + 3);
    EXPECT_TRUE(to.is_waiting());
}

TEST_F(control_of, without_answers_what_was_read_is_done) {
    control to = std::move(*control::open("fifo:" + commands_path()));
    to.turn(true, 1);
    to.turn(true, 2);
    EXPECT_TRUE(to.is_waiting());
    EXPECT_EQ(heard(), "enable\n");
    to.turn(true, 3);
    EXPECT_EQ(to.last(), control::outcome::answered);
}

TEST_F(control_of, full_fifo_is_no_reader) {
    const std::string much(4096, 'x');
    while (::write(commands_.get(), much.data(), much.size()) > 0) {
    }
    control to = with_answers();
    to.turn(true, 1);
    to.turn(false, later + 1);
    EXPECT_EQ(to.done().unread, 1U);
    EXPECT_EQ(to.last(), control::outcome::unread);
}

TEST_F(control_of, what_is_no_fifo_is_refused) {
    for (const char* text : {"", "fifo:", "ctl", "fd:3,4", "fifo:/dev/null", "fifo:/none"}) {
        const auto to = control::open(text);
        ASSERT_FALSE(to) << text;
        EXPECT_EQ(to.error().status, exit_status::usage) << text;
    }
    EXPECT_FALSE(control::open("fifo:" + commands_path() + ",/none"));
}

} // namespace irqscope::perf

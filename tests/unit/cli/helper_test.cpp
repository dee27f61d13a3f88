// SPDX-License-Identifier: BSD-2-Clause
#include "cli/helper.hpp"

#include "host/files.hpp"

#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace irqscope::cli {
namespace {

constexpr std::uint64_t s = 1'000'000'000;

class helper_test : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(file_); }

    helper start(const std::string& text, std::uint64_t limit_ns = 60 * s) {
        auto started = helper::start({false, {"sh", "-c", fmt::format("exec 9>>{}; {}", file_, text)}, limit_ns});
        EXPECT_TRUE(started);
        return std::move(*started);
    }
    static std::optional<helper::news> next(helper& of) {
        while (true) {
            if (const auto one = of.take()) return one;
            if (of.has_gone()) return std::nullopt;
            pollfd one{of.descriptor(), POLLIN, 0};
            poll(&one, 1, -1);
        }
    }
    [[nodiscard]] std::string said() const { return host::read_file(file_).value_or("nothing"); }

    std::string file_ = fmt::format("{}/irqscope-helper-{}", std::filesystem::temp_directory_path().string(), getpid());
};

TEST_F(helper_test, runs_the_command_with_its_input_and_tells_its_end) {
    helper one = start("cat >&9; exit 4");
    ASSERT_TRUE(one.run("first\n", {}));
    const auto end = next(one);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->line_failed, 0);
    EXPECT_EQ(end->end.status, 4);
    ASSERT_TRUE(one.run("second\n", 0));
    EXPECT_TRUE(next(one));
    one.finish();
    EXPECT_FALSE(next(one));
    EXPECT_TRUE(one.has_gone());
    EXPECT_EQ(said(), "first\nsecond\n");
}

TEST_F(helper_test, finishes_what_runs_and_hurries_if_asked) {
    helper one = start("sleep 0.3; echo done >&9");
    ASSERT_TRUE(one.run("", {}));
    one.finish();
    EXPECT_TRUE(next(one));
    EXPECT_FALSE(next(one));
    EXPECT_EQ(said(), "done\n");
    helper other = start("sleep 1000", 3600 * s);
    ASSERT_TRUE(other.run("", {}));
    other.finish();
    other.hurry();
    const auto end = next(other);
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->end.killed);
    EXPECT_FALSE(next(other));
}

TEST_F(helper_test, ends_by_itself_and_with_what_it_runs_when_we_are_gone) {
    const pid_t us = fork();
    if (us == 0) { // as by kill -9
        auto started =
            helper::start({false, {"sh", "-c", fmt::format("echo $PPID $$ >{}; exec sleep 1000", file_)}, s / 2});
        if (!started || !started->run("", {})) _exit(1);
        while (host::read_file(file_).value_or("").empty()) usleep(1000);
        _exit(0);
    }
    int status = 0;
    waitpid(us, &status, 0);
    pid_t helpers = 0;
    pid_t commands = 0;
    ASSERT_EQ(std::sscanf(said().c_str(), "%d %d", &helpers, &commands), 2) << said(); // NOLINT
    for (int i = 0; i < 1000 && (kill(helpers, 0) == 0 || kill(commands, 0) == 0); i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_NE(kill(helpers, 0), 0);
    EXPECT_NE(kill(commands, 0), 0);
}

// It would hang here for ever if anything waited for it.
TEST_F(helper_test, that_does_not_get_on_holds_nobody_up) {
    helper one = start("echo $PPID >&9; exec sleep 1000", s);
    ASSERT_TRUE(one.run("", {}));
    pid_t its = 0;
    while (std::sscanf(said().c_str(), "%d", &its) != 1)
        std::this_thread::sleep_for(std::chrono::milliseconds(5)); // NOLINT
    ASSERT_EQ(kill(its, SIGSTOP), 0);
    const std::string input(100'000, 'x');
    int refused = 0;
    for (int i = 0; i < 1000; i++) {
        if (!one.run(input, {})) refused++;
        if (!one.log("a line")) refused++;
        EXPECT_FALSE(one.take());
    }
    EXPECT_GT(refused, 1000);
    EXPECT_FALSE(one.has_gone());
    kill(its, SIGKILL);
    EXPECT_FALSE(next(one));
    EXPECT_TRUE(one.has_gone());
    EXPECT_FALSE(one.log("a line"));
}

TEST_F(helper_test, refuses_an_input_that_is_no_message) {
    helper one = start("true");
    EXPECT_FALSE(one.run(std::string(1U << 20, 'x'), {}));
    one.finish();
    EXPECT_FALSE(next(one));
}

} // namespace
} // namespace irqscope::cli

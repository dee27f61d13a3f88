// SPDX-License-Identifier: BSD-2-Clause
#include "host/errand.hpp"

#include "host/affinity.hpp"
#include "host/files.hpp"
#include "host/system.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace irqscope::host {
namespace {

constexpr std::uint64_t s = 1'000'000'000;
constexpr std::uint64_t ms = 1'000'000;

class errand_test : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(errand::adopt());
        std::filesystem::remove(file_);
    }
    void TearDown() override { std::filesystem::remove(file_); }

    [[nodiscard]] std::vector<std::string> shell(const std::string& text) const {
        return {"sh", "-c", fmt::format("exec 9>{}; {}", file_, text)}; // 9: what it says
    }
    // Runs it to its end.
    errand::end run(const std::vector<std::string>& command, std::uint64_t limit_ns, const std::string& input = "") {
        auto one = errand::start(command, input, limit_ns, own_cpus());
        if (!one) return {-1, EINVAL, false, false, 0};
        while (true) {
            if (const auto end = one->look(monotonic_ns())) return *end;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    [[nodiscard]] std::string said() const { return read_file(file_).value_or("nothing"); }
    static bool has_children() { return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

    std::string file_ = fmt::format("{}/irqscope-errand-{}", std::filesystem::temp_directory_path().string(), getpid());
};

TEST_F(errand_test, command_reads_its_input_and_its_status_is_told) {
    const auto end = run(shell("cat >&9; exit 3"), 60 * s, "{\"a\": 1}");
    EXPECT_EQ(end.status, 3);
    EXPECT_EQ(end.reason, 0);
    EXPECT_FALSE(end.killed);
    EXPECT_EQ(said(), "{\"a\": 1}");
}

TEST_F(errand_test, input_may_be_large_and_need_not_be_read) {
    const auto end = run({"true"}, 60 * s, std::string(8U << 20, 'x'));
    EXPECT_EQ(end.status, 0);
    EXPECT_EQ(run(shell("wc -c >&9"), 60 * s, std::string(3U << 20, 'x')).status, 0);
    EXPECT_EQ(said(), fmt::format("{}\n", 3U << 20));
}

TEST_F(errand_test, one_that_cannot_be_run_says_why) {
    const auto end = run({"/nowhere/at/all"}, 60 * s);
    EXPECT_EQ(end.reason, ENOENT);
    EXPECT_EQ(run({"/etc/passwd"}, 60 * s).reason, EACCES);
}

TEST_F(errand_test, one_that_is_ended_by_a_signal_says_by_which) {
    EXPECT_EQ(run(shell("kill -11 $$"), 60 * s).status, 128 + 11);
}

TEST_F(errand_test, one_that_hangs_is_killed_at_its_limit) {
    const auto end = run({"sleep", "1000"}, 100 * ms);
    EXPECT_TRUE(end.killed);
    EXPECT_EQ(end.status, 128 + SIGTERM);
    EXPECT_FALSE(end.had_ended);
    EXPECT_GE(end.took_ns, 100 * ms);
    EXPECT_FALSE(has_children());
}

TEST_F(errand_test, one_that_does_not_hear_is_killed_all_the_same) {
    const auto end = run(shell("trap '' TERM; while :; do sleep 1000; done"), 100 * ms);
    EXPECT_TRUE(end.killed);
    EXPECT_EQ(end.status, 128 + SIGKILL);
    EXPECT_GE(end.took_ns, 1 * s) << "it has a second to end by itself";
    EXPECT_FALSE(has_children());
}

TEST_F(errand_test, what_it_leaves_behind_is_of_it) {
    const auto end = run(shell("(sleep 0.3; echo late >&9) & exit 0"), 60 * s);
    EXPECT_EQ(end.status, 0);
    EXPECT_FALSE(end.killed);
    EXPECT_EQ(said(), "late\n");
    EXPECT_FALSE(has_children());
}

TEST_F(errand_test, what_it_leaves_behind_is_killed_too_wherever_it_went) {
    // a daemon's way: a session of its own, twice forked; one of them does not hear
    const auto end = run(shell("setsid sh -c 'sleep 1000 & sleep 1000' & "
                               "setsid setsid sh -c 'trap \"\" TERM; while :; do sleep 1000; done' & exit 0"),
                         200 * ms);
    EXPECT_EQ(end.status, 0);
    EXPECT_TRUE(end.killed);
    EXPECT_TRUE(end.had_ended);
    EXPECT_FALSE(has_children());
}

TEST_F(errand_test, has_signals_and_scheduling_of_its_own) {
    sigset_t all;
    sigfillset(&all);
    sigset_t before;
    sigprocmask(SIG_SETMASK, &all, &before);
    std::signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c)
    const auto end = run(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status >&9; "
                               "test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo a session >&9"),
                         60 * s);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    std::signal(SIGPIPE, SIG_DFL); // NOLINT(cert-err33-c)
    EXPECT_EQ(end.status, 0);
    EXPECT_EQ(said(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\na session\n");
}

TEST_F(errand_test, keeps_to_the_cpus_that_it_is_given) {
    const std::vector<int> mine = own_cpus();
    auto one = errand::start(shell("grep Cpus_allowed_list /proc/self/status >&9"), "", 60 * s, {mine.back()});
    ASSERT_TRUE(one);
    while (!one->look(monotonic_ns())) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(said(), fmt::format("Cpus_allowed_list:\t{}\n", mine.back()));
    EXPECT_EQ(own_cpus(), mine);
}

TEST_F(errand_test, hurry_is_the_limit) {
    auto one = errand::start({"sleep", "1000"}, "", 3600 * s, {});
    ASSERT_TRUE(one);
    EXPECT_FALSE(one->look(monotonic_ns()));
    one->hurry();
    std::optional<errand::end> end;
    while (!end) {
        end = one->look(monotonic_ns());
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(end->killed);
}

} // namespace
} // namespace irqscope::host

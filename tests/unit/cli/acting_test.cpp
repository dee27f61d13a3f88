// SPDX-License-Identifier: BSD-2-Clause
#include "cli/acting.hpp"

#include "host/files.hpp"
#include "host/system.hpp"
#include "sink/made_stalls.hpp"

#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

namespace irqscope::cli {
namespace {

constexpr std::uint64_t s = 1'000'000'000;

class seen final : public sink::stall_sink {
public:
    bool begin(const sink::stalls_heading& /*heading*/) override { return true; }
    bool stall(const model::stall& one) override {
        stalls.push_back(one);
        return true;
    }
    bool report(const model::stalls_report& /*report*/) override { return true; }
    std::vector<model::stall> stalls;
};

class acting_test : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(file_); }

    void start(const std::string& text, std::uint64_t limit_ns = 60 * s) {
        plan_.with.command = {"sh", "-c", fmt::format("exec 9>>{}; {}", file_, text)};
        plan_.with.limit_ns = limit_ns;
        plan_.when = {{model::stall_kind::irq_off, model::stall_kind::lockup}, 1};
        auto with = start_helper(plan_);
        ASSERT_TRUE(with) << with.error().message;
        acts_.emplace(plan_, std::move(*with), to_);
        acts_->begin({});
    }
    void tell(std::uint64_t incident) {
        model::stall one = sink::made_irq_off();
        one.incident = incident;
        acts_->stall(one);
    }
    // What finish() says.
    std::string finish() {
        testing::internal::CaptureStderr();
        acts_->finish(false);
        return testing::internal::GetCapturedStderr();
    }
    [[nodiscard]] std::string said() const { return host::read_file(file_).value_or(""); }
    void wait_for(const std::string& text) const {
        while (said().find(text) == std::string::npos) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

    std::string file_ = fmt::format("{}/irqscope-acting-{}", std::filesystem::temp_directory_path().string(), getpid());
    acting_plan plan_;
    seen to_;
    std::optional<acting> acts_;
};

TEST_F(acting_test, hands_on_what_it_is_told_and_runs_the_command) {
    start("echo begun >&9");
    tell(1);
    wait_for("begun\n");
    EXPECT_EQ(finish(), "irqscope: --on-stall: 1 run\n");
    EXPECT_EQ(to_.stalls.size(), 1U);
    EXPECT_EQ(said(), "begun\n");
}

TEST_F(acting_test, counts_what_comes_while_the_command_runs) {
    start("echo begun >&9; sleep 0.5");
    tell(1);
    wait_for("begun\n");
    for (std::uint64_t incident = 2; incident <= 100; incident++) tell(incident);
    const std::string words = finish();
    EXPECT_NE(words.find("waiting for sh, whose limit is 60 s"), std::string::npos) << words;
    EXPECT_NE(words.find("--on-stall: 1 run, 99 skipped while it ran\n"), std::string::npos) << words;
    EXPECT_EQ(to_.stalls.size(), 100U);
}

TEST_F(acting_test, says_how_a_command_failed_and_runs_it_for_the_next) {
    start("exit 3");
    testing::internal::CaptureStderr();
    for (std::uint64_t incident = 1; incident <= 2; incident++) {
        tell(incident);
        for (int i = 0; i < 100; i++) { // until its end has come back
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            acts_->turn(host::monotonic_ns());
        }
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "irqscope: warning: --on-stall: sh failed with status 3\n"
                                                      "irqscope: warning: --on-stall: sh failed with status 3\n");
    EXPECT_EQ(finish(), "irqscope: --on-stall: 2 runs, 2 failed\n");
}

TEST_F(acting_test, each_step_to_a_lockup_is_a_run_with_its_stall_as_input) {
    start("cat >&9; echo >&9");
    acts_->stall(sink::made_lockup());
    wait_for("\n");
    EXPECT_NE(said().find(R"("lockup":{"percent":25,)"), std::string::npos) << said();
    EXPECT_EQ(finish(), "irqscope: --on-stall: 1 run\n");
}

// It would hang here if anything waited for the helper.
TEST_F(acting_test, helper_that_stands_still_and_then_is_gone_holds_nobody_up) {
    start("echo $PPID >&9; exec sleep 1000");
    tell(1);
    wait_for("\n");
    const pid_t helper_id = std::stoi(said());
    ASSERT_EQ(kill(helper_id, SIGSTOP), 0);
    for (std::uint64_t incident = 2; incident <= 5000; incident++) {
        tell(incident);
        acts_->stall(sink::made_lockup());
        acts_->turn(host::monotonic_ns());
    }
    EXPECT_EQ(to_.stalls.size(), 1U + 2 * 4999);
    testing::internal::CaptureStderr();
    kill(helper_id, SIGKILL);
    for (int i = 0; i < 100; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        acts_->turn(host::monotonic_ns());
    }
    tell(5001);
    const std::string words = testing::internal::GetCapturedStderr();
    EXPECT_EQ(words,
              "irqscope: warning: the helper process has gone: no more lines in the kernel log, no more runs of the "
              "command\n");
    EXPECT_NE(finish().find("; 1 not taken by the helper process"), std::string::npos);
}

TEST(acting_plan, without_options_nothing_is_wanted_and_no_process_made) {
    const auto plan = understand(acting_options{}, {{model::stall_kind::irq_off, 1}});
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->is_wanted());
    EXPECT_FALSE(start_helper(*plan).value());
}

} // namespace
} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/turns.hpp"

#include "cli/wait.hpp"
#include "host/affinity.hpp"
#include "host/system.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace irqscope::cli {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t never = UINT64_MAX;

using next = result<std::optional<std::uint64_t>>;

turns made(const std::vector<int>& descriptors = {}) {
    auto when = turns::make(descriptors);
    if (!when) throw std::runtime_error(when.error().message);
    return std::move(*when);
}

// The signals and CPUs of this thread, as they were.
class turns_test : public testing::Test {
protected:
    void SetUp() override {
        pthread_sigmask(SIG_SETMASK, nullptr, &signals_);
        cpus_ = host::own_cpus();
    }
    void TearDown() override {
        pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
        host::run_on(0, cpus_);
    }
    [[nodiscard]] const std::vector<int>& cpus() const { return cpus_; }

private:
    sigset_t signals_{};
    std::vector<int> cpus_;
};

// Late for whoever it interrupts: in the place of a CPU that is held.
void hold(int /*signal*/) {
    const timespec time{0, 300 * static_cast<long>(ms)};
    nanosleep(&time, nullptr);
}

} // namespace

TEST_F(turns_test, come_until_the_last_and_one_at_a_time) {
    std::atomic<int> inside = 0;
    int taken = 0;
    auto when = made();
    const auto done = when.take(
        [&](bool stopped) -> next {
            EXPECT_FALSE(stopped);
            EXPECT_EQ(++inside, 1);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            inside--;
            if (++taken == 50) return std::nullopt;
            return host::monotonic_ns();
        },
        host::monotonic_ns());
    EXPECT_TRUE(done);
    EXPECT_EQ(taken, 50);
}

TEST_F(turns_test, do_not_come_before_they_are_due) {
    auto when = made();
    const std::uint64_t first = host::monotonic_ns() + 30 * ms;
    std::uint64_t due = first;
    int taken = 0;
    const auto done = when.take(
        [&](bool) -> next {
            EXPECT_GE(host::monotonic_ns(), due);
            due += 20 * ms;
            if (++taken == 5) return std::nullopt;
            return due;
        },
        first);
    EXPECT_TRUE(done);
}

TEST_F(turns_test, come_when_a_descriptor_is_readable) {
    const int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::thread writer([event] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        const std::uint64_t one = 1;
        EXPECT_EQ(write(event, &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
    });
    auto when = made({event});
    std::uint64_t read_there = 0;
    const auto done = when.take(
        [&](bool stopped) -> next {
            EXPECT_FALSE(stopped);
            EXPECT_EQ(read(event, &read_there, sizeof(read_there)), static_cast<ssize_t>(sizeof(read_there)));
            return std::nullopt;
        },
        never);
    writer.join();
    close(event);
    EXPECT_TRUE(done);
    EXPECT_EQ(read_there, 1U);
}

TEST_F(turns_test, know_that_the_user_wants_an_end) {
    auto when = made();
    kill(getpid(), SIGINT);
    bool told = false;
    const auto done = when.take(
        [&](bool stopped) -> next {
            told = stopped;
            return std::nullopt;
        },
        never);
    EXPECT_TRUE(done);
    EXPECT_TRUE(told);
}

TEST_F(turns_test, know_that_nobody_reads_any_more) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(pipe2(pipe.data(), O_CLOEXEC), 0);
    const int before = dup(STDOUT_FILENO);
    dup2(pipe[1], STDOUT_FILENO);
    EXPECT_FALSE(has_no_reader(STDOUT_FILENO));
    auto when = made();
    std::thread reader([&pipe] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        close(pipe[0]);
    });
    bool told = false;
    const auto done = when.take(
        [&](bool stopped) -> next {
            told = stopped;
            return std::nullopt;
        },
        never);
    reader.join();
    dup2(before, STDOUT_FILENO);
    close(before);
    close(pipe[1]);
    EXPECT_TRUE(done);
    EXPECT_TRUE(told);
}

TEST_F(turns_test, end_with_an_error) {
    auto when = made();
    const auto done = when.take([](bool) -> next { return failure(exit_status::not_possible, "no more"); }, 0);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, exit_status::not_possible);
    EXPECT_EQ(done.error().message, "no more");
}

TEST_F(turns_test, end_with_an_exception) {
    auto when = made();
    EXPECT_THROW((void)when.take([](bool) -> next { throw std::length_error("too long"); }, 0), std::length_error);
}

TEST_F(turns_test, are_never_taken) { (void)made(); }

// The calling thread is held, and turns go on without it; when it is back, it takes them again.
TEST_F(turns_test, go_on_while_a_reader_is_held) {
    if (cpus().size() < 2) GTEST_SKIP() << "one CPU, one reader";
    struct sigaction late {};
    late.sa_handler = hold;
    sigaction(SIGUSR1, &late, nullptr);
    const pid_t mine = gettid();
    const auto thread = pthread_self();
    const std::uint64_t start = host::monotonic_ns();
    std::thread holder([thread] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        pthread_kill(thread, SIGUSR1);
    });
    int without_it = 0;
    int with_it_again = 0;
    auto when = made();
    const auto done = when.take(
        [&](bool) -> next {
            const std::uint64_t now = host::monotonic_ns();
            if (gettid() != mine) without_it++;
            if (gettid() == mine && now > start + 350 * ms) with_it_again++;
            if (now > start + 1000 * ms) return std::nullopt;
            return now + 10 * ms;
        },
        start);
    holder.join();
    EXPECT_TRUE(done);
    EXPECT_GE(without_it, 5); // of some 15, on a busy machine
    EXPECT_GE(with_it_again, 5);
}

TEST_F(turns_test, are_taken_on_cpus_that_are_not_stalled) {
    if (cpus().size() < 2) GTEST_SKIP() << "one CPU, one reader";
    auto when = made();
    const int stalled = cpus().front();
    std::array<int, 2> there{}; // turns on the stalled CPU, and elsewhere
    const auto done = when.take(
        [&](bool) -> next {
            if (there[0] + there[1] == 0) when.avoid({stalled});
            there.at(sched_getcpu() == stalled ? 0 : 1)++;
            if (there[0] + there[1] == 20) return std::nullopt;
            return host::monotonic_ns() + 20 * ms;
        },
        0);
    EXPECT_TRUE(done);
    EXPECT_GE(there[1], 15) << there[0] << " on the stalled one";
}

} // namespace irqscope::cli

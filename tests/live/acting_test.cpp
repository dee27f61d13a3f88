// SPDX-License-Identifier: BSD-2-Clause
// --kmsg and --on-stall of `irqscope stalls` and `irqscope record`, with holds of which each is an incident.
#include "host/cpus.hpp"
#include "host/files.hpp"
#include "live/over_holds.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>
#include <sstream>
#include <unistd.h>

namespace irqscope::live {

namespace {

using nlohmann::json;

constexpr std::uint64_t ms = 1'000'000;

// Lines of the kernel log that begin so, from when it was made on.
class kernel_log {
public:
    kernel_log() : file_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) { lseek(file_, 0, SEEK_END); }
    kernel_log(const kernel_log&) = delete;
    kernel_log& operator=(const kernel_log&) = delete;
    kernel_log(kernel_log&&) = delete;
    kernel_log& operator=(kernel_log&&) = delete;
    ~kernel_log() { close(file_); }

    // "4,123,456,-;irqscope: ..": its priority (with the facility: 1 user, 4 warning) and what was said.
    [[nodiscard]] std::vector<std::string> lines(const std::string& start) const {
        std::vector<std::string> found;
        std::string record(8192, '\0');
        while (true) {
            const ssize_t got = read(file_, record.data(), record.size());
            if (got < 0 && errno == EPIPE) continue; // overwritten: the next is there
            if (got <= 0) return found;
            std::string text = record.substr(0, static_cast<std::size_t>(got));
            text = text.substr(0, text.find('\n'));
            const std::size_t said = text.find(';');
            if (said == std::string::npos || text.compare(said + 1, start.size(), start) != 0) continue;
            found.push_back(text.substr(0, text.find(',')) + ' ' + text.substr(said + 1));
        }
    }

private:
    int file_;
};

struct told {
    std::set<std::uint64_t> incidents;
    std::size_t irq_offs = 0;
    json actions;
};
told read(const std::string& out) {
    told made;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
        const json one = json::parse(line);
        if (one.at("schema") == "irqscope.actions/1") made.actions = one;
        if (one.at("schema") != "irqscope.stall/1") continue;
        made.incidents.insert(one.at("incident").get<std::uint64_t>());
        if (one.at("kind") == "irq_off" && one.at("at_least_ns").get<std::uint64_t>() >= 3 * ms) made.irq_offs++;
    }
    return made;
}

std::uint64_t number(const told& of, const char* name) { return of.actions.at(name).get<std::uint64_t>(); }

class acting : public testing::Test {
protected:
    void TearDown() override { std::remove(file_.c_str()); }
    [[nodiscard]] std::size_t runs() const { // that the command wrote down
        std::istringstream lines(host::read_file(file_).value_or(""));
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line);) count++;
        return count;
    }
    // Each incident had its run, or was counted.
    static void expect_all_counted(const told& what) {
        EXPECT_EQ(number(what, "runs") + number(what, "skipped_running") + number(what, "skipped_too_soon") +
                      number(what, "undelivered"),
                  what.incidents.size());
    }
    std::string file_ = fmt::format("acting-{}.out", getpid());
    static constexpr const char* stalls = "stalls -d 8 --json --on-stall";
};

} // namespace

TEST_F(acting, each_incident_has_its_line_in_the_kernel_log_or_is_counted) {
    const kernel_log log;
    const auto done = run_over_holds("stalls -d 8 --json --kmsg", 8, 300);
    ASSERT_EQ(done.status, 0) << done.err;
    const told what = read(done.out);
    const auto lines = log.lines("irqscope: CPU ");
    EXPECT_EQ(lines.size(), number(what, "lines"));
    EXPECT_EQ(number(what, "lines_refused") + number(what, "undelivered"), 0U);
    EXPECT_EQ(number(what, "lines") + number(what, "lines_left_out"), what.incidents.size());
    EXPECT_GE(what.irq_offs, 7U) << done.out;
    EXPECT_GE(lines.size(), 5U);
    for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("12 irqscope: CPU ")) << line;
    EXPECT_NE(done.err.find(fmt::format("--kmsg: {} lines", lines.size())), std::string::npos) << done.err;
}

TEST_F(acting, line_can_be_read_as_soon_as_it_is_written) {
    const kernel_log log;
    const auto done = run_over_holds("stalls -d 4 --json --kmsg", 1);
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(log.lines("irqscope: CPU ").size(),
              number(read(done.out), "lines")); // and nothing else was logged behind it
    EXPECT_GE(number(read(done.out), "lines"), 1U);
}

TEST_F(acting, command_gets_the_stall_as_json_told_and_is_told_of_in_the_end) {
    const auto done =
        run_over_holds(fmt::format("{} \"sh -c 'cat >>{}; echo >>{}'\" --on-stall-kinds irq_off --on-stall-every 1ms",
                                   stalls, file_, file_),
                       4, 400);
    ASSERT_EQ(done.status, 0) << done.err;
    const told what = read(done.out);
    std::istringstream lines(must(host::read_file(file_)));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) continue;
        const json one = json::parse(line);
        EXPECT_EQ(one.at("kind"), "irq_off");
        EXPECT_NE(done.out.find(line), std::string::npos) << "it is the line that was told";
        count++;
    }
    EXPECT_EQ(count, number(what, "runs"));
    EXPECT_GE(count, 3U);
    EXPECT_EQ(number(what, "failed") + number(what, "killed"), 0U);
}

TEST_F(acting, command_that_fails_is_told_and_counted_and_run_again) {
    const auto done =
        run_over_holds(fmt::format("{} \"sh -c 'echo x >>{}; exit 7'\" --on-stall-every 1ms", stalls, file_), 4, 400);
    ASSERT_EQ(done.status, 0) << done.err;
    const told what = read(done.out);
    EXPECT_EQ(number(what, "failed"), number(what, "runs"));
    EXPECT_EQ(runs(), number(what, "runs"));
    EXPECT_GE(runs(), 3U);
    EXPECT_NE(done.err.find("--on-stall: sh failed with status 7"), std::string::npos) << done.err;
    expect_all_counted(what);
}

TEST_F(acting, command_that_hangs_is_killed_at_its_limit_and_holds_nothing_up) {
    const auto done = run_over_holds(
        fmt::format("{} \"sh -c 'echo x >>{}; trap : TERM; while :; do sleep 1000; done'\" --on-stall-limit 500ms "
                    "--on-stall-every 1ms",
                    stalls, file_),
        8, 300);
    ASSERT_EQ(done.status, 0) << done.err;
    const told what = read(done.out);
    EXPECT_GE(what.irq_offs, 7U) << "told while it hung";
    EXPECT_EQ(number(what, "killed"), number(what, "runs"));
    EXPECT_EQ(runs(), number(what, "runs"));
    EXPECT_GE(runs(), 2U);
    EXPECT_GE(number(what, "skipped_running"), 2U);
    expect_all_counted(what);
    EXPECT_NE(done.err.find("was killed after"), std::string::npos) << done.err;
}

TEST_F(acting, what_a_command_forks_is_waited_for_and_killed_with_it) {
    const std::string mark = fmt::format("{}", 1000 + getpid()); // a length of sleep that is ours
    const auto done =
        run_over_holds(fmt::format("{} \"sh -c 'echo x >>{}; setsid sleep {} & setsid sleep {} & exit 0'\" "
                                   "--on-stall-limit 1s --on-stall-every 1ms",
                                   stalls, file_, mark, mark),
                       6, 300);
    ASSERT_EQ(done.status, 0) << done.err;
    const told what = read(done.out);
    EXPECT_EQ(number(what, "killed"), number(what, "runs"));
    EXPECT_EQ(runs(), number(what, "runs"));
    expect_all_counted(what);
    EXPECT_EQ(run("pgrep -f '^sleep " + mark + "$'").out, "") << "it is still there";
}

TEST_F(acting, flood_of_incidents_is_one_run_in_each_interval_and_the_rest_counted) {
    const auto done =
        run_over_holds(fmt::format("{} \"sh -c 'echo x >>{}'\" --on-stall-every 1s", stalls, file_), 40, 20);
    ASSERT_EQ(done.status, 0) << done.err;
    const told what = read(done.out);
    EXPECT_GE(what.incidents.size(), 38U);
    EXPECT_EQ(runs(), number(what, "runs"));
    EXPECT_GE(runs(), 1U);
    EXPECT_LE(runs(), 8U) << "8 s";
    EXPECT_GE(number(what, "skipped_too_soon"), 20U);
    expect_all_counted(what);
}

TEST_F(acting, is_of_record_too) {
    const kernel_log log;
    const std::string data = fmt::format("acting-{}.data", getpid());
    const auto done = run_over_holds(
        fmt::format("record --stalls-only -d 5 -o {} --kmsg --on-stall \"sh -c 'echo x >>{}'\"", data, file_), 2);
    std::remove(data.c_str());
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(runs(), 1U) << "10 s are the usual interval";
    EXPECT_GE(log.lines("irqscope: CPU ").size(), 2U);
    EXPECT_NE(done.err.find("--on-stall: 1 run, "), std::string::npos) << done.err;
}

TEST_F(acting, what_cannot_be_is_refused_before_anything_begins) {
    const std::vector<std::pair<std::string, int>> all{
        {"stalls --on-stall ''", 2},
        {"stalls --on-stall \"sh 'x\"", 2},
        {"stalls --on-stall /nowhere/at/all", 1},
        {"stalls --on-stall true --on-stall-kinds nonsense", 2},
        {"stalls --on-stall true --on-stall-kinds lockup --lockup-at off", 2},
        {"stalls --on-stall true --on-stall-limit 0", 2},
        {"stalls --on-stall true --on-stall-limit off", 2},
        {"stalls --on-stall 'a\\'", 2},
        {"stalls --on-stall-every 1s", 2},
        {"record --on-stall-kinds irq_off", 2},
    };
    for (const auto& [arguments, status] : all) {
        const auto done = run(binary() + ' ' + arguments);
        EXPECT_EQ(done.status, status) << arguments << '\n' << done.err;
        EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    }
}

} // namespace irqscope::live

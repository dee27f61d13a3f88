// SPDX-License-Identifier: BSD-2-Clause
// A real perf beside `irqscope stalls`: what it shows of injected stalls, how it is steered, and that it may go.
#include "live/over_holds.hpp"
#include "live/perf_process.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace irqscope::live {

namespace {

using nlohmann::json;

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;
constexpr const char* into_bpf_output = "bpf-output/no-inherit=1,name=stall/";

struct told {
    std::vector<json> stalls;
    json perf;
    std::uint64_t set_aside = 0;
};
told read(const outcome& of) {
    EXPECT_EQ(of.status, 0) << of.err;
    told made;
    std::istringstream lines(of.out);
    for (std::string line; std::getline(lines, line);) {
        const json one = json::parse(line);
        if (one.at("schema") == "irqscope.perf/1") made.perf = one;
        if (one.at("schema") == "irqscope.stall/1") made.stalls.push_back(one);
        if (one.at("schema") != "irqscope.stalls_summary/1") continue;
        for (const auto& [why, aside] : one.at("set_aside").items())
            made.set_aside += aside.at("count").get<std::uint64_t>();
    }
    return made;
}

std::uint64_t number(const told& of, const char* name) { return of.perf.at(name).get<std::uint64_t>(); }

marked mark_of(const json& stall) {
    return {stall.at("cpu").get<int>(), stall.at("kind").get<std::string>(), stall.at("state").get<std::string>(),
            stall.at("at_least_ns").get<std::uint64_t>(), stall.at("start_ns").get<std::uint64_t>()};
}

std::uint64_t end_of(const marked& one) { return one.start_ns + one.duration_ns; }

std::size_t held(const told& what) { // holds that were seen as such
    return static_cast<std::size_t>(std::count_if(what.stalls.begin(), what.stalls.end(), [](const json& one) {
        return one.at("kind") == "irq_off" && one.at("at_least_ns").get<std::uint64_t>() >= 3 * ms;
    }));
}

// Every stall that irqscope told is a sample, with the same numbers, at its end, on top of the same stack; and what else perf
// has was set aside.
void expect_the_same(const told& what, const perf_samples& seen) {
    std::size_t close = 0;
    for (const json& one : what.stalls) {
        const marked mark = mark_of(one);
        const auto found = seen.stalls.find(mark);
        ASSERT_NE(found, seen.stalls.end()) << one;
        EXPECT_GE(found->second.time_ns + us, end_of(mark)) << one; // perf prints it rounded down
        close += found->second.time_ns <= end_of(mark) + 100 * us ? 1U : 0U;
        std::size_t at = 0;
        for (const json& frame : one.at("stack")) {
            const std::string function = frame.get<std::string>().substr(0, frame.get<std::string>().find('+'));
            at = found->second.chain.find(function, at);
            ASSERT_NE(at, std::string::npos) << function << " is not in " << found->second.chain;
        }
    }
    EXPECT_GE(2 * close, what.stalls.size()) << "this machine's CPUs may be away in between, but not that often";
    EXPECT_GE(seen.stalls.size(), what.stalls.size());
    EXPECT_LE(seen.stalls.size(), what.stalls.size() + what.set_aside);
}

class perf_session : public testing::Test {
protected:
    void SetUp() override {
        std::filesystem::remove_all(directory_);
        std::filesystem::create_directory(directory_);
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    [[nodiscard]] std::string fifos() const {
        for (const char* name : {"ctl", "ack"}) EXPECT_EQ(mkfifo(path(name).c_str(), 0600), 0);
        return fmt::format("fifo:{},{}", path("ctl"), path("ack"));
    }
    std::string directory_ = fmt::format("perf-session-{}", getpid());
};

} // namespace

TEST_F(perf_session, each_stall_is_a_sample_of_perf_with_its_length_its_time_and_its_stack) {
    perf_process perf({"-a", "-k", "mono", "-g", "-e", into_bpf_output, "-o", path("perf.data")});
    const told what = read(run_over_holds(fmt::format("stalls -d 6 --json --perf-pid {}", perf.id()), 8, 200));
    ASSERT_TRUE(perf.end());
    const perf_samples seen = samples_of(path("perf.data"));
    EXPECT_GE(held(what), 7U);
    expect_the_same(what, seen);
    EXPECT_EQ(number(what, "sent"), seen.stalls.size());
    EXPECT_EQ(seen.markers, must(host::online_cpus()).size());
    EXPECT_EQ(number(what, "buffer_full") + number(what, "disabled") + number(what, "no_event"), 0U);
}

TEST_F(perf_session, each_stall_is_a_sample_while_it_is_recorded_too) {
    perf_process perf({"-a", "-k", "mono", "-g", "-e", into_bpf_output, "-o", path("perf.data")});
    const auto done =
        run_over_holds(fmt::format("record -d 5 -o {} --perf-pid {}", path("irqscope.data"), perf.id()), 4);
    ASSERT_EQ(done.status, 0) << done.err;
    ASSERT_TRUE(perf.end());
    const perf_samples seen = samples_of(path("perf.data"));
    told what = read(run(fmt::format("{} report --stalls --json -i {}", binary(), path("irqscope.data"))));
    EXPECT_GE(held(what), 3U);
    expect_the_same(what, seen);
}

TEST_F(perf_session, each_stall_is_a_line_in_the_trace_buffer) {
    perf_process perf({"-a", "-k", "mono", "-g", "-e", "bpf_trace:bpf_trace_printk", "-o", path("perf.data")});
    const told what = read(run_over_holds("stalls -d 5 --json --mark printk", 5));
    ASSERT_TRUE(perf.end());
    const perf_samples seen = samples_of(path("perf.data"));
    EXPECT_GE(held(what), 4U);
    expect_the_same(what, seen);
    EXPECT_EQ(number(what, "printed"), seen.stalls.size());
}

TEST_F(perf_session, events_are_on_around_incidents_and_off_elsewhere) {
    const std::string control = fifos();
    perf_process perf({"-a", "-k", "mono", "-e", "cpu-clock", "-F", "200", "-D", "-1", "--control", control, "-o",
                       path("perf.data")});
    const told what =
        read(run_over_holds(fmt::format("stalls -d 8 --json --perf-control {} --perf-window 300ms", control), 3, 1500));
    ASSERT_TRUE(perf.end());
    ASSERT_GE(held(what), 2U);
    EXPECT_GE(number(what, "enables"), 2U);
    EXPECT_EQ(number(what, "enables"), number(what, "disables"));
    EXPECT_EQ(number(what, "unread") + number(what, "unanswered"), 0U);
    const perf_samples seen = samples_of(path("perf.data"));
    ASSERT_FALSE(seen.others.empty());
    for (const std::uint64_t time_ns : seen.others) { // told within half a second, the window, and two answers
        const bool near = std::any_of(what.stalls.begin(), what.stalls.end(), [&](const json& one) {
            return time_ns + us >= end_of(mark_of(one)) && time_ns <= end_of(mark_of(one)) + 1500 * ms;
        });
        EXPECT_TRUE(near) << time_ns;
    }
}

TEST_F(perf_session, events_stay_on_through_a_burst) {
    const std::string control = fifos();
    perf_process perf({"-a", "-k", "mono", "-e", "cpu-clock", "-F", "200", "-D", "-1", "--control", control, "-o",
                       path("perf.data")});
    const told what =
        read(run_over_holds(fmt::format("stalls -d 9 --json --perf-control {} --perf-window 2s", control), 8, 150));
    ASSERT_TRUE(perf.end());
    ASSERT_GE(held(what), 7U);
    std::size_t bursts = 1; // others' stalls may be elsewhere
    std::vector<std::uint64_t> ends;
    for (const json& one : what.stalls) ends.push_back(end_of(mark_of(one)));
    std::sort(ends.begin(), ends.end());
    for (std::size_t i = 1; i < ends.size(); i++) bursts += ends[i] - ends[i - 1] > 1000 * ms ? 1U : 0U;
    EXPECT_GE(number(what, "enables"), 1U);
    EXPECT_LE(number(what, "enables"), bursts);
}

// Events that are disabled when irqscope starts have no CPU yet.
TEST_F(perf_session, stall_finds_perfs_event_once_it_is_enabled) {
    const std::string control = fifos();
    perf_process perf(
        {"-a", "-k", "mono", "-e", into_bpf_output, "-D", "-1", "--control", control, "-o", path("perf.data")});
    const told what = read(run_over_holds(
        fmt::format("stalls -d 10 --json --perf-pid {} --perf-control {} --perf-window 10s", perf.id(), control), 5,
        1000));
    ASSERT_TRUE(perf.end());
    const perf_samples seen = samples_of(path("perf.data"));
    EXPECT_GE(number(what, "disabled"), 1U) << "those that came before it was enabled";
    EXPECT_EQ(number(what, "no_event"), 0U);
    EXPECT_GE(number(what, "sent"), 2U);
    EXPECT_EQ(number(what, "sent"), seen.stalls.size());
    EXPECT_EQ(seen.markers, must(host::online_cpus()).size());
}

TEST_F(perf_session, flight_recorder_is_written_at_each_signal) {
    perf_process perf({"-a", "-k", "mono", "-e", "cpu-clock", "-F", "200", "--overwrite", "--switch-output=signal",
                       "-o", path("perf.data")});
    const told what = read(
        run_over_holds(fmt::format("stalls -d 7 --json --perf-signal {} --perf-every 1500ms", perf.id()), 4, 1000));
    ASSERT_TRUE(perf.end());
    EXPECT_GE(number(what, "signals"), 2U);
    EXPECT_GE(number(what, "signals_skipped"), 1U);
    EXPECT_EQ(number(what, "signals_failed"), 0U);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
        files++;
        EXPECT_FALSE(samples_of(entry.path()).others.empty()) << entry.path();
    }
    EXPECT_EQ(files, number(what, "signals") + 1); // and the one at its end
}

TEST_F(perf_session, perf_may_be_killed_and_what_it_does_not_get_is_counted) {
    perf_process perf({"-a", "-k", "mono", "-g", "-e", into_bpf_output, "-o", path("perf.data")});
    const auto done = run_over_holds(fmt::format("stalls -d 7 --json --perf-pid {}", perf.id()), 6, 400,
                                     [&perf](int hold) { hold == 3 ? perf.kill() : void(); });
    const told what = read(done);
    EXPECT_GE(held(what), 5U) << "tracing goes on";
    EXPECT_NE(done.err.find("has ended"), std::string::npos) << done.err;
    EXPECT_EQ(done.err.find("has ended"), done.err.rfind("has ended")) << "it is said once: " << done.err;
    EXPECT_GE(number(what, "sent"), 2U);
    // until it is noticed the kernel says the same of a buffer that is gone as of one that is full
    const auto not_sent = number(what, "buffer_full") + number(what, "no_event");
    EXPECT_GE(not_sent, 2U);
    EXPECT_GE(number(what, "no_event"), 1U);
    EXPECT_GE(number(what, "sent") + not_sent, what.stalls.size()) << done.out;
    EXPECT_LE(number(what, "sent") + not_sent, what.stalls.size() + what.set_aside);
}

TEST_F(perf_session, stopped_perf_fills_up_and_goes_on) {
    perf_process perf({"-a", "-k", "mono", "-g", "-m", "1", "-e", into_bpf_output, "-o", path("perf.data")});
    const auto done =
        run_over_holds(fmt::format("stalls -d 12 --json --perf-pid {}", perf.id()), 60, 80, [&perf](int hold) {
            if (hold == 5) perf.send(SIGSTOP);
            if (hold == 50) perf.send(SIGCONT);
            if (hold == 50) sleep_ms(500);
        });
    ASSERT_TRUE(perf.end());
    const told what = read(done);
    const perf_samples seen = samples_of(path("perf.data"));
    EXPECT_GE(number(what, "buffer_full"), 1U);
    EXPECT_EQ(number(what, "sent"), seen.stalls.size());
    EXPECT_EQ(number(what, "no_event"), 0U);
    EXPECT_NE(done.err.find("does not read its buffer"), std::string::npos) << done.err;
    ASSERT_FALSE(seen.stalls.empty());
    EXPECT_GE(std::max_element(
                  seen.stalls.begin(), seen.stalls.end(),
                  [](const auto& a, const auto& b) {
                      return a.second.time_ns < b.second.time_ns;
                  })->second.time_ns +
                  us,
              end_of(mark_of(what.stalls.back())))
        << "the last one got through";
}

TEST_F(perf_session, control_outlives_its_perf_and_serves_the_next) {
    const std::string control = fifos();
    const std::vector<std::string> arguments{"-a", "-k",        "mono",  "-e", "cpu-clock",      "-F", "200", "-D",
                                             "-1", "--control", control, "-o", path("perf.data")};
    auto perf = std::make_unique<perf_process>(arguments);
    const auto done = run_over_holds(fmt::format("stalls -d 20 --json --perf-control {} --perf-window 200ms", control),
                                     8, 1200, [&](int hold) {
                                         if (hold == 2) perf->kill();
                                         if (hold == 5) perf = std::make_unique<perf_process>(arguments);
                                     });
    const told what = read(done);
    EXPECT_TRUE(perf->end());
    EXPECT_GE(held(what), 7U);
    EXPECT_GE(number(what, "unread"), 1U);
    EXPECT_NE(done.err.find("nobody reads the commands"), std::string::npos) << done.err;
    EXPECT_NE(done.err.find("perf answers again"), std::string::npos) << done.err;
    EXPECT_FALSE(samples_of(path("perf.data")).others.empty()) << "the second one was enabled";
}

// Which the kernel does for every program that could print, on 6.12 and later.
TEST_F(perf_session, trace_event_is_not_enabled_unasked) {
    const auto with_tracefs = [](const std::string& command) { // in a namespace of its own: the host keeps its mounts
        return output_of("unshare -m --propagation private sh -c 'mount -t tracefs t /sys/kernel/tracing; cd "
                         "/sys/kernel/tracing/events/bpf_trace/bpf_trace_printk; " +
                         command + "'");
    };
    const std::string before = with_tracefs("cat enable");
    for (const char* command : {"hist -d 300ms", "stalls -d 300ms"}) {
        (void)with_tracefs("echo 0 >enable");
        (void)output_of(fmt::format("{} {}", binary(), command));
        EXPECT_EQ(with_tracefs("cat enable"), "0\n") << command;
    }
    (void)output_of(binary() + " stalls -d 300ms --mark printk");
    EXPECT_EQ(with_tracefs("cat enable"), "1\n") << "the test sees nothing";
    (void)with_tracefs(fmt::format("echo {} >enable", before.substr(0, 1)));
}

TEST_F(perf_session, what_is_no_such_perf_is_refused_and_lives_on) {
    const auto refused = [](const std::string& options, int status, const char* says) {
        const auto done = run(fmt::format("{} stalls -d 1 {}", binary(), options));
        EXPECT_EQ(done.status, status) << options << ": " << done.err;
        EXPECT_NE(done.err.find(says), std::string::npos) << done.err;
    };
    refused(fmt::format("--perf-pid {}", getpid()), 3, "has no perf events");
    refused("--perf-pid 999999999", 3, "there is no such process");
    refused(fmt::format("--perf-signal {}", getpid()), 3, "has no use for SIGUSR2"); // which would have ended us
    refused("--perf-control fifo:/dev/null", 2, "is no fifo");
    refused("--perf-control /tmp/x", 2, "fifo:CTL[,ACK]");
    refused("--perf-window 1s", 2, "needs --perf-control");
    refused("--mark ftrace", 2, "--mark");
    perf_process perf({"-a", "-e", "cpu-clock", "-o", path("perf.data")});
    refused(fmt::format("--perf-pid {}", perf.id()), 3, "no bpf-output event that can be shared");
    EXPECT_TRUE(perf.end());
}

} // namespace irqscope::live

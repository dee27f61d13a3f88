// SPDX-License-Identifier: BSD-2-Clause
// The heartbeats themselves: do they beat on, whatever others do, and is it said where they do not?
#include "host/cpus.hpp"
#include "host/files.hpp"
#include "live/busy.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "load/load.hpp"

#include <atomic>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

namespace irqscope::live {

namespace {

// A value of /proc/sys or /sys, put back when it goes out of sight.
class setting {
public:
    setting(std::string path, const std::string& value)
        : path_(std::move(path)), before_(must(host::read_file(path_))) {
        std::ofstream(path_) << value;
    }
    setting(const setting&) = delete;
    setting& operator=(const setting&) = delete;
    setting(setting&&) = delete;
    setting& operator=(setting&&) = delete;
    ~setting() { std::ofstream(path_) << before_; }

private:
    std::string path_;
    std::string before_;
};

// due = seen + skipped + unseen, but for the beat under way when it was read.
void expect_consistent(const model::stalls_report& report) {
    for (const auto& [cpu, beats] : report.whole.coverage.heartbeats) {
        const auto told = static_cast<std::int64_t>(beats.seen + beats.skipped + beats.unseen);
        EXPECT_NEAR(static_cast<double>(told), static_cast<double>(beats.due), 2)
            << "CPU " << cpu << ": " << beats.due << " due, " << beats.seen << " seen, " << beats.skipped
            << " skipped, " << beats.unseen << " unseen";
    }
}

void print(const model::stalls_report& report) {
    for (const auto& [cpu, beats] : report.whole.coverage.heartbeats)
        fmt::print("CPU {}: {} due, {} seen, {} late, {} skipped, {} unseen, {} restarts\n", cpu, beats.due, beats.seen,
                   beats.late, beats.skipped, beats.unseen, beats.restarts);
}

} // namespace

// cpu-clock events that take samples are throttled at that rate to a sixth and less on an idle CPU.
TEST(heartbeat, is_not_throttled_on_idle_and_busy_cpus) {
    const setting low("/proc/sys/kernel/perf_event_max_sample_rate", "500");
    const auto cpus = must(host::online_cpus());
    watched tracer(default_thresholds());
    {
        const busy one({cpus.back()}); // the first one idles
        sleep_ms(5000);
    }
    const auto report = tracer.finish();
    print(report);
    expect_consistent(report);
    for (const int cpu : cpus) {
        const auto& beats = report.whole.coverage.heartbeats.at(cpu);
        EXPECT_GE(beats.due, 4900U);
        // What was late for real has left some out: not the throttle's doing.
        EXPECT_GE(beats.seen * 100, (beats.due - beats.skipped) * 99) << "CPU " << cpu;
    }
}

// Each period is kept to, and each CPU beats.
TEST(heartbeat, has_the_period_that_it_was_given) {
    for (const std::uint64_t period_ns :
         {std::uint64_t{100'000}, std::uint64_t{4'000'000}, std::uint64_t{100'000'000}}) {
        watched tracer({{model::stall_kind::irq_off, 1'000'000'000}}, period_ns);
        sleep_ms(1000);
        const auto report = tracer.finish();
        EXPECT_EQ(report.whole.coverage.heartbeats.size(), must(host::online_cpus()).size());
        for (const auto& [cpu, beats] : report.whole.coverage.heartbeats) {
            EXPECT_NEAR(static_cast<double>(beats.due),
                        static_cast<double>(report.whole.duration_ns) / static_cast<double>(period_ns),
                        static_cast<double>(beats.due) / 100 + 2)
                << "CPU " << cpu;
            EXPECT_GE((beats.seen + beats.skipped + 1) * 100, beats.due * 98) << "CPU " << cpu;
        }
        expect_consistent(report);
    }
}

// Other people's cpu-clock events have the same timer function. perf comes and goes while we beat.
TEST(heartbeat, counts_no_beats_of_perfs) {
    const auto cpus = must(host::online_cpus());
    watched tracer(default_thresholds());
    sleep_ms(500);
    const outcome perf = run("timeout 60 perf record -a -e cpu-clock -F 2000 -o perf-foreign.data -- sleep 2");
    ASSERT_EQ(perf.status, 0) << perf.err;
    run("rm -f perf-foreign.data");
    tracer.settle();
    const auto report = tracer.finish();
    print(report);
    expect_consistent(report);
    for (const int cpu : cpus) {
        const auto& beats = report.whole.coverage.heartbeats.at(cpu);
        EXPECT_LE(beats.seen, beats.due + 1) << "CPU " << cpu << ": its 4000 samples are no beats of ours";
        EXPECT_GE(beats.seen * 100, (beats.due - beats.skipped) * 98) << "CPU " << cpu;
        EXPECT_EQ(beats.restarts, 0U) << "CPU " << cpu << ": its events are not pinned, ours are";
    }
    for (const model::stall& one : tracer.told()) EXPECT_TRUE(one.steal_ns || one.culprit) << words_of(one);
}

// Softirqs are noticed when they are held off: each beat has made a raise, on its own CPU.
TEST(heartbeat, makes_a_raise_with_each_beat) {
    const auto kernel = must(probe::kernel::inspect({}));
    auto running = must(probe::measurement::start(kernel, {}));
    ASSERT_TRUE(running.programs().soft_beats());
    sleep_ms(2000);
    const auto seen = must(running.finish());
    for (const auto& [cpu, beats] : seen.coverage.heartbeats) {
        std::uint64_t raised = 0;
        for (const auto& one : seen.all)
            if (one.cpu == cpu && one.id.what == model::metric::softirq_latency && one.id.key == "HRTIMER")
                raised += one.values.samples();
        EXPECT_GE(raised * 100, beats.seen * 98) << "CPU " << cpu;
    }
}

TEST(heartbeat, comes_back_with_its_cpu) {
    const auto cpus = must(host::online_cpus());
    const std::string path = fmt::format("/sys/devices/system/cpu/cpu{}/online", cpus.back());
    const auto may = host::read_line(path);
    if (!may || cpus.size() < 2) GTEST_SKIP() << path << " cannot be read: CPUs do not go here";
    watched tracer(default_thresholds());
    const int cpu = cpus.back();
    sleep_ms(300);
    if (!(std::ofstream(path) << "0" << std::flush)) GTEST_SKIP() << "this kernel does not let CPU " << cpu << " go";
    const auto gone = must(host::online_cpus());
    tracer.measurement().programs().follow_cpus();
    sleep_ms(500);
    const auto without = must(tracer.measurement().programs().states()).at(cpu).beats.seen;
    std::ofstream(path) << "1" << std::flush;
    sleep_ms(100);
    EXPECT_TRUE(tracer.measurement().programs().follow_cpus());
    sleep_ms(500);
    tracer.settle();
    EXPECT_NE(gone, cpus);
    const auto report = tracer.finish();
    print(report);
    const auto& beats = report.whole.coverage.heartbeats.at(cpu);
    EXPECT_GE(beats.seen, without + 400) << "its heart does not beat again";
    EXPECT_LE(beats.due, 1700U) << "none was due while it was away";
    for (const model::stall& one : tracer.told()) EXPECT_LT(one.at_least_ns, 400'000'000U) << words_of(one);
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// Recordings on this kernel: against the kernel's own histograms of the same run, and after every kind of end.
#include "host/system.hpp"
#include "live/support.hpp"
#include "load/load.hpp"
#include "probe/kernel_counts.hpp"
#include "recording/recorder.hpp"
#include "recording/summing.hpp"
#include "stream/ring_reader.hpp"

#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace irqscope::live {

namespace {

// Of one run: what the kernel counted, and what its recording says.
struct both {
    std::vector<model::series> kernel;
    std::vector<model::series> recorded;
    std::uint64_t spans = 0;
    std::uint64_t dropped = 0;
    bool whole = false;
};

both run_both(std::uint32_t ring_bytes, std::uint64_t datagrams, bool drained) {
    probe::session_options options;
    options.metrics.insert({model::metric::ksoftirqd_latency, model::metric::ksoftirqd_run});
    options.stream = true;
    options.ring_bytes = ring_bytes;
    auto session = attached(options);
    recording::header about;
    about.spans = true;
    recording::files_plan where;
    where.path = "both.data";
    auto files = must(recording::files::prepare(where, [&about](std::uint64_t /*from_ns*/) { return text_of(about); }));
    recording::recorder recorder(std::move(files), [&session] { return session.catalog(); });
    must(recorder.open());
    recorder.start([] {});
    auto reader = must(stream::ring_reader::open(session.rings(), recorder));
    const auto online = must(host::online_cpus());
    std::atomic<bool> over = false;
    std::thread drains;
    if (drained)
        drains = std::thread([&] {
            while (!over)
                if (!reader.drain()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
    load::direct_file disk(".");
    for (int turn = 0; turn < 10; turn++) {
        load::send_datagrams(online, datagrams / 10);
        load::interrupt_each_other(online, 100);
        disk.read(100);
    }
    session.detach();
    over = true;
    if (drains.joinable()) drains.join();
    while (reader.drain()) {
    }
    EXPECT_EQ(reader.unknown(), 0U);
    must(recorder.finish());
    EXPECT_TRUE(recorder.take_dropped().empty()) << "the disk was too slow";

    both seen;
    probe::kernel_counts counts(session);
    stream::table kernel;
    must(counts.read(kernel));
    const auto names = must(session.catalog());
    seen.kernel = kernel.named(names);
    stream::table unfinished;
    count_unfinished(must(session.states()), unfinished);
    auto replay = must(recording::replay::open("both.data"));
    recording::summing sum({}, [](const model::stall&) {});
    replay.run({}, sum.spans(), sum);
    model::snapshot all = sum.whole(replay).histograms;
    model::snapshot rest;
    rest.all = unfinished.named(names);
    all.join(rest);
    seen.recorded = std::move(all.all);
    seen.spans = replay.read().spans_read;
    seen.whole = replay.file().whole();
    return seen;
}

const model::series* find(const std::vector<model::series>& in, const model::series& like) {
    for (const model::series& one : in)
        if (one.id == like.id && one.cpu == like.cpu) return &one;
    return nullptr;
}

// `irqscope record` with these arguments, as a child.
pid_t start(const std::string& arguments) {
    const pid_t child = fork();
    if (child == 0) {
        const std::string command = fmt::format("exec {} record {} 2>record.err", binary(), arguments);
        execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        _exit(127);
    }
    return child;
}

int status_of(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

TEST(recording, equals_the_kernels_histograms_bucket_by_bucket) {
    const both seen = run_both(16U << 20, 2'100'000, true);
    EXPECT_TRUE(seen.whole);
    EXPECT_GE(seen.spans, 4'000'000U);
    EXPECT_EQ(seen.recorded.size(), seen.kernel.size());
    for (const model::series& one : seen.kernel) {
        const model::series* const other = find(seen.recorded, one);
        const std::string name = fmt::format("CPU {} {}", one.cpu, model::short_name_of(one.id));
        ASSERT_NE(other, nullptr) << name;
        EXPECT_EQ(one.dropped, 0U) << name << ": the ring was to be large enough";
        EXPECT_TRUE(one.values == other->values)
            << name << ": " << one.values.samples() << " " << other->values.samples();
    }
}

TEST(recording, differs_by_exactly_the_counted_drops) {
    const both seen = run_both(4096, 200'000, false);
    std::uint64_t dropped = 0;
    for (const model::series& one : seen.kernel) {
        const model::series* const other = find(seen.recorded, one);
        const std::uint64_t came = other == nullptr ? 0 : other->values.samples();
        EXPECT_EQ(one.values.samples(), came + one.dropped) << one.cpu << " " << model::short_name_of(one.id);
        dropped += one.dropped;
    }
    EXPECT_GT(dropped, 100'000U);
    EXPECT_GT(seen.spans, 30U);
}

TEST(recording, of_a_flood_loses_nothing_and_says_what_it_was) {
    const std::string load = load_of(300'000);
    const auto cpus = must(host::online_cpus());
    const outcome done = run(binary() + " record -o flood.data -- " + load);
    ASSERT_EQ(done.status, 0) << done.err;
    const auto info = info_of("flood.data");
    EXPECT_TRUE(info.at("whole"));
    const auto report = nlohmann::json::parse(output_of(binary() + " report -i flood.data --json | head -n 1"));
    EXPECT_EQ(report.at("schema"), "irqscope.hist/1");
    for (const char* kind : {"samples_dropped_by_full_rings", "samples_dropped_by_a_slow_disk", "records_unknown"})
        EXPECT_FALSE(report.at("lost").at("counts").contains(kind)) << report.at("lost").dump();
    std::uint64_t served = 0;
    for (const auto& one : report.at("metrics"))
        if (one.at("metric") == "softirq_run" && one.at("key") == "NET_RX")
            served += one.at("count").get<std::uint64_t>();
    const auto unseen = report.at("lost").at("counts").value("softirqs_unseen", 0U);
    EXPECT_GE(served + unseen, 300'000U * cpus.size());
    const auto bytes = info.at("kinds").at("spans").at("bytes").get<double>();
    EXPECT_LT(bytes / static_cast<double>(served), 14) << "bytes a softirq";
    std::size_t first_cpu_spans = info.at("spans").size();
    EXPECT_EQ(first_cpu_spans, cpus.size());
}

TEST(recording, ends_with_the_command_and_as_it_did) {
    EXPECT_EQ(run(binary() + " record -o c.data -- sh -c 'exit 7'").status, 7);
    EXPECT_TRUE(info_of("c.data").at("whole"));
    EXPECT_EQ(run(binary() + " record -o c.data -- sh -c 'kill -9 $$'").status, 128 + SIGKILL);
    EXPECT_EQ(info_of("c.data").at("header").at("command").size(), 3U);
    EXPECT_TRUE(info_of("c.data.old").at("whole"));
    const outcome none = run(binary() + " record -o d.data -- /no/such/command");
    EXPECT_EQ(none.status, 1);
    EXPECT_EQ(none.err.find("cannot run /no/such/command: No such file") == std::string::npos, false) << none.err;
    EXPECT_NE(access("d.data", F_OK), 0) << "nothing is made for its sake";
    EXPECT_EQ(run(binary() + " record -o c.data -- /etc/passwd").status, 1);
    EXPECT_EQ(run(binary() + " record -o c.data -- none-of-this-name").status, 1);
    EXPECT_EQ(info_of("c.data").at("header").at("command").size(), 3U) << "the one before is where it was";
    // the command has the rights that irqscope gives up
    EXPECT_EQ(run(binary() +
                  " record -o e.data -- sh -c 'grep -q \"^CapEff:.*[1-9a-f]\" /proc/self/status && chown 1 e.data'")
                  .status,
              0);
}

TEST(recording, ended_by_a_signal_is_whole) {
    for (const int signal : {SIGINT, SIGTERM}) {
        const pid_t child = start("-o s.data");
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        kill(child, signal);
        EXPECT_EQ(status_of(child), 0);
        const auto info = info_of("s.data");
        EXPECT_TRUE(info.at("whole"));
        EXPECT_GE(info.at("kinds").at("spans").at("records"), 100U);
    }
}

TEST(recording, killed_at_any_moment_is_read_up_to_there) {
    std::mt19937 random(1);
    std::uint64_t with_spans = 0;
    for (int turn = 0; turn < 100; turn++) {
        unlink("k.data");
        const pid_t child = start("-o k.data --sync 20ms");
        const auto lived = std::chrono::microseconds(random() % 1'400'000);
        std::this_thread::sleep_for(lived);
        kill(child, SIGKILL);
        EXPECT_EQ(status_of(child), 128 + SIGKILL);
        if (access("k.data", F_OK) != 0) continue; // it had not come so far
        const outcome info = run(binary() + " info --json k.data");
        const outcome report = run(binary() + " report -i k.data --json");
        if (info.status != 0) {
            EXPECT_EQ(info.status, 1);
            EXPECT_EQ(report.status, 1);
            EXPECT_NE(info.err.find("k.data"), std::string::npos) << info.err;
            continue;
        }
        ASSERT_EQ(report.status, 0) << report.err;
        EXPECT_NE(report.err.find("not ended"), std::string::npos) << "it must say so";
        const auto found = nlohmann::json::parse(info.out);
        EXPECT_FALSE(found.at("whole"));
        for (const auto& one : found.at("damage")) EXPECT_EQ(one.at("what"), "cut");
        if (found.at("kinds").contains("spans")) with_spans++;
    }
    EXPECT_GE(with_spans, 20U) << "many of them had begun";
}

TEST(recording, on_a_full_disk_ends_with_one_sentence_and_is_good_up_to_there) {
    // a file system of its own, in a mount namespace of its own
    const std::string load = load_of(3'000'000);
    const outcome done = run(
        fmt::format("unshare -m --propagation private sh -c 'mkdir -p full && mount -t tmpfs -o size=400k t full && "
                    "{} record -o full/f.data --sync 100ms -- {}; echo status $?; {} info --json full/f.data'",
                    binary(), load, binary()));
    EXPECT_NE(done.out.find("status 1\n"), std::string::npos) << done.out << done.err;
    EXPECT_NE(done.err.find("No space left on device"), std::string::npos) << done.err;
    const auto info = nlohmann::json::parse(done.out.substr(done.out.find('{')));
    EXPECT_FALSE(info.at("whole"));
    EXPECT_TRUE(info.at("damage").empty()) << info.at("damage").dump();
    EXPECT_GE(info.at("kinds").at("spans").at("records"), 10'000U);
}

TEST(recording, is_read_without_rights_and_refused_without_them) {
    ASSERT_EQ(run(binary() + " record -o r.data -d 0.3").status, 0);
    const std::string nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
    EXPECT_EQ(run("chmod 755 . && chmod 644 r.data && " + nobody + binary() + " report -i r.data").status, 0);
    EXPECT_EQ(run(nobody + binary() + " info r.data").status, 0);
    EXPECT_EQ(run(nobody + binary() + " record -o n.data -d 1").status, 3);
    EXPECT_NE(access("n.data", F_OK), 0) << "and leaves no file";
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// One run of `irqscope record` in several files: nothing is between them, and a stall has its own with what came before it.
#include "host/cpus.hpp"
#include "live/support.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace irqscope::live {

namespace {

// An empty one, of somebody else: irqscope gives up the right to write there.
std::filesystem::path directory_of_nobody(const std::string& name) {
    std::filesystem::remove_all(name);
    std::filesystem::create_directory(name);
    if (chown(name.c_str(), 65534, 65534) != 0) throw std::runtime_error("chown");
    return name;
}

std::vector<std::string> recordings_in(const std::filesystem::path& directory) {
    std::vector<std::string> found;
    for (const auto& one : std::filesystem::directory_iterator(directory)) found.push_back(one.path());
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { // the newest last
        return std::make_pair(a.ends_with(".data"), a) < std::make_pair(b.ends_with(".data"), b);
    });
    return found;
}

// NET_RX softirqs that its report counts, and those that ran unseen.
std::uint64_t served_in(const std::string& name) {
    const auto report = nlohmann::json::parse(output_of(binary() + " report -i " + name + " --json | head -n 1"));
    std::uint64_t served = report.at("lost").at("counts").value("softirqs_unseen", 0U);
    for (const auto& one : report.at("metrics"))
        if (one.at("metric") == "softirq_run" && one.at("key") == "NET_RX")
            served += one.at("count").get<std::uint64_t>() + one.at("dropped").get<std::uint64_t>();
    return served;
}

} // namespace

TEST(recording_files, together_have_everything_that_came) {
    const auto directory = directory_of_nobody("sizes");
    constexpr std::uint64_t datagrams = 2'000'000;
    const outcome done =
        run(fmt::format("{} record -o sizes/a.data --max-size 4M -- {}", binary(), load_of(datagrams)));
    ASSERT_EQ(done.status, 0) << done.err;
    const auto all = recordings_in(directory);
    ASSERT_GE(all.size(), 2U);
    std::uint64_t served = 0;
    std::uint64_t last_ns = 0;
    for (const std::string& name : all) {
        const auto info = info_of(name);
        EXPECT_TRUE(info.at("whole")) << info.dump();
        EXPECT_LE(info.at("bytes"), 5U << 20U) << name;
        EXPECT_GE(info.at("header").at("monotonic_ns"), last_ns);
        last_ns = info.at("header").at("monotonic_ns");
        served += served_in(name);
        struct stat about {};
        ASSERT_EQ(stat(name.c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 07777U, 0600U);
    }
    EXPECT_GE(served, datagrams * must(host::online_cpus()).size());
}

TEST(recording_files, are_begun_when_asked_and_only_the_newest_are_kept) {
    const auto directory = directory_of_nobody("asked");
    const outcome done =
        run(fmt::format("{} record -o asked/a.data --keep 2 -- sh -c 'sleep 0.5; for i in 1 2 3; do kill "
                        "-USR2 $PPID; sleep 0.5; done'",
                        binary()));
    ASSERT_EQ(done.status, 0) << done.err;
    const auto all = recordings_in(directory);
    EXPECT_EQ(all.size(), 2U);
    for (const std::string& name : all) EXPECT_TRUE(info_of(name).at("whole")) << name;
    EXPECT_NE(done.err.find("the newest of 4 files, of which 2 are kept"), std::string::npos) << done.err;
    // asked before there is anything to write
    const outcome early =
        run(fmt::format("sh -c '{} record -o asked/early.data -d 0.3 & sleep 0.2; kill -USR2 $!; wait $!'", binary()));
    EXPECT_EQ(early.status, 0) << early.err;
}

TEST(recording_files, begin_with_a_stall_and_have_what_came_before_it) {
    const auto directory = directory_of_nobody("stalls");
    // on_stall alone: this machine may have others
    const outcome quiet =
        run(fmt::format("{} record -o stalls/quiet.data --switch-on-stall 2s -d 1 --irq-off 10s --softirq-off "
                        "10s --softirq-latency 10s --softirq-run 10s --hardirq-run 10s --ksoftirqd 10s",
                        binary()));
    ASSERT_EQ(quiet.status, 0) << quiet.err;
    EXPECT_NE(quiet.err.find("no stall came"), std::string::npos) << quiet.err;
    EXPECT_TRUE(recordings_in(directory).empty());

    const outcome done =
        run(fmt::format("{} record -o stalls/a.data --switch-on-stall 2s --irq-off 15ms --softirq-off off "
                        "--softirq-latency off --softirq-run off --hardirq-run off --ksoftirqd off -- sh -c 'sleep 4; "
                        "{} selftest --yes --kind irq_off --length 20ms --count 1; sleep 3'",
                        binary(), binary()));
    ASSERT_EQ(done.status, 0) << done.err << done.out;
    const auto all = recordings_in(directory);
    ASSERT_GE(all.size(), 1U) << done.err;
    bool seen = false;
    for (const std::string& name : all) {
        const auto info = info_of(name);
        EXPECT_TRUE(info.at("whole")) << info.dump();
        const auto lines =
            output_of(binary() + " report -i " + name + " --stalls --json | grep irqscope.stall/1 || true");
        if (lines.empty()) continue;
        const auto first = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
        const auto start_ns = first.at("start_ns").get<std::uint64_t>();
        EXPECT_GE(first.at("at_least_ns"), 13'000'000U);
        EXPECT_LE(info.at("first_ns").get<std::uint64_t>() + 1'900'000'000, start_ns) << "what came before";
        EXPECT_GE(info.at("last_ns").get<std::uint64_t>(), start_ns + 1'000'000'000) << "and after";
        EXPECT_LE(info.at("header").at("monotonic_ns").get<std::uint64_t>() + 1'900'000'000, start_ns);
        seen = true;
    }
    EXPECT_TRUE(seen);
}

} // namespace irqscope::live

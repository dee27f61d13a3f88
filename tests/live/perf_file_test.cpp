// SPDX-License-Identifier: BSD-2-Clause
// `irqscope export --to perf` as the real perf reads it, by every reader that it has.
#include "live/made_recording.hpp"
#include "live/support.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

namespace irqscope::live {

namespace {

class perf_file : public testing::TestWithParam<std::size_t> {
protected:
    void SetUp() override {
        std::filesystem::remove_all(directory_);
        std::filesystem::create_directory(directory_);
        make_recording(path("made.data"), GetParam());
        const auto done =
            run(fmt::format("{} export --to perf -i {} -o {}", binary(), path("made.data"), path("perf.data")));
        ASSERT_EQ(done.status, 0) << done.err;
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    // The reader's output. It has done, has warned of nothing, and knew everything.
    [[nodiscard]] std::string read_by(const std::string& command) const {
        const auto done = run(command);
        EXPECT_EQ(done.status, 0) << command << ": " << done.err;
        if (GetParam() == 0 && done.err.find("data has no samples!") != std::string::npos) return done.out; // true
        for (const char* word : {"arning", "rror", "nknown", "annot", "ailed"}) {
            EXPECT_EQ(done.err.find(word), std::string::npos) << command << ": " << done.err;
            const std::size_t where = done.out.find(word);
            EXPECT_EQ(where, std::string::npos) << command << ": " << done.out.substr(where, 200);
        }
        return done.out;
    }
    static std::size_t lines_with(const std::string& text, const std::string& what) {
        std::istringstream lines(text);
        std::size_t found = 0;
        for (std::string line; std::getline(lines, line);) found += line.find(what) != std::string::npos ? 1U : 0U;
        return found;
    }
    std::string directory_ = fmt::format("perf-file-{}", getpid());
};

} // namespace

TEST_P(perf_file, is_read_by_script_with_each_stall_and_its_length) {
    const std::string out =
        read_by(fmt::format("perf script --ns -i {} -F comm,cpu,time,period,event", path("perf.data")));
    ASSERT_EQ(lines_with(out, "stall:"), GetParam());
    std::istringstream lines(out);
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line); number++) {
        const std::uint64_t end_ns = made_start_ns + number * 1000;
        const std::string says = fmt::format("{}.{:09}:", end_ns / 1'000'000'000, end_ns % 1'000'000'000);
        ASSERT_NE(line.find(says), std::string::npos) << line;
        ASSERT_NE(line.find(fmt::format(" {} ", (number + 1) * 1000)), std::string::npos) << line;
        const int cpu = std::array{0, 3, 130}.at(number % 3);
        ASSERT_NE(line.find(fmt::format("[{:03}]", cpu)), std::string::npos) << line;
        const bool idle = number % 50 == 0;
        ASSERT_NE(line.find(idle              ? "swapper"
                            : number % 3 == 0 ? "kworker/3:1 [x]"
                                              : "my; task (a)"),
                  std::string::npos)
            << line;
    }
}

TEST_P(perf_file, is_read_by_script_with_its_chains_and_the_wall_clock) {
    const std::string out = read_by(fmt::format("perf script -F +tod -i {}", path("perf.data")));
    if (GetParam() == 0) return;
    EXPECT_EQ(lines_with(out, "BPF string: \""), GetParam());
    EXPECT_EQ(lines_with(out, "2025-05-08 0"), GetParam()) << out.substr(0, 300);
    EXPECT_EQ(lines_with(out, "vfs_write+0xd6"), GetParam() - (GetParam() + 4) / 5);
}

TEST_P(perf_file, is_read_by_report_with_shares_of_stalled_time) {
    const std::string out =
        read_by(fmt::format("perf report --stdio --no-children -g none --sort comm,sym -i {}", path("perf.data")));
    EXPECT_EQ(lines_with(out, " of event 'stall:"), std::min<std::size_t>(GetParam(), 7));
    const std::string piped = read_by(
        fmt::format("{} export --to perf -i {} -o - | perf report --stdio --no-children -g none --sort comm,sym -i -",
                    binary(), path("made.data")));
    EXPECT_EQ(lines_with(piped, "%"), lines_with(out, "%"));
    EXPECT_EQ(lines_with(piped, " of event 'stall:"), std::min<std::size_t>(GetParam(), 7));
    EXPECT_EQ(
        read_by(fmt::format("{} export --to perf -i {} -o - | perf script -i - -F comm,cpu,time,period,event,ip,sym",
                            binary(), path("made.data"))),
        read_by(fmt::format("perf script -i {} -F comm,cpu,time,period,event,ip,sym", path("perf.data"))));
}

TEST_P(perf_file, is_read_by_its_converters) {
    (void)read_by(fmt::format("perf data -i {} convert --to-json {}", path("perf.data"), path("perf.json")));
    std::ifstream file(path("perf.json"));
    const nlohmann::json all = nlohmann::json::parse(file);
    ASSERT_EQ(all.at("samples").size(), GetParam());
    for (const auto& sample : all.at("samples"))
        for (const auto& frame : sample.at("callchain")) ASSERT_TRUE(frame.contains("symbol")) << sample;
    (void)read_by(fmt::format("perf data -i {} convert --to-ctf {}", path("perf.data"), path("ctf")));
    if (GetParam() == 0) return; // then there is no stream
    EXPECT_EQ(lines_with(read_by(fmt::format("babeltrace2 {}", path("ctf"))), "stall:"), GetParam());
}

INSTANTIATE_TEST_SUITE_P(of, perf_file, testing::Values(0, 1, 100'000),
                         [](const auto& one) { return fmt::format("{}_stalls", one.param); });

} // namespace irqscope::live

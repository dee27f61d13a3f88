// SPDX-License-Identifier: BSD-2-Clause
// The command line as users meet it: bad input, missing rights, missing BTF, sudden death.
#include "live/bpf_objects.hpp"
#include "live/support.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace irqscope::live {

namespace {

// One sentence on stderr, nothing on stdout, the documented status.
void expect_refusal(const std::string& arguments, int status, const std::string& part) {
    const outcome done = run(arguments);
    EXPECT_EQ(done.status, status) << arguments << ": " << done.err;
    EXPECT_TRUE(done.out.empty()) << arguments << " printed " << done.out;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << arguments << ": " << done.err;
    EXPECT_TRUE(done.err.starts_with("irqscope: ")) << done.err;
    EXPECT_NE(done.err.find(part), std::string::npos) << arguments << ": " << done.err;
}

template <typename F>
bool within(std::chrono::seconds time, F done) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return true;
}

} // namespace

TEST(command, refuses_bad_input_with_one_sentence) {
    const std::string hist = binary() + " hist ";
    expect_refusal(hist + "--metric nonsense", 2, "there is no metric 'nonsense'");
    expect_refusal(hist + "--metric softirq_run,", 2, "there is no metric ''");
    expect_refusal(hist + "-C 4095", 2, "there is no CPU 4095");
    expect_refusal(hist + "-C 1-", 2, "is no list of CPUs");
    expect_refusal(hist + "-d 0", 2, "must be more than 0");
    expect_refusal(hist + "-d -1", 2, "must be more than 0");
    expect_refusal(hist + "-I 0", 2, "must be more than 0");
    expect_refusal(hist + "-d soon", 2, "no time");
    expect_refusal(hist + "--above 5", 2, "needs its unit");
    expect_refusal(hist + "--top 0", 2, "--top");
    expect_refusal(hist + "--ring-size 1M", 2, "goes with --stream");
    expect_refusal(hist + "--stream --ring-size 5000", 2, "power of two");
    expect_refusal(hist + "--no-such-option", 2, "--no-such-option");
    expect_refusal(hist + "--btf /nonexistent -d 1", 3, "/nonexistent");
    expect_refusal(hist + "--btf /etc/passwd -d 1", 3, "is no BTF");
    expect_refusal(binary() + " stalls --brief --json", 2, "--brief");
    expect_refusal(binary() + " nonsense", 2, "nonsense");
}

TEST(command, without_rights_says_so) {
    const std::string nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all ";
    // Where the build directory is closed to others the binary has to be where nobody can run it.
    const std::string copy = std::filesystem::temp_directory_path() / fmt::format("irqscope-{}", getpid());
    std::filesystem::copy_file(binary(), copy, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::permissions(copy, std::filesystem::perms(0755));
    expect_refusal(nobody + copy + " hist -d 1", 3, "needs root");
    const outcome doctor = run(nobody + copy + " doctor --json");
    std::filesystem::remove(copy);
    EXPECT_EQ(doctor.status, 3);
    const auto report = nlohmann::json::parse(doctor.out);
    EXPECT_FALSE(report.at("possible").get<bool>());
    bool said = false;
    for (const auto& finding : report.at("findings"))
        said = said || (finding.at("subject") == "capabilities" && finding.at("state") == "missing" &&
                        !finding.at("cure").is_null());
    EXPECT_TRUE(said) << doctor.out;
}

TEST(command, without_btf_says_so_and_takes_it_from_a_file) {
    std::filesystem::copy_file("/sys/kernel/btf/vmlinux", "vmlinux.btf",
                               std::filesystem::copy_options::overwrite_existing);
    const auto hidden = [](const std::string& command) {
        return "unshare -m --propagation private sh -c 'mount -t tmpfs t /sys/kernel/btf && exec " + command + "'";
    };
    expect_refusal(hidden(binary() + " hist -d 1"), 3, "--btf FILE");
    const outcome done = run(hidden(binary() + " --btf vmlinux.btf hist -d 1 --json"));
    EXPECT_EQ(done.status, 0) << done.err;
    const auto seen = nlohmann::json::parse(done.out);
    std::uint64_t ticks = 0;
    for (const auto& one : seen.at("metrics"))
        if (one.at("key") == "local_timer") ticks += one.at("count").get<std::uint64_t>();
    EXPECT_GT(ticks, 0U) << "nothing was measured with BTF from a file";
}

TEST(command, json_has_its_fields_and_ends_at_ctrl_c) {
    const outcome done = run("timeout -s INT 2 " + binary() + " hist --json");
    EXPECT_EQ(done.status, 124) << "timeout's own status: it sent the signal, and the command ended by itself";
    const auto seen = nlohmann::json::parse(done.out);
    EXPECT_EQ(seen.at("schema"), "irqscope.hist/1");
    EXPECT_GT(seen.at("duration_ns").get<std::uint64_t>(), 1'000'000'000U);
    for (const char* field :
         {"host", "kernel", "version", "start_ns", "start_time", "cpus", "open", "lost", "coverage", "cost"})
        EXPECT_TRUE(seen.contains(field)) << field;
    ASSERT_FALSE(seen.at("metrics").empty());
    for (const auto& one : seen.at("metrics")) {
        std::uint64_t sum = 0;
        for (const auto& bucket : one.at("buckets")) sum += bucket.at("count").get<std::uint64_t>();
        EXPECT_EQ(sum, one.at("count").get<std::uint64_t>());
        EXPECT_LE(one.at("min_ns").get<std::uint64_t>(), one.at("p50_ns").get<std::uint64_t>());
        EXPECT_LE(one.at("p999_ns").get<std::uint64_t>(), one.at("max_ns").get<std::uint64_t>());
    }
}

TEST(command, intervals_are_a_line_each) {
    const outcome done = run(binary() + " hist --json -I 500ms -d 2 --metric sysvec_run");
    EXPECT_EQ(done.status, 0) << done.err;
    std::istringstream lines(done.out);
    std::string line;
    std::uint64_t end = 0;
    int many = 0;
    while (std::getline(lines, line)) {
        const auto seen = nlohmann::json::parse(line);
        const auto start = seen.at("start_ns").get<std::uint64_t>();
        if (end != 0) {
            EXPECT_EQ(start, end) << "intervals leave no gap";
        }
        end = start + seen.at("duration_ns").get<std::uint64_t>();
        for (const auto& one : seen.at("metrics")) EXPECT_EQ(one.at("metric"), "sysvec_run");
        many++;
    }
    EXPECT_EQ(many, 4);
}

TEST(command, only_the_chosen_cpus_count) {
    const outcome done = run(binary() + " hist --json -d 1 -C 0");
    EXPECT_EQ(done.status, 0) << done.err;
    const auto seen = nlohmann::json::parse(done.out);
    EXPECT_EQ(seen.at("cpus"), nlohmann::json::array({0}));
    ASSERT_FALSE(seen.at("metrics").empty());
    for (const auto& one : seen.at("metrics")) EXPECT_EQ(one.at("cpu"), 0);
}

TEST(command, is_quiet_on_a_closed_pipe) {
    const outcome done = run("{ " + binary() + " hist -d 1; echo status $? >&2; } | true");
    EXPECT_EQ(done.err, "status 0\n");
}

TEST(command, says_that_its_output_cannot_be_written) {
    for (const char* arguments : {"stalls -d 1", "hist -d 1 --json", "doctor"}) {
        outcome done = run(binary() + " " + arguments + " >/dev/full");
        EXPECT_EQ(done.status, 1) << arguments;
        EXPECT_TRUE(done.err.ends_with("irqscope: cannot write the output: No space left on device\n")) << done.err;
        done = run(binary() + " " + arguments + " >&-");
        EXPECT_EQ(done.status, 1) << arguments;
        EXPECT_TRUE(done.err.ends_with("irqscope: cannot write the output: Bad file descriptor\n")) << done.err;
    }
}

TEST(command, hang_up_ends_it_unless_it_is_ignored) {
    const std::string watch = binary() + " stalls --irq-off 1h -d 4 2>/dev/null & sleep 2; kill -HUP $!; wait $!";
    outcome done = run(watch);
    EXPECT_EQ(done.status, 0);
    EXPECT_NE(done.out.find("heartbeats each 1 ms"), std::string::npos) << done.out;
    EXPECT_EQ(done.out.find(" in 4."), std::string::npos) << done.out;
    done = run("trap '' HUP; " + watch);
    EXPECT_EQ(done.status, 0);
    EXPECT_NE(done.out.find(" in 4."), std::string::npos) << "as under nohup: " << done.out;
}

// Also while there is nothing to print, which would fail.
TEST(command, ends_when_nobody_reads_any_more) {
    for (const char* arguments : {"stalls --irq-off 1h", "stalls --json", "hist -I 1h", "hist"}) {
        const outcome done = run("{ timeout 20 " + binary() + " " + arguments + "; echo status $? >&2; } | true");
        EXPECT_TRUE(done.err.ends_with("status 0\n")) << arguments << ": " << done.err;
    }
}

TEST(command, leaves_nothing_behind_when_killed) {
    for (const char* mode : {"", " --stream"}) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            const std::string command = "exec " + binary() + " hist" + mode + " >/dev/null 2>&1";
            execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
            _exit(127);
        }
        const bool began = within(std::chrono::seconds(10), [&] { return objects_of(child).links.size() >= 20; });
        const bpf_objects held = objects_of(child);
        EXPECT_TRUE(any_left(held)) << "the check itself sees nothing";
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(began) << "it never attached";
        EXPECT_TRUE(WIFSIGNALED(status));
        EXPECT_GE(held.programs.size(), 20U);
        EXPECT_GE(held.maps.size(), 5U);
        EXPECT_TRUE(within(std::chrono::seconds(5), [&] { return !any_left(held); }))
            << "programs, maps or links are left" << mode;
    }
}

} // namespace irqscope::live

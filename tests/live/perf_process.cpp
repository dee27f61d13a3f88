// SPDX-License-Identifier: BSD-2-Clause
#include "live/perf_process.hpp"

#include "host/files.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace irqscope::live {

perf_process::perf_process(const std::vector<std::string>& arguments) {
    std::string command = "mount -t tracefs t /sys/kernel/tracing; exec perf record";
    for (const std::string& one : arguments) command += " '" + one + "'";
    id_ = fork();
    if (id_ < 0) throw std::runtime_error("fork");
    if (id_ == 0) {
        const int log = open("perf-record.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        execlp("unshare", "unshare", "-m", "--propagation", "private", "sh", "-c", command.c_str(), nullptr);
        _exit(127);
    }
    for (int tries = 0; tries < 300; tries++) {
        sleep_ms(50);
        const auto maps = host::read_file(fmt::format("/proc/{}/maps", id_));
        if (!maps || maps->find("[perf_event]") == std::string::npos) continue;
        sleep_ms(500); // until they are enabled
        return;
    }
    kill();
    throw std::runtime_error("perf record: " + host::read_file("perf-record.log").value_or("no word"));
}

perf_process::~perf_process() { kill(); }

void perf_process::send(int signal) const { ::kill(id_, signal); }

bool perf_process::end() {
    int status = -1;
    send(SIGINT);
    waitpid(id_, &status, 0);
    id_ = -1;
    return status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT); // it passes on what ended it
}

void perf_process::kill() {
    if (id_ < 0) return;
    send(SIGKILL);
    waitpid(id_, nullptr, 0);
    id_ = -1;
}

perf_samples samples_of(const std::string& file) {
    const outcome done = run("perf script --ns -i " + file);
    if (done.status != 0) throw std::runtime_error("perf script: " + done.err);
    static const std::regex head(R"(\[(\d+)\]\s+(\d+)\.(\d{9}):(.*))");
    static const std::regex stall(R"(irqscope (\S+) +(ended|open) +(\d+) ns since +(\d+))");
    static const std::regex address(R"(^\s+[0-9a-f]+ (\S+))");
    perf_samples found;
    perf_sample now;
    int cpu = 0;
    bool is_ours = false;
    const auto look = [&](const std::string& line) {
        std::smatch words;
        if (line.find("irqscope marker") != std::string::npos) {
            found.markers++;
            is_ours = true;
        } else if (std::regex_search(line, words, stall)) {
            found.stalls.emplace(marked{cpu, words[1], words[2], std::stoull(words[3]), std::stoull(words[4])}, now);
            is_ours = true;
        }
    };
    const auto close = [&] {
        if (now.time_ns != 0 && !is_ours) found.others.push_back(now.time_ns);
        now = {};
        is_ours = false;
    };
    std::istringstream lines(done.out);
    std::string said; // what a sample says stands before its chain, or behind it
    const auto finish = [&] {
        if (!said.empty()) look(said);
        said.clear();
        close();
    };
    for (std::string line; std::getline(lines, line);) {
        std::smatch words;
        if (std::regex_search(line, words, head)) {
            finish();
            cpu = std::stoi(words[1]);
            now.time_ns = std::stoull(words[2]) * 1'000'000'000 + std::stoull(words[3]);
            if (words[4].str().find("irqscope ") != std::string::npos) said = words[4];
        } else if (line.find("BPF string") != std::string::npos) {
            said = line;
        } else if (line.find("BPF output") == std::string::npos && std::regex_search(line, words, address)) {
            now.chain += (now.chain.empty() ? "" : " <- ") + words[1].str();
        }
    }
    finish();
    return found;
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
#include "live/support.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace irqscope::live {

int last_cpu() { return must(host::online_cpus()).back(); }

probe::session attached(const probe::session_options& options) {
    const auto kernel = must(probe::kernel::inspect({}));
    auto session = must(probe::session::load(kernel, options));
    must(session.attach());
    return session;
}

std::map<int, std::uint64_t> counted(const probe::session& from, std::uint32_t first, std::uint32_t many) {
    std::map<int, std::uint64_t> sums;
    for (std::uint32_t index = first; index < first + many; index++)
        for (const auto& [cpu, histogram] : must(from.histograms(index))) sums[cpu] += histogram.count;
    return sums;
}

std::map<int, std::uint64_t> counted_vector(const probe::session& from, std::uint32_t vector) {
    return counted(from, WIRE_HIST_SOFTIRQ_RUN + vector * WIRE_CONTEXTS, WIRE_CONTEXTS);
}

void count_unfinished(const probe::by_cpu<wire_cpu_state>& states, stream::table& streamed) {
    for (const auto& [cpu, state] : states) {
        const wire_softirq_frame& now = state.softirq;
        if (now.start_ns == 0) continue;
        if (now.latency_ns != WIRE_NO_LATENCY)
            streamed.at(cpu, WIRE_HIST_SOFTIRQ_LATENCY + now.vector).values.count(now.latency_ns);
        if (now.off_ns != WIRE_NO_LATENCY) streamed.at(cpu, WIRE_HIST_SOFTIRQ_OFF).values.count(now.off_ns);
    }
}

host::proc_counts at_rest(const std::function<result<host::proc_counts>()>& read, const std::vector<std::string>& rows,
                          const std::function<void()>& inner) {
    constexpr int tries = 200;
    for (int i = 0; i < tries; i++) {
        // What is still on its way when a load ends (a last interrupt, a last span) needs a moment.
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        auto before = must(read());
        inner();
        const auto after = must(read());
        bool same = true;
        for (const std::string& row : rows) same = same && before.at(row).by_cpu == after.at(row).by_cpu;
        if (same) return before;
    }
    throw std::runtime_error("the machine is never quiet: no two reads of /proc agreed");
}

outcome run(const std::string& command) {
    static std::atomic<int> runs = 0; // one may run while another does
    const auto name = [run = runs++](const char* what) { return fmt::format("run-{}.{}", run, what); };
    const auto take = [](const std::string& path) {
        std::ifstream file(path);
        std::string text{std::istreambuf_iterator<char>(file), {}};
        std::filesystem::remove(path);
        return text;
    };
    const std::string out = name("out");
    const std::string err = name("err");
    const int status = std::system(fmt::format("( {} ) >{} 2>{}", command, out, err).c_str()); // NOLINT(*-mt-unsafe)
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), take(out), take(err)};
}

std::string output_of(const std::string& command) {
    outcome done = run(command);
    if (done.status != 0) throw std::runtime_error(fmt::format("{}: exit {}: {}", command, done.status, done.err));
    return std::move(done.out);
}

std::string binary() { return IRQSCOPE_BINARY; }

nlohmann::json info_of(const std::string& name) {
    return nlohmann::json::parse(output_of(binary() + " info --json " + name));
}

std::string load_of(std::uint64_t datagrams) {
    return fmt::format("{}/tests/softirq_load {} {}", binary().substr(0, binary().rfind('/')),
                       host::format_cpu_list(must(host::online_cpus())), datagrams);
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// irqscope_bench [ROUNDS]: nanoseconds that each tracer adds to a softirq (a NET_RX for each loopback UDP datagram), all
// in one run. In each round every tracer has its turn, beginning with another one each time, and is compared with the
// bare turns just before and just after it: these machines drift by more than a tracer costs.
#include "host/system.hpp"
#include "load/load.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <bpf/libbpf.h>

#include "bench_bpf.skel.h"

namespace {

using irqscope::load::send_datagrams;

constexpr int load_cpu = 1;                 // the softirqs are here
constexpr int tracer_cpu = 0;               // and the tracers' user side there
constexpr std::uint64_t datagrams = 40'000; // in a slice
constexpr int slices = 7;                   // in a turn, whose figure is the least disturbed slice's

// Something that is attached as long as it lives.
class tracer {
public:
    tracer() = default;
    tracer(const tracer&) = delete;
    tracer& operator=(const tracer&) = delete;
    tracer(tracer&&) = delete;
    tracer& operator=(tracer&&) = delete;
    virtual ~tracer() = default;
};

class own_programs final : public tracer {
public:
    explicit own_programs(const std::string& prefix) : object_(bench_bpf__open()) {
        if (!object_) throw std::runtime_error("cannot open the bench's BPF programs");
        bpf_program* program = nullptr;
        bpf_object__for_each_program(program, object_->obj)
            bpf_program__set_autoload(program, std::string(bpf_program__name(program)).starts_with(prefix));
        if (bench_bpf__load(object_.get()) != 0 || bench_bpf__attach(object_.get()) != 0)
            throw std::runtime_error("cannot attach the bench's BPF programs");
    }

private:
    struct destroy {
        void operator()(bench_bpf* object) const { bench_bpf__destroy(object); }
    };
    std::unique_ptr<bench_bpf, destroy> object_;
};

// A command in a process of its own, from the moment when it holds BPF links, or perf events if it is perf.
class command final : public tracer {
public:
    explicit command(const std::vector<std::string>& words) : is_perf_(words.front() == "perf"), child_(fork()) {
        if (child_ < 0) throw std::runtime_error("fork");
        if (child_ == 0) exec(words);
        for (int i = 0; i < 200; i++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(25));
            if (links() >= 2) {
                std::this_thread::sleep_for(std::chrono::milliseconds(200)); // the rest of its attaching
                return;
            }
            if (waitpid(child_, nullptr, WNOHANG) == child_) {
                child_ = -1;
                break;
            }
        }
        end();
        throw std::runtime_error("never attached");
    }
    command(const command&) = delete;
    command& operator=(const command&) = delete;
    command(command&&) = delete;
    command& operator=(command&&) = delete;
    ~command() override { end(); }

private:
    [[noreturn]] static void exec(const std::vector<std::string>& words) {
        irqscope::load::pin(tracer_cpu);
        const int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        std::vector<char*> arguments;
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str())); // NOLINT
        arguments.push_back(nullptr);
        execvp(arguments.front(), arguments.data());
        _exit(127);
    }

    [[nodiscard]] int links() const {
        int found = 0;
        std::error_code gone;
        if (is_perf_)
            for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", child_), gone))
                found += std::filesystem::read_symlink(entry.path(), gone) == "anon_inode:[perf_event]" ? 1 : 0;
        for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fdinfo", child_), gone)) {
            std::ifstream file(entry.path());
            std::string word;
            while (file >> word) found += word == "link_id:" || word == "tp_name:" ? 1 : 0;
        }
        return found;
    }

    void end() {
        if (child_ < 0) return;
        kill(child_, SIGINT);
        waitpid(child_, nullptr, 0);
        child_ = -1;
    }

    bool is_perf_;
    pid_t child_;
};

struct contestant {
    std::string name;
    std::function<std::unique_ptr<tracer>()> attach; // empty: nothing
    std::vector<double> added = {};
    std::string gap = {};           // why it has no figures
    std::string file = {};          // that it writes; empty: none
    std::vector<double> bytes = {}; // in it, for each datagram
};

double measure() {
    double least = INFINITY;
    for (int slice = 0; slice < slices; slice++)
        least = std::min(least,
                         static_cast<double>(send_datagrams({load_cpu}, datagrams)) / static_cast<double>(datagrams));
    return least;
}

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values.at(static_cast<std::size_t>(std::lround(q * static_cast<double>(values.size() - 1))));
}

std::string file_of(const char* name) { return std::filesystem::current_path() / name; }

std::vector<contestant> contestants() {
    const auto hist = [](std::vector<std::string> options) {
        options.insert(options.begin(), {IRQSCOPE_BINARY, "hist"});
        return [options]() -> std::unique_ptr<tracer> { return std::make_unique<command>(options); };
    };
    const auto stalls = [](std::vector<std::string> options) {
        options.insert(options.begin(), {IRQSCOPE_BINARY, "stalls"});
        return [options]() -> std::unique_ptr<tracer> { return std::make_unique<command>(options); };
    };
    const auto own = [](const char* prefix) {
        return [prefix]() -> std::unique_ptr<tracer> { return std::make_unique<own_programs>(prefix); };
    };
    const auto recorder = [](std::vector<std::string> words, const char* name) {
        words.push_back(file_of(name));
        return [words]() -> std::unique_ptr<tracer> { return std::make_unique<command>(words); };
    };
    return {
        {"nothing (again: the noise)", {}},
        {"three empty programs", own("empty_")},
        {"the floor: a clock read and an add each", own("floor_")},
        {"hist --metric softirq_run", hist({"--metric", "softirq_run"})},
        {"hist, softirq_run and softirq_latency", hist({"--metric", "softirq_run,softirq_latency"})},
        {"hist (everything)", hist({})},
        {"hist --stream (everything)", hist({"--stream"})},
        {"stalls", stalls({})},
        {"stalls --ksoftirqd off", stalls({"--ksoftirqd", "off"})},
        {"stalls --flight 0", stalls({"--flight", "0"})},
        {"bcc softirqs -d (runs only)",
         []() -> std::unique_ptr<tracer> {
             return std::make_unique<command>(std::vector<std::string>{"/usr/sbin/softirqs", "-d", "1000", "1"});
         }},
        {"record", recorder({IRQSCOPE_BINARY, "record", "-o"}, "record.data"), {}, {}, file_of("record.data")},
        {"record --stalls-only",
         recorder({IRQSCOPE_BINARY, "record", "--stalls-only", "-o"}, "stalls.data"),
         {},
         {},
         file_of("stalls.data")},
        {"perf record of the three softirq events",
         recorder({"perf", "record", "-q", "-a", "-k", "mono", "-m", "4096", "-e", "irq:softirq_raise", "-e",
                   "irq:softirq_entry", "-e", "irq:softirq_exit", "-o"},
                  "perf.data"),
         {},
         {},
         file_of("perf.data")},
    };
}

void run(int rounds) {
    auto all = contestants();
    std::vector<double> bare;
    measure(); // warm
    for (int round = 0; round < rounds; round++) {
        double before = measure();
        for (std::size_t i = 0; i < all.size(); i++) {
            contestant& one = all[(i + static_cast<std::size_t>(round)) % all.size()];
            if (!one.gap.empty()) continue;
            try {
                auto attached = one.attach ? one.attach() : nullptr;
                const double with = measure();
                attached.reset();
                if (!one.file.empty())
                    one.bytes.push_back(static_cast<double>(std::filesystem::file_size(one.file)) /
                                        static_cast<double>(slices * datagrams));
                const double after = measure();
                one.added.push_back(with - (before + after) / 2);
                bare.push_back(after);
                before = after;
            } catch (const std::exception& wrong) {
                one.gap = wrong.what();
            }
        }
        fmt::print(stderr, "round {} of {}: {:.0f} ns a datagram without a tracer\n", round + 1, rounds, before);
    }
    const auto system = irqscope::host::read_system();
    fmt::print("{} {}, {} rounds of {} x {} datagrams; a datagram and its softirq take {:.0f} ns without a tracer\n"
               "nanoseconds added to each softirq:\n\n",
               system.kernel, system.machine, rounds, slices, datagrams, quantile(bare, 0.5));
    const double floor = all[2].added.empty() ? NAN : quantile(all[2].added, 0.5);
    fmt::print("| what is attached | median | quartiles | of the floor | bytes in its file |\n"
               "| --- | --- | --- | --- | --- |\n");
    for (const contestant& one : all) {
        if (one.added.empty()) {
            fmt::print("| {} | gap: {} | | | |\n", one.name, one.gap);
            continue;
        }
        const double median = quantile(one.added, 0.5);
        fmt::print("| {} | {:.0f} | {:.0f} .. {:.0f} | {:.2f} | {} |\n", one.name, median, quantile(one.added, 0.25),
                   quantile(one.added, 0.75), median / floor,
                   one.bytes.empty() ? "" : fmt::format("{:.1f}", quantile(one.bytes, 0.5)));
    }
}

} // namespace

int main(int count, char** arguments) {
    try {
        const int rounds = count > 1 ? std::atoi(arguments[1]) : 15; // NOLINT(*-pointer-arithmetic,cert-err34-c)
        if (rounds < 1) throw std::runtime_error("usage: irqscope_bench [ROUNDS]");
        run(rounds);
    } catch (const std::exception& wrong) {
        fmt::print(stderr, "irqscope_bench: {}\n", wrong.what());
        return 1;
    }
}

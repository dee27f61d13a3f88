// SPDX-License-Identifier: BSD-2-Clause
// Who called the softirq function: our cheap answer against perf's call chain of the same softirq.
#include "host/system.hpp"
#include "live/busy.hpp"
#include "live/running_perf.hpp"
#include "live/support.hpp"
#include "load/load.hpp"
#include "stream/ring_reader.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <string_view>
#include <thread>
#include <utility>

namespace irqscope::live {

namespace {

using place = std::pair<int, std::uint32_t>; // CPU, vector

struct sample {
    std::uint64_t ns;
    std::string_view context;
};
using samples = std::map<place, std::vector<sample>>;

class collector final : public stream::span_sink {
public:
    void on_interrupt(const wire_span&) override {}
    void on_softirq(const wire_softirq_span& span) override {
        const std::uint32_t index = span.span.histogram - WIRE_HIST_SOFTIRQ_RUN;
        seen_[{static_cast<int>(span.span.cpu), index / WIRE_CONTEXTS}].push_back(
            {span.span.start_ns, stream::context_name(index % WIRE_CONTEXTS)});
    }
    [[nodiscard]] const samples& seen() const { return seen_; }

private:
    samples seen_;
};

// The frame that tells (kernel/softirq.c), or nothing.
std::string_view context_of(std::string_view symbol) {
    if (symbol == "irq_exit_rcu" || symbol == "__irq_exit_rcu" || symbol == "irq_exit") return "irq_exit";
    if (symbol.starts_with("do_softirq") || symbol == "__local_bh_enable_ip") return "bh_enable";
    if (symbol == "run_ksoftirqd") return "ksoftirqd";
    if (symbol == "run_ktimerd" || symbol == "run_timersd") return "ktimers";
    return {};
}

// "  [001]  4348.380810595: irq:softirq_entry: vec=4 [action=BLOCK]", then a line a frame: "  ffffffff813698d0 symbol".
samples parse_script(const std::string& path) {
    samples found;
    std::ifstream file(path);
    std::string line;
    std::vector<sample>* open = nullptr;
    while (std::getline(file, line)) {
        int cpu = 0;
        unsigned long long seconds = 0;
        unsigned long long fraction = 0;
        const std::size_t vector = line.find("vec=");
        if (vector != std::string::npos &&
            std::sscanf(line.c_str(), " [%d] %llu.%llu:", &cpu, &seconds, &fraction) == 3) { // NOLINT(cert-err34-c)
            open = &found[{cpu, static_cast<std::uint32_t>(std::stoul(line.substr(vector + 4)))}];
            open->push_back({seconds * 1'000'000'000 + fraction, {}});
            continue;
        }
        std::istringstream words(line);
        std::string address;
        std::string symbol;
        if (open != nullptr && words >> address >> symbol && open->back().context.empty())
            open->back().context = context_of(symbol);
    }
    return found;
}

// The two tracers read the clock one after the other; cold caches may put microseconds between them, an interrupt more.
const sample* nearest(const std::vector<sample>& list, std::uint64_t ns) {
    constexpr std::uint64_t furthest = 10'000;
    const auto after = std::lower_bound(list.begin(), list.end(), ns,
                                        [](const sample& a, std::uint64_t wanted) { return a.ns < wanted; });
    const sample* best = nullptr;
    std::uint64_t distance = furthest;
    for (auto at = after == list.begin() ? after : after - 1; at != list.end() && at <= after; ++at) {
        const std::uint64_t far = at->ns > ns ? at->ns - ns : ns - at->ns;
        if (far < distance) {
            distance = far;
            best = &*at;
        }
    }
    return best;
}

} // namespace

TEST(context, is_that_of_perfs_call_chain) {
    probe::session_options options;
    options.stream = true;
    options.ring_bytes = 8U << 20;
    auto session = attached(options);
    collector ours;
    auto reader = must(stream::ring_reader::open(session.rings(), ours));
    const auto cpus = must(host::online_cpus());
    {
        // perf attaches to the same tracepoint: the return address moves under our feet, which is to be noticed.
        load::send_datagrams(cpus, 1'000);
        running_perf perf("record -q -a -k mono -g -m 2048 -e irq:softirq_entry -o context.data");
        load::direct_file file(".");
        const busy awake(cpus);
        for (int turn = 0; turn < 20; turn++) {
            load::send_datagrams(cpus, 200);
            file.read(50);
            load::interrupt_each_other(cpus, 20);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        ASSERT_EQ(perf.end().status, 0);
        load::send_datagrams(cpus, 1'000);
    }
    session.detach();
    while (reader.drain()) {
    }
    (void)output_of("unshare -m --propagation private sh -c 'mount -t tracefs t /sys/kernel/tracing; "
                    "perf script -i context.data --ns -F cpu,time,event,trace,ip,sym' >context.txt");
    const samples perfs = parse_script("context.txt");

    std::map<std::string, std::uint64_t> agreed;
    std::uint64_t all = 0;
    std::uint64_t unmatched = 0;
    for (const auto& [where, list] : perfs) {
        const auto found = ours.seen().find(where);
        for (const sample& theirs : list) {
            all++;
            const sample* match = found == ours.seen().end() ? nullptr : nearest(found->second, theirs.ns);
            if (match == nullptr || theirs.context.empty()) {
                unmatched++;
                continue;
            }
            EXPECT_EQ(match->context, theirs.context) << "CPU " << where.first << " vector " << where.second;
            agreed[std::string(theirs.context)]++;
        }
    }
    for (const auto& [context, count] : agreed) RecordProperty(context, std::to_string(count));
    EXPECT_GE(agreed["bh_enable"], 2'000U);
    if (host::read_system().preempt_rt)
        EXPECT_GE(agreed["ktimers"], 50U) << "none is served at the end of an interrupt";
    else
        EXPECT_GE(agreed["irq_exit"], 500U);
    EXPECT_LE(unmatched * 50, all) << "of " << all << " of perf's softirqs " << unmatched
                                   << " have no partner of ours, or no known caller";
    for (const auto& [cpu, state] : must(session.states())) {
        EXPECT_EQ(state.lost[WIRE_LOST_CONTEXT], 0U) << "CPU " << cpu;
        EXPECT_EQ(state.lost[WIRE_LOST_CONTEXT_MISREAD], 0U) << "CPU " << cpu;
    }
}

} // namespace irqscope::live

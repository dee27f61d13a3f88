// SPDX-License-Identifier: BSD-2-Clause
// BPF programs that are loaded while `irqscope stalls` watches, with its rights given up long ago: they have their names.
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "live/bpf_objects.hpp"
#include "live/support.hpp"
#include "live/watched.hpp"
#include "probe/injector.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <unistd.h>

namespace irqscope::live {

namespace {

constexpr std::uint64_t ms = 1'000'000;

// "bpf_prog_<tag>_<name>" of a program of this process (kernel/bpf/core.c bpf_get_prog_name).
std::string symbol_of_mine(const std::string& name) {
    for (const std::uint32_t id : objects_of(getpid()).programs) {
        const int descriptor = bpf_prog_get_fd_by_id(id);
        bpf_prog_info info{};
        std::uint32_t size = sizeof(info);
        const bool known = descriptor >= 0 && bpf_obj_get_info_by_fd(descriptor, &info, &size) == 0;
        if (descriptor >= 0) close(descriptor);
        if (!known || name != static_cast<const char*>(info.name)) continue;
        std::string tag;
        for (const std::uint8_t byte : std::span(info.tag)) tag += fmt::format("{:02x}", byte);
        return fmt::format("bpf_prog_{}_{}", tag, name);
    }
    return {};
}

bool says(const std::string& file, const std::string& words) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str().find(words) != std::string::npos;
}

bool has_frame(const std::vector<std::string>& stack, const std::string& beginning) {
    return std::any_of(stack.begin(), stack.end(),
                       [&beginning](const std::string& frame) { return frame.starts_with(beginning); });
}

} // namespace

TEST(symbols, program_that_is_loaded_later_has_its_name_in_a_stack) {
    // A beat shows a softirq that runs for too long, and what runs in it: the program that holds it.
    auto told = std::async(std::launch::async, [] {
        return run("timeout 30 " + binary() + " stalls --json -d 4 --softirq-run 2ms 2>watching");
    });
    for (int tries = 0; tries < 200 && !says("watching", "watching"); tries++) sleep_ms(50);
    ASSERT_TRUE(says("watching", "watching"));
    auto with = must(probe::injector::load(model::injection::net_rx_softirq));
    const std::string symbol = symbol_of_mine("hold_receive");
    ASSERT_FALSE(symbol.empty());
    const int cpu = must(host::online_cpus()).back();
    std::vector<model::truth> truths;
    for (int i = 0; i < 5; i++) {
        truths.push_back(must(with.inject(cpu, 20 * ms)));
        sleep_ms(50);
    }
    const outcome done = told.get();
    ASSERT_EQ(done.status, 0) << done.err;

    std::size_t seen = 0;
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) {
        const auto one = nlohmann::json::parse(line);
        if (one.value("kind", "") != "softirq_run" || one["state"] != "open" || one["cpu"] != cpu) continue;
        const auto start_ns = one["start_ns"].get<std::uint64_t>();
        if (std::none_of(truths.begin(), truths.end(), [start_ns](const model::truth& truth) {
                return start_ns < truth.end_ns && start_ns + 5 * ms > truth.start_ns;
            }))
            continue;
        const auto stack = one["stack"].get<std::vector<std::string>>();
        if (!has_frame(stack, "__netif_receive_skb")) continue; // now and then the kernel walks no further than a thunk
        seen++;
        EXPECT_TRUE(has_frame(stack, symbol + "+0x")) << "no " << symbol << " in " << one["stack"];
    }
    EXPECT_GE(seen, 3U);
}

TEST(symbols, are_not_read_for_each_stall) {
    const std::uint64_t before_ns = host::monotonic_ns();
    (void)must(symbols::live_symbols::open());
    fmt::print("a reading takes {} us\n", (host::monotonic_ns() - before_ns) / 1000);

    watched tracer(low_thresholds());
    const std::uint64_t start_ns = host::monotonic_ns();
    auto with = must(probe::injector::load(model::injection::net_rx_softirq));
    const int cpu = must(host::online_cpus()).back();
    for (int i = 0; i < 100; i++) {
        must(with.inject(cpu, 5 * ms));
        sleep_ms(10);
        tracer.look();
    }
    tracer.settle();
    const std::uint64_t seconds = (host::monotonic_ns() - start_ns) / 1'000'000'000;
    const auto in_programs = std::count_if(tracer.told().begin(), tracer.told().end(), [](const model::stall& one) {
        return std::any_of(one.stack.begin(), one.stack.end(),
                           [](const std::string& frame) { return frame.ends_with("[bpf]"); });
    });
    fmt::print("{} stalls with a BPF program in their stack, {} readings in {} s\n", in_programs,
               tracer.symbols().readings(), seconds);
    EXPECT_GE(in_programs, 80);
    EXPECT_GE(tracer.symbols().readings(), 2U) << "one when it began, one for the program that came";
    EXPECT_LE(tracer.symbols().readings(), 2 + seconds);
}

} // namespace irqscope::live

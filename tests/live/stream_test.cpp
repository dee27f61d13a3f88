// SPDX-License-Identifier: BSD-2-Clause
// The two ways to the same histograms: counted in the kernel, and streamed and counted by the loader.
#include "live/support.hpp"
#include "load/load.hpp"
#include "probe/kernel_counts.hpp"
#include "stream/ring_reader.hpp"

#include <gtest/gtest.h>

namespace irqscope::live {

namespace {

struct both_ways {
    stream::table kernel;
    stream::table streamed;
    std::uint64_t unknown = 0;
    std::vector<int> cpus;
};

// One run that is counted both ways. `drained`: the reader keeps up; otherwise it reads at the end only.
both_ways run_both(std::uint32_t ring_bytes, bool drained) {
    probe::session_options options;
    options.stream = true;
    options.ring_bytes = ring_bytes;
    auto session = attached(options);
    probe::kernel_counts counts(session);
    stream::span_counter counter(true, true);
    auto reader = must(stream::ring_reader::open(session.rings(), counter));

    both_ways seen;
    seen.cpus = must(host::possible_cpus());
    const auto online = must(host::online_cpus());
    load::direct_file file(".");
    for (int turn = 0; turn < 10; turn++) {
        load::send_datagrams(online, 20'000);
        load::interrupt_each_other(online, 500);
        file.read(200);
        while (drained && reader.drain()) {
        }
    }
    session.detach();
    while (reader.drain()) {
    }
    must(counts.read(seen.kernel));
    seen.streamed = counter.take();
    seen.unknown = reader.unknown();
    count_unfinished(must(session.states()), seen.streamed);
    return seen;
}

} // namespace

TEST(stream, equals_the_kernels_histograms_bucket_by_bucket) {
    const both_ways seen = run_both(16U << 20, true);
    EXPECT_EQ(seen.unknown, 0U);
    std::uint64_t compared = 0;
    for (const int cpu : seen.cpus)
        for (std::uint32_t index = 0; index < WIRE_HISTS; index++) {
            const auto* kernel = seen.kernel.find(cpu, index);
            const auto* streamed = seen.streamed.find(cpu, index);
            ASSERT_EQ(kernel == nullptr, streamed == nullptr) << "CPU " << cpu << " histogram " << index;
            if (kernel == nullptr) continue;
            EXPECT_EQ(kernel->dropped, 0U) << "the ring was to be large enough";
            EXPECT_TRUE(kernel->values == streamed->values)
                << "CPU " << cpu << " histogram " << index << ": kernel " << kernel->values.samples() << " samples, "
                << kernel->values.sum_ns() << " ns, streamed " << streamed->values.samples() << " samples, "
                << streamed->values.sum_ns() << " ns";
            compared += kernel->values.samples();
        }
    EXPECT_GE(compared, 2U * 2U * 200'000U) << "runs and latencies of the datagrams on two CPUs at least";
}

TEST(stream, differs_by_exactly_the_counted_drops) {
    const both_ways seen = run_both(4096, false);
    EXPECT_EQ(seen.unknown, 0U);
    std::uint64_t dropped = 0;
    std::uint64_t arrived = 0;
    for (const int cpu : seen.cpus)
        for (std::uint32_t index = 0; index < WIRE_HISTS; index++) {
            const auto* kernel = seen.kernel.find(cpu, index);
            const auto* streamed = seen.streamed.find(cpu, index);
            const std::uint64_t came = streamed == nullptr ? 0 : streamed->values.samples();
            if (kernel == nullptr) {
                EXPECT_EQ(came, 0U);
                continue;
            }
            EXPECT_EQ(kernel->values.samples(), came + kernel->dropped) << "CPU " << cpu << " histogram " << index;
            dropped += kernel->dropped;
            arrived += came;
        }
    EXPECT_GT(dropped, 100'000U) << "a ring of one page was to overflow";
    EXPECT_GT(arrived, 50U) << "and to hold something";
}

} // namespace irqscope::live

// SPDX-License-Identifier: BSD-2-Clause
// bpf/mark.bpf.h, by way of the programs that tell stalls.
#include "bpf/beating.hpp"

#include <cerrno>
#include <fmt/format.h>

namespace irqscope::fake {

namespace {

constexpr std::uint32_t net_rx = 3;

class marking : public beating {
protected:
    void SetUp() override {
        beating::SetUp();
        config.mark_perf = 1;
        config.mark_printk = 1;
        want({WIRE_STALL_SOFTIRQ_LATENCY}, 2 * ms);
        beat();
        on().pass(500 * us);
    }
    // A vector that waits for so long: told while it is open if that is longer than its threshold by a beat.
    void wait(std::uint64_t ns) const {
        on().raise(net_rx);
        on().pass(ns);
        serve(net_rx);
    }
};

} // namespace

TEST_F(marking, is_the_stall_in_columns_for_perf_and_for_the_trace_buffer) {
    const std::uint64_t start = on().now_ns;
    wait(2'345'678);
    const auto told = stalls();
    ASSERT_EQ(told.size(), 1U);
    ASSERT_EQ(on().marks.size(), 1U);
    const std::string& line = on().marks[0];
    EXPECT_EQ(line, fmt::format("irqscope {:16}{:6}{:15} ns since {:19}", "softirq_latency", "ended",
                                told[0].duration_ns, start));
    EXPECT_EQ(line.find("softirq_latency"), std::size_t{WIRE_MARK_KIND});
    EXPECT_EQ(line.find("ended"), std::size_t{WIRE_MARK_STATE});
    EXPECT_EQ(line.size(), std::size_t{WIRE_MARK_START + WIRE_MARK_START_DIGITS});
    EXPECT_EQ(on().printed, on().marks);
}

// Or the string would end in what was in perf's buffer before.
TEST_F(marking, fills_perfs_sample_with_its_length_to_a_multiple_of_8) {
    wait(3 * ms);
    ASSERT_EQ(on().mark_sizes.size(), 1U);
    EXPECT_EQ((on().mark_sizes[0] + sizeof(std::uint32_t)) % 8, 0U);
    EXPECT_GT(on().mark_sizes[0], std::size_t{WIRE_MARK_START + WIRE_MARK_START_DIGITS});
}

TEST_F(marking, tells_an_open_stall_and_its_end) {
    on().raise(net_rx);
    beat(4);
    serve(net_rx);
    ASSERT_EQ(on().marks.size(), 2U);
    EXPECT_NE(on().marks[0].find("softirq_latency open  "), std::string::npos);
    EXPECT_NE(on().marks[1].find("softirq_latency ended "), std::string::npos);
}

TEST_F(marking, is_not_made_unasked) {
    config.mark_perf = 0;
    wait(3 * ms);
    EXPECT_TRUE(on().marks.empty());
    EXPECT_EQ(on().printed.size(), 1U);
    config.mark_printk = 0;
    wait(3 * ms);
    EXPECT_EQ(on().printed.size(), 1U);
    EXPECT_EQ(stalls().size(), 2U);
}

TEST_F(marking, counts_what_became_of_each) {
    wait(3 * ms);
    for (const long said : {-ENOSPC, -EOPNOTSUPP, -EOPNOTSUPP, -ENOENT, -EINVAL, -EBUSY}) {
        on().perf_says = said;
        wait(3 * ms);
    }
    const wire_mark_counts& counts = on().mark_counts();
    EXPECT_EQ(counts.sent, 1U);
    EXPECT_EQ(counts.full, 1U);
    EXPECT_EQ(counts.off, 2U);
    EXPECT_EQ(counts.absent, 3U);
    EXPECT_EQ(counts.printed, 7U);
    EXPECT_EQ(stalls().size(), 7U) << "they are told whatever perf says";
}

TEST_F(marking, goes_beyond_no_rate) {
    config.stall_rate = 2;
    for (int i = 0; i < 5; i++) wait(3 * ms);
    EXPECT_EQ(stalls().size(), 2U);
    EXPECT_EQ(on().marks.size(), 2U);
}

} // namespace irqscope::fake

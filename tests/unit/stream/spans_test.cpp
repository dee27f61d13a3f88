// SPDX-License-Identifier: BSD-2-Clause
#include "stream/spans.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <vector>

namespace irqscope::stream {

namespace {

constexpr std::uint16_t net_rx_run = WIRE_HIST_SOFTIRQ_RUN + 3 * WIRE_CONTEXTS + WIRE_CONTEXT_IRQ_EXIT;

class collector final : public span_sink {
public:
    void on_interrupt(const wire_span& span) override { interrupts.push_back(span); }
    void on_softirq(const wire_softirq_span& span) override { softirqs.push_back(span); }
    void on_wait(const wire_span& span) override { waits.push_back(span); }
    void on_stall(const wire_stall& stall) override { stalls.push_back(stall); }
    void on_settled(const wire_settled& settled) override { settles.push_back(settled); }
    [[nodiscard]] std::size_t size() const {
        return interrupts.size() + softirqs.size() + waits.size() + stalls.size() + settles.size();
    }
    std::vector<wire_span> waits;
    std::vector<wire_stall> stalls;
    std::vector<wire_settled> settles;
    std::vector<wire_span> interrupts;
    std::vector<wire_softirq_span> softirqs;
};

wire_span interrupt(std::uint16_t histogram = WIRE_HIST_SYSVEC_RUN, std::uint32_t cpu = 2) {
    return {WIRE_RECORD_INTERRUPT, histogram, cpu, 1000, 50, 10};
}

wire_softirq_span softirq(std::uint16_t histogram = net_rx_run, std::uint64_t latency_ns = 77) {
    return {{WIRE_RECORD_SOFTIRQ, histogram, 2, 1000, 50, 10}, latency_ns, WIRE_NO_LATENCY};
}

wire_stall stall() {
    wire_stall made{};
    made.kind = WIRE_RECORD_STALL;
    made.histogram = WIRE_HIST_IRQ_OFF;
    made.culprit = WIRE_NO_CULPRIT;
    return made;
}

template <typename T>
bool is_understood(const T& record, std::size_t size = sizeof(T)) {
    collector sink;
    const bool done = decode(&record, size, sink);
    EXPECT_EQ(sink.size(), done ? 1U : 0U);
    return done;
}

} // namespace

TEST(spans, waits_stalls_and_what_settles_them_reach_the_sink) {
    const wire_span wait{WIRE_RECORD_WAIT, WIRE_HIST_SOFTIRQ_OFF, 2, 1000, 50, 0};
    wire_settled settled{};
    settled.kind = WIRE_RECORD_SETTLED;
    collector sink;
    EXPECT_TRUE(decode(&wait, sizeof(wait), sink));
    const wire_stall one = stall();
    EXPECT_TRUE(decode(&one, sizeof(one), sink));
    EXPECT_TRUE(decode(&settled, sizeof(settled), sink));
    EXPECT_EQ(sink.waits.size(), 1U);
    EXPECT_EQ(sink.stalls.size(), 1U);
    EXPECT_EQ(sink.settles.size(), 1U);
    EXPECT_FALSE(is_understood(one, sizeof(one) - 1));
    EXPECT_FALSE(is_understood(settled, sizeof(settled) - 1));
    settled.cpu = 1U << 20;
    EXPECT_FALSE(is_understood(settled));
}

TEST(spans, wait_is_an_off_time_s_and_an_interrupt_none) {
    for (int histogram = WIRE_HIST_IRQ_OFF; histogram < WIRE_HISTS; histogram++)
        EXPECT_TRUE(is_understood(wire_span{WIRE_RECORD_WAIT, static_cast<__u16>(histogram), 2, 1000, 50, 10}));
    EXPECT_FALSE(is_understood(wire_span{WIRE_RECORD_WAIT, WIRE_HIST_HARDIRQ_OTHER, 2, 1000, 50, 0}));
    EXPECT_FALSE(is_understood(wire_span{WIRE_RECORD_INTERRUPT, WIRE_HIST_IRQ_OFF, 2, 1000, 50, 0}));
}

TEST(spans, stall_with_a_number_that_there_cannot_be_is_refused) {
    EXPECT_TRUE(is_understood(stall()));
    const auto with = [](auto change) {
        wire_stall bad = stall();
        change(bad);
        return is_understood(bad);
    };
    EXPECT_FALSE(with([](wire_stall& one) { one.what = WIRE_STALL_KINDS; }));
    EXPECT_FALSE(with([](wire_stall& one) { one.state = WIRE_STALL_GONE + 1; }));
    EXPECT_FALSE(with([](wire_stall& one) { one.stack = WIRE_STACK_INTERRUPTED + 1; }));
    EXPECT_FALSE(with([](wire_stall& one) { one.histogram = WIRE_HISTS; }));
    EXPECT_FALSE(with([](wire_stall& one) { one.culprit = WIRE_HISTS; }));
    EXPECT_FALSE(with([](wire_stall& one) { one.depth = WIRE_STALL_FRAMES + 1; }));
    EXPECT_FALSE(with([](wire_stall& one) { one.cpu = 1U << 20; }));
}

TEST(spans, records_reach_the_sink_as_they_are) {
    collector sink;
    const wire_span one = interrupt();
    const wire_softirq_span two = softirq();
    EXPECT_TRUE(decode(&one, sizeof(one), sink));
    EXPECT_TRUE(decode(&two, sizeof(two), sink));
    ASSERT_EQ(sink.interrupts.size(), 1U);
    ASSERT_EQ(sink.softirqs.size(), 1U);
    EXPECT_EQ(sink.interrupts[0].duration_ns, 50U);
    EXPECT_EQ(sink.interrupts[0].nested_ns, 10U);
    EXPECT_EQ(sink.softirqs[0].latency_ns, 77U);
    EXPECT_EQ(sink.softirqs[0].span.cpu, 2U);
}

TEST(spans, longer_record_of_a_newer_writer_is_understood) {
    collector sink;
    std::array<wire_softirq_span, 2> longer{softirq(), {}};
    EXPECT_TRUE(decode(longer.data(), sizeof(wire_softirq_span) + 8, sink));
    EXPECT_EQ(sink.softirqs.at(0).latency_ns, 77U);
}

TEST(spans, short_record_is_refused_at_every_length) {
    // copied to the heap at its exact size, so that reading beyond it is an error that the sanitizer sees
    const wire_softirq_span whole = softirq();
    const auto* bytes = reinterpret_cast<const char*>(&whole);
    for (std::size_t size = 0; size < sizeof(whole); size++) {
        collector sink;
        const std::vector<char> cut(bytes, bytes + size);
        EXPECT_FALSE(decode(cut.data(), cut.size(), sink)) << size;
        EXPECT_EQ(sink.size(), 0U);
    }
    const wire_span other = interrupt();
    const auto* more = reinterpret_cast<const char*>(&other);
    collector sink;
    const std::vector<char> cut(more, more + sizeof(other) - 1);
    EXPECT_FALSE(decode(cut.data(), cut.size(), sink));
}

TEST(spans, record_need_not_be_aligned) {
    collector sink;
    std::vector<char> bytes(sizeof(wire_span) + 1);
    const wire_span one = interrupt();
    std::copy_n(reinterpret_cast<const char*>(&one), sizeof(one), bytes.begin() + 1);
    EXPECT_TRUE(decode(bytes.data() + 1, sizeof(one), sink));
    EXPECT_EQ(sink.interrupts.at(0).start_ns, 1000U);
}

TEST(spans, unknown_kind_is_refused) {
    for (const int kind : {0, 3, 0xffff}) {
        collector sink;
        wire_softirq_span record = softirq();
        record.span.kind = static_cast<__u16>(kind);
        EXPECT_FALSE(decode(&record, sizeof(record), sink)) << kind;
        EXPECT_EQ(sink.size(), 0U);
    }
}

TEST(spans, histogram_or_cpu_that_cannot_be_is_refused) {
    collector sink;
    for (const wire_span& record :
         {interrupt(WIRE_HISTS), interrupt(0xffff), interrupt(net_rx_run), interrupt(WIRE_HIST_SYSVEC_RUN - 1),
          interrupt(WIRE_HIST_SYSVEC_RUN, table::max_cpus), interrupt(WIRE_HIST_SYSVEC_RUN, UINT32_MAX)})
        EXPECT_FALSE(decode(&record, sizeof(record), sink)) << record.histogram << " " << record.cpu;
    for (const wire_softirq_span& record :
         {softirq(WIRE_HIST_SOFTIRQ_LATENCY), softirq(WIRE_HIST_SYSVEC_RUN), softirq(WIRE_HIST_HARDIRQ_OTHER)})
        EXPECT_FALSE(decode(&record, sizeof(record), sink)) << record.span.histogram;
    EXPECT_EQ(sink.size(), 0U);
}

TEST(spans, last_histogram_and_last_cpu_are_fine) {
    collector sink;
    const wire_span record = interrupt(WIRE_HIST_IRQ_OFF - 1, table::max_cpus - 1);
    EXPECT_TRUE(decode(&record, sizeof(record), sink));
}

TEST(span_counter, softirq_counts_for_its_run_and_its_vectors_latency) {
    span_counter counter(true, true);
    counter.on_softirq(softirq());
    const table counts = counter.take();
    ASSERT_NE(counts.find(2, net_rx_run), nullptr);
    EXPECT_EQ(counts.find(2, net_rx_run)->values.sum_ns(), 50U);
    EXPECT_EQ(counts.find(2, net_rx_run)->values.nested_ns(), 10U);
    ASSERT_NE(counts.find(2, WIRE_HIST_SOFTIRQ_LATENCY + 3), nullptr);
    EXPECT_EQ(counts.find(2, WIRE_HIST_SOFTIRQ_LATENCY + 3)->values.sum_ns(), 77U);
    EXPECT_EQ(counts.find(2, WIRE_HIST_SOFTIRQ_LATENCY + 3)->values.nested_ns(), 0U);
}

TEST(span_counter, softirq_without_its_raise_has_no_latency) {
    span_counter counter(true, true);
    counter.on_softirq(softirq(net_rx_run, WIRE_NO_LATENCY));
    const table counts = counter.take();
    EXPECT_NE(counts.find(2, net_rx_run), nullptr);
    EXPECT_EQ(counts.find(2, WIRE_HIST_SOFTIRQ_LATENCY + 3), nullptr);
}

TEST(span_counter, softirq_counts_for_the_off_time_that_it_ended) {
    span_counter counter(true, true);
    wire_softirq_span one = softirq();
    counter.on_softirq(one);
    EXPECT_EQ(counter.take().find(2, WIRE_HIST_SOFTIRQ_OFF), nullptr);
    one.off_ns = 900;
    counter.on_softirq(one);
    EXPECT_EQ(counter.take().find(2, WIRE_HIST_SOFTIRQ_OFF)->values.sum_ns(), 900U);
}

TEST(span_counter, latency_of_zero_is_a_sample) {
    span_counter counter(true, true);
    counter.on_softirq(softirq(net_rx_run, 0));
    EXPECT_EQ(counter.take().find(2, WIRE_HIST_SOFTIRQ_LATENCY + 3)->values.samples(), 1U);
}

TEST(span_counter, only_the_metrics_asked_for_are_counted) {
    span_counter run_only(true, false);
    run_only.on_softirq(softirq());
    EXPECT_EQ(run_only.take().find(2, WIRE_HIST_SOFTIRQ_LATENCY + 3), nullptr);
    span_counter latency_only(false, true);
    latency_only.on_softirq(softirq());
    const table counts = latency_only.take();
    EXPECT_EQ(counts.find(2, net_rx_run), nullptr);
    EXPECT_NE(counts.find(2, WIRE_HIST_SOFTIRQ_LATENCY + 3), nullptr);
}

TEST(span_counter, run_of_ksoftirqd_counts_with_what_was_nested_in_it) {
    span_counter counter(true, true);
    counter.on_wait({WIRE_RECORD_WAIT, WIRE_HIST_KSOFTIRQD_RUN, 2, 1000, 50, 10});
    const table counts = counter.take();
    ASSERT_NE(counts.find(2, WIRE_HIST_KSOFTIRQD_RUN), nullptr);
    EXPECT_EQ(counts.find(2, WIRE_HIST_KSOFTIRQD_RUN)->values.sum_ns(), 50U);
    EXPECT_EQ(counts.find(2, WIRE_HIST_KSOFTIRQD_RUN)->values.nested_ns(), 10U);
}

TEST(span_counter, take_begins_anew) {
    span_counter counter(true, true);
    counter.on_interrupt(interrupt());
    EXPECT_EQ(counter.take().find(2, WIRE_HIST_SYSVEC_RUN)->values.samples(), 1U);
    EXPECT_EQ(counter.take().find(2, WIRE_HIST_SYSVEC_RUN), nullptr);
    counter.on_interrupt(interrupt());
    counter.on_interrupt(interrupt());
    EXPECT_EQ(counter.take().find(2, WIRE_HIST_SYSVEC_RUN)->values.samples(), 2U);
}

} // namespace irqscope::stream

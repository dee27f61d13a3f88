// SPDX-License-Identifier: BSD-2-Clause
// From the recorder through a file to the replay: what goes in comes out, or is counted.
#include "recording/replay.hpp"

#include "recording/in_a_directory.hpp"
#include "recording/recorder.hpp"
#include "recording/summing.hpp"
#include "sink/made_stalls.hpp"
#include "sink/recorded.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace irqscope::recording {

namespace {

using model::metric;

constexpr std::uint32_t net_rx = 3;
constexpr std::uint16_t net_rx_run = WIRE_HIST_SOFTIRQ_RUN + net_rx * WIRE_CONTEXTS + WIRE_CONTEXT_BH_ENABLE;
constexpr std::uint64_t ms = 1'000'000;

wire_softirq_span softirq(std::uint32_t cpu, std::uint64_t end_ns, std::uint64_t ns) {
    return {{WIRE_RECORD_SOFTIRQ, net_rx_run, cpu, end_ns - ns, ns, ns / 3},
            ns / 2,
            ns % 2 == 0 ? ns / 2 : WIRE_NO_LATENCY};
}
wire_span span(std::uint16_t histogram, std::uint32_t cpu, std::uint64_t end_ns, std::uint64_t ns) {
    return {0, histogram, cpu, end_ns - ns, ns, 0};
}

stream::catalog made_names() {
    stream::catalog names;
    wire_irq_slot disk{36, 1, "virtio1-req.0"};
    wire_irq_slot other{37, 1, "eth0 \"rx\""};
    names.set_slots(0, {disk, other});
    names.set_slots(1, {other});
    return names;
}

header made_header() {
    header made;
    made.version = "0.1.0";
    made.host = "build7";
    made.kernel = "5.10.0";
    made.machine = "x86_64";
    made.monotonic_ns = 1'000 * ms;
    made.boottime_ns = 2'000 * ms;
    made.realtime_ns = 1'746'680'711'123'456'000;
    made.cpus = {0, 1};
    made.beat_ns = ms;
    made.metrics.assign(model::all_metrics.begin(), model::all_metrics.end());
    made.thresholds_ns = {{model::stall_kind::irq_off, ms}, {model::stall_kind::ksoftirqd, 10 * ms}};
    made.spans = true;
    made.sync_ns = 1'000 * ms;
    made.ring_bytes = 1U << 20U;
    made.command = {"fio", "a b"};
    made.topology = {{0, 0, 0, 0}, {1, 0, 1, -1}};
    made.irqs = {{36, {"virtio1-req.0"}, "0-1", "1"}};
    return made;
}

class replayed : public in_a_directory {
protected:
    [[nodiscard]] std::unique_ptr<recorder> make() const {
        return std::make_unique<recorder>(one_file(text_of(made_header())), [] { return made_names(); });
    }
    [[nodiscard]] summing::sums sums(const selection& wanted = {}) {
        read_.emplace(std::move(*replay::open(path_)));
        told_.clear();
        summing sum(wanted, [this](const model::stall& one) { told_.push_back(one); });
        read_->run(wanted, sum.spans(), sum);
        return sum.whole(*read_);
    }
    // Of all CPUs.
    static std::uint64_t count(const model::snapshot& of, const model::series_id& id,
                               std::uint64_t* dropped = nullptr) {
        std::uint64_t sum = 0;
        for (const model::series& one : of.all)
            if (one.id == id) {
                sum += one.values.samples();
                if (dropped != nullptr) *dropped += one.dropped;
            }
        return sum;
    }

    std::optional<replay> read_;
    std::vector<model::stall> told_;
};

const model::series_id run_id{metric::softirq_run, "NET_RX", {}, "bh_enable"};
const model::series_id latency_id{metric::softirq_latency, "NET_RX", {}, {}};
const model::series_id off_id{metric::softirq_off, {}, {}, {}};

} // namespace

TEST_F(replayed, header_comes_back_as_it_was) {
    const auto read = parse_header(text_of(made_header()));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(text_of(*read), text_of(made_header()));
    EXPECT_FALSE(parse_header("{}"));
    EXPECT_FALSE(parse_header(R"({"schema":"irqscope.recording/2"})"));
}

TEST_F(replayed, spans_make_the_histograms_that_they_make_live) {
    stream::span_counter live(true, true);
    const auto out = make();
    out->start([] {});
    std::mt19937_64 random(1);
    std::array<std::uint64_t, 2> now{1'000 * ms, 1'000 * ms};
    const std::array<std::uint16_t, 7> others{
        WIRE_HIST_SYSVEC_RUN, WIRE_HIST_SYSVEC_RUN + 4, WIRE_HIST_HARDIRQ_RUN,      WIRE_HIST_HARDIRQ_OTHER,
        WIRE_HIST_IRQ_OFF,    WIRE_HIST_IDLE_EXIT,      WIRE_HIST_KSOFTIRQD_RUN + 1};
    for (int i = 0; i < 50'000; i++) {
        const auto cpu = static_cast<std::uint32_t>(random() % 2);
        now.at(cpu) += random() % 5'000;
        const std::uint64_t ns = random() % (1ULL << (random() % 38));
        if (random() % 2 == 0) {
            const auto one = softirq(cpu, now.at(cpu), ns);
            live.on_softirq(one);
            out->on_softirq(one);
            continue;
        }
        const auto one = span(others.at(random() % others.size()), cpu, now.at(cpu), ns);
        one.histogram < WIRE_HIST_IRQ_OFF ? live.on_interrupt(one) : live.on_wait(one);
        one.histogram < WIRE_HIST_IRQ_OFF ? out->on_interrupt(one) : out->on_wait(one);
    }
    ASSERT_TRUE(out->finish());
    const auto found = sums();
    const auto expected = live.take().named(made_names());
    EXPECT_TRUE(read_->file().whole());
    EXPECT_EQ(read_->read().spans_read, 50'000U);
    EXPECT_TRUE(out->take_dropped().empty());
    ASSERT_EQ(found.histograms.all.size(), expected.size());
    for (const model::series& one : expected) {
        const auto same = [&](const model::series& other) {
            return other.id == one.id && other.cpu == one.cpu && other.values == one.values;
        };
        EXPECT_TRUE(std::any_of(found.histograms.all.begin(), found.histograms.all.end(), same))
            << model::short_name_of(one.id) << " " << one.cpu;
    }
}

TEST_F(replayed, part_of_the_time_has_its_own_length) {
    {
        const auto out = make();
        out->start([] {});
        sink::recorded to(*out);
        for (std::uint64_t i = 0; i < 1'000; i++) out->on_softirq(softirq(0, 1'000 * ms + i * ms, 500));
        model::snapshot one;
        one.start_ns = 1'000 * ms;
        one.duration_ns = 1'000 * ms;
        to.interval(one, {});
        ASSERT_TRUE(out->finish());
    }
    EXPECT_FALSE(sums().histograms.part_ns);
    selection wanted;
    wanted.from_ns = 1'100 * ms;
    wanted.to_ns = 1'150 * ms;
    const auto found = sums(wanted).histograms;
    ASSERT_TRUE(found.part_ns);
    EXPECT_EQ(found.part_ns->first, 1'100 * ms);
    EXPECT_EQ(found.sampled_ns(), 50 * ms);
    EXPECT_EQ(found.duration_ns, 1'000 * ms);
    EXPECT_NEAR(static_cast<double>(count(found, run_id)), 50, 1);
}

TEST_F(replayed, what_finds_the_queue_full_is_counted) {
    const auto out = make(); // and nobody writes
    constexpr std::uint64_t all = 300'000;
    constexpr std::uint64_t long_ns = 1ULL << 60U; // takes many bytes
    for (std::uint64_t i = 0; i < all; i++) out->on_softirq(softirq(i % 2, 1'000 * ms + i * 100, long_ns + i % 2));
    out->flush();
    std::map<model::series_id, std::uint64_t> dropped;
    for (const auto& one : out->take_dropped()) dropped[one.id] += one.samples;
    EXPECT_GT(dropped[run_id], 0U);
    out->start([] {});
    ASSERT_TRUE(out->finish());
    EXPECT_TRUE(out->take_dropped().empty());
    const auto found = sums().histograms;
    EXPECT_EQ(count(found, run_id) + dropped[run_id], all);
    EXPECT_EQ(count(found, latency_id) + dropped[latency_id], all);
    EXPECT_EQ(count(found, off_id) + dropped[off_id], all / 2);
    EXPECT_EQ(out->so_far().spans, count(found, run_id));
    EXPECT_EQ(out->so_far().dropped, dropped[run_id]);
}

TEST_F(replayed, time_and_cpus_choose) {
    const auto out = make();
    out->start([] {});
    for (std::uint64_t i = 0; i < 1'000; i++) out->on_softirq(softirq(i % 2, 1'000 * ms + i * ms, 40));
    ASSERT_TRUE(out->finish());
    EXPECT_EQ(count(sums().histograms, run_id), 1'000U);
    selection some;
    some.from_ns = 1'100 * ms;
    some.to_ns = 1'200 * ms;
    EXPECT_EQ(count(sums(some).histograms, run_id), 100U);
    some.cpus = std::vector{1};
    const auto found = sums(some).histograms;
    EXPECT_EQ(count(found, run_id), 50U);
    EXPECT_THAT(found.coverage.cpus, testing::ElementsAre(1));
    some.cpus = std::vector{7};
    EXPECT_EQ(count(sums(some).histograms, run_id), 0U);
}

TEST_F(replayed, intervals_are_one_at_the_end) {
    const auto out = make();
    out->start([] {});
    sink::recorded to(*out);
    to.begin(sink::made_heading());
    model::stalls_report untold;
    for (std::uint64_t i = 0; i < 3; i++) {
        model::snapshot one = sink::made_snapshot();
        one.start_ns = (1'000 + 1'000 * i) * ms;
        one.duration_ns = 1'000 * ms;
        one.coverage.beat_ns = ms;
        one.coverage.heartbeats = {{0, {1'000, 999, 0, 1, 0, 0, true}}};
        one.lost.counts = {{"softirqs_unseen", i}};
        one.cost.bpf_calls = 100;
        one.all = {{run_id, 0, {}, 5}};
        untold.asides[model::aside::steal].add(10 * i);
        untold.suppressed[model::stall_kind::irq_off] = i;
        out->on_softirq(softirq(0, one.start_ns + 500 * ms, 100));
        to.interval(one, untold);
    }
    ASSERT_TRUE(out->finish());
    auto found = sums();
    EXPECT_EQ(found.histograms.start_ns, 1'000 * ms);
    EXPECT_EQ(found.histograms.duration_ns, 3'000 * ms);
    EXPECT_EQ(found.histograms.coverage.heartbeats.at(0).seen, 2'997U);
    EXPECT_EQ(found.histograms.lost.counts.at("softirqs_unseen"), 3U);
    EXPECT_EQ(found.histograms.cost.bpf_calls, 300U);
    std::uint64_t dropped = 0;
    EXPECT_EQ(count(found.histograms, run_id, &dropped), 3U);
    EXPECT_EQ(dropped, 15U);
    EXPECT_EQ(found.stalls.asides.at(model::aside::steal).count, 3U);
    EXPECT_EQ(found.stalls.suppressed.at(model::stall_kind::irq_off), 2U);

    selection last;
    last.from_ns = 3'000 * ms;
    found = sums(last);
    EXPECT_EQ(found.histograms.start_ns, 2'000 * ms) << "an interval that touches it is of it";
    EXPECT_EQ(count(found.histograms, run_id), 1U);
}

TEST_F(replayed, stalls_come_back_with_their_incidents) {
    const auto out = make();
    out->start([] {});
    sink::recorded to(*out);
    to.begin(sink::made_heading());
    const std::vector all{sink::made_irq_off(), sink::made_softirq_latency(), sink::made_ksoftirqd()};
    for (const model::stall& one : all) to.stall(one);
    model::stall ended = sink::made_softirq_latency();
    ended.state = model::stall_state::ended;
    ended.end_ns += 3 * ms;
    ended.at_least_ns += 3 * ms;
    to.over(ended);
    ASSERT_TRUE(out->finish());
    const auto found = sums();
    ASSERT_EQ(told_.size(), 3U);
    EXPECT_EQ(told_[0].stack, all[0].stack);
    EXPECT_EQ(told_[2].activation->tasks.size(), all[2].activation->tasks.size());
    EXPECT_TRUE(found.stalls.open.empty()) << "it is over";
    EXPECT_EQ(found.stalls.cpus.at(17).incidents, 1U);
    EXPECT_EQ(out->so_far().stalls, 3U);
}

TEST_F(replayed, cut_anywhere_is_no_more_than_what_is_there) {
    {
        const auto out = make();
        out->start([] {});
        sink::recorded to(*out);
        to.begin(sink::made_heading());
        for (std::uint64_t i = 0; i < 2; i++) {
            for (std::uint64_t j = 0; j < 20; j++) out->on_softirq(softirq(j % 2, (1'000 + 10 * i) * ms + j, 100));
            to.stall(sink::made_irq_off());
            model::snapshot one = sink::made_snapshot();
            one.start_ns = (1'000 + 10 * i) * ms;
            one.duration_ns = 10 * ms;
            to.interval(one, {});
        }
        ASSERT_TRUE(out->finish());
    }
    std::ostringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    const std::string all = text.str();
    std::uint64_t most = 0;
    for (std::size_t size = 0; size <= all.size(); size++) {
        std::ofstream(path_, std::ios::binary) << all.substr(0, size);
        if (!replay::open(path_)) {
            EXPECT_EQ(most, 0U) << size;
            continue;
        }
        const std::uint64_t spans = count(sums().histograms, run_id);
        EXPECT_GE(spans, most) << size;
        most = spans;
        EXPECT_EQ(read_->file().whole(), size == all.size());
    }
    EXPECT_EQ(most, 40U);
}

TEST_F(replayed, series_and_chunks_to_come_are_counted) {
    auto file = file_writer::create(AT_FDCWD, path_);
    ASSERT_TRUE(file);
    const auto put = [&](chunk_kind kind, const std::string& text, std::uint32_t cpu) {
        const std::vector<std::uint8_t> payload(text.begin(), text.end());
        ASSERT_TRUE(file->write({kind, 1, 2, cpu, 1}, payload));
    };
    put(chunk_kind::header, text_of(made_header()), 0);
    put(chunk_kind::series,
        "{\"number\":0,\"cpu\":0,\"metric\":\"softirq_joy\",\"key\":\"NET_RX\"}\n"
        "{\"number\":1,\"cpu\":0,\"metric\":\"softirq_run\",\"key\":\"QUANTUM\",\"context\":\"bh_enable\"}\n"
        "{\"number\":2,\"cpu\":-5,\"metric\":\"hardirq_run\",\"key\":\"x\",\"irq\":3}\n"
        "{\"number\":4000000000,\"cpu\":0,\"metric\":\"softirq_run\",\"key\":\"NET_RX\",\"context\":\"bh_enable\"}\n"
        "{\"number\":3,\"cpu\":0,\"metric\":\"softirq_run\",\"key\":\"NET_RX\",\"context\":\"bh_enable\"}\n",
        0);
    row_writer rows(100);
    for (std::uint32_t number = 0; number < 6; number++) rows.add({number, 1'000, 10, 0, false, 0, false, 0});
    std::vector<std::uint8_t> payload;
    rows.swap(payload);
    ASSERT_TRUE(file->write({chunk_kind::spans, 1'000, 1'000, 0, 6}, payload));
    payload.push_back(0x80);
    ASSERT_TRUE(file->write({chunk_kind::spans, 1'000, 1'000, 0, 6}, payload));
    ASSERT_TRUE(file->write({chunk_kind::spans, 1'000, 1'000, 1U << 20U, 6}, payload));
    put(static_cast<chunk_kind>(77), "?", 0);
    put(chunk_kind::series, "{]", 0);
    put(chunk_kind::stalls, "{\"schema\":\"irqscope.stall/1\"}\n", 0);
    put(chunk_kind::interval, "{}", 0);
    put(chunk_kind::untold, "[]", 0);
    ASSERT_TRUE(file->end());
    const auto found = sums().histograms;
    EXPECT_EQ(count(found, run_id), 2U);
    EXPECT_EQ(read_->read().unknown_spans, 10U);
    EXPECT_EQ(read_->read().unknown_chunks, 1U);
    EXPECT_EQ(read_->read().senseless_chunks, 6U);
    EXPECT_TRUE(read_->file().whole());
}

// Written by `irqscope record` on 2026-11-29: what format 1 was then must be read for ever.
TEST_F(replayed, file_of_version_1_is_read) {
    path_ = IRQSCOPE_FIXTURES "/small.data";
    const auto found = sums();
    EXPECT_TRUE(read_->file().whole());
    EXPECT_EQ(read_->read().spans_read, 209U);
    EXPECT_EQ(read_->read().unknown_spans + read_->read().unknown_chunks + read_->read().senseless_chunks, 0U);
    EXPECT_EQ(told_.size(), 28U);
    EXPECT_EQ(found.histograms.kernel, "6.18.44-fc-v657");
    EXPECT_EQ(read_->about().irqs.size(), 19U);
    std::uint64_t samples = 0;
    for (const model::series& one : found.histograms.all) samples += one.values.samples();
    EXPECT_EQ(samples, 296U);
    EXPECT_FALSE(found.stalls.culprits.empty());
}

} // namespace irqscope::recording

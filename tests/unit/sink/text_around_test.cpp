// SPDX-License-Identifier: BSD-2-Clause
// The flight recorder's part of a stall, as text and as JSON.
#include "sink/json_stalls.hpp"
#include "sink/made_stalls.hpp"
#include "sink/page.hpp"
#include "sink/text_around.hpp"
#include "sink/text_breakdown.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

namespace irqscope::sink {

namespace {

model::stall with_breakdown() {
    model::stall one = made_irq_off();
    model::breakdown where;
    where.start_ns = one.start_ns;
    where.end_ns = one.start_ns + 100 * ms;
    where.at(model::part::hardirq) = 62 * ms;
    where.at(model::part::ksoftirqd) = 25 * ms;
    where.at(model::part::task) = 11 * ms;
    where.at(model::part::sysvec) = 2 * ms;
    model::tops most;
    most.hardirq = model::top{{model::metric::hardirq_run, "vfio-msix[3]", 245, {}}, 40 * ms, 11'204};
    most.sysvec = model::top{{model::metric::sysvec_run, "local_timer", {}, {}}, 2 * ms, 101};
    most.ksoftirqd = model::top{{model::metric::softirq_run, "NET_RX", {}, "ksoftirqd"}, 24'900'000, 77};
    most.task = model::top_task{{20417, "CPU 3/KVM"}, {49, 1}, 11 * ms, 1};
    most.complete = true;
    where.most = most;
    one.where = where;
    return one;
}

model::around_span task(const char* comm, std::uint64_t start_ns, std::uint64_t end_ns) {
    model::around_span made;
    made.span.number = 801;
    made.span.prio = 120;
    made.span.start_ns = start_ns;
    made.span.end_ns = end_ns;
    std::memcpy(made.span.comm.data(), comm, std::strlen(comm));
    return made;
}

model::stall with_spans() {
    model::stall one = made_irq_off();
    model::around around;
    around.start_ns = one.start_ns - 5 * ms;
    around.end_ns = one.end_ns + 5 * ms;
    around.spans.push_back(task("dd", 0, one.start_ns - 4 * ms));
    around.spans.push_back(task("iperf3", one.start_ns - 4 * ms, around.end_ns));
    around.spans.back().span.open = true;
    model::around_span handler;
    handler.span.kind = model::flight_kind::hardirq;
    handler.span.start_ns = one.start_ns + 1'234'000;
    handler.span.end_ns = handler.span.start_ns + 3'100;
    handler.depth = 1;
    handler.of = model::series_id{model::metric::hardirq_run, "virtio1-req.0", 36, {}};
    around.spans.push_back(handler);
    around.hidden = 4'000;
    around.hidden_at = 2;
    around.lost.push_back({0, one.start_ns - 4'500'000, 1'234, 1});
    one.around = around;
    return one;
}

} // namespace

TEST(text_breakdown, names_who_had_most_beside_each_part) {
    EXPECT_EQ(breakdown_rows(with_breakdown()),
              (std::vector<std::string>{
                  "hardirq      62.0 ms   62 %   irq 245 vfio-msix[3] 11,204 x, 40.0 ms",
                  "ksoftirqd    25.0 ms   25 %   NET_RX 77 x",
                  "task         11.0 ms   11 %   CPU 3/KVM 20417 SCHED_FIFO 50",
                  "sysvec       2.00 ms    2 %   local_timer 101 x",
              }));
}

TEST(text_breakdown, says_when_it_does_not_know_all) {
    model::stall one = with_breakdown();
    one.where->most->complete = false;
    one.where->most->lost = 1'234;
    EXPECT_EQ(breakdown_rows(one).back(), "1,234 spans were overwritten unread: who had most may be another");
    one.where->most->lost = 0;
    EXPECT_EQ(breakdown_rows(one).back(), "not all of its spans are known: who had most may be another");
    one.where->most.reset();
    EXPECT_EQ(breakdown_rows(one).size(), 4U);
}

TEST(text_breakdown, hostile_names_do_not_move_the_terminal) {
    model::stall one = with_breakdown();
    one.where->most->hardirq->of.key = hostile_name;
    one.where->most->task->who.comm = hostile_name;
    for (const std::string& row : breakdown_rows(one))
        for (const char c : row) EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << row;
}

TEST(text_around, shows_each_span_and_what_is_missing) {
    EXPECT_EQ(around_rows(with_spans()),
              (std::vector<std::string>{
                  "4,003 spans from 5.00 ms before to 5.00 ms after it; its start is 0:",
                  "        before            dd 801",
                  "         until -4.500 ms   1,234 overwritten unread, 1 while they were read: here spans are missing",
                  "     -4.000 ms   116 ms+  iperf3 801",
                  "                          4,000 spans that are not shown",
                  "     +1.234 ms  3.10 us     hardirq 36 virtio1-req.0",
              }));
    EXPECT_TRUE(around_rows(made_irq_off()).empty());
}

TEST(text_around, says_from_when_on_it_knows) {
    model::stall one = with_spans();
    one.around->lost = {{0, one.start_ns + 2'000'000, 0, 0}};
    const auto rows = around_rows(one);
    EXPECT_EQ(rows.back(), "         until +2.000 ms   more than are kept: here spans are missing") << rows.back();
}

TEST(json_flight, tops_are_in_the_breakdown) {
    json_stalls sink;
    sink.begin(made_heading());
    auto told = nlohmann::json::parse(sink.text_of(with_breakdown()))["breakdown"];
    EXPECT_EQ(told["top_irq"],
              nlohmann::json::parse(R"({"irq": 245, "name": "vfio-msix[3]", "ns": 40000000, "count": 11204})"));
    EXPECT_EQ(told["top_sysvec"], nlohmann::json::parse(R"({"key": "local_timer", "ns": 2000000, "count": 101})"));
    EXPECT_EQ(told["top_softirq"], nullptr);
    EXPECT_EQ(told["top_ksoftirqd"],
              nlohmann::json::parse(R"({"key": "NET_RX", "context": "ksoftirqd", "ns": 24900000, "count": 77})"));
    EXPECT_EQ(told["top_task"], nlohmann::json::parse(R"({"pid": 20417, "comm": "CPU 3/KVM", "class": "SCHED_FIFO",
                                                         "rt_priority": 50, "nice": null, "ns": 11000000, "count": 1})"));
    EXPECT_EQ(told["top_complete"], true);
    model::stall without = with_breakdown();
    without.where->most.reset();
    told = nlohmann::json::parse(sink.text_of(without))["breakdown"];
    EXPECT_EQ(told["top_irq"], nullptr);
    EXPECT_EQ(told["top_complete"], false);
}

TEST(json_flight, spans_are_there_when_they_were_asked_for) {
    json_stalls sink;
    sink.begin(made_heading());
    const auto told = nlohmann::json::parse(sink.text_of(with_spans()));
    ASSERT_EQ(told["spans"].size(), 3U);
    EXPECT_EQ(told["spans"][0]["start_ns"], nullptr) << "it began before all that is known";
    EXPECT_EQ(told["spans"][0]["task"],
              nlohmann::json::parse(R"({"pid": 801, "comm": "dd", "class": "SCHED_NORMAL", "rt_priority": null,
                                        "nice": 0})"));
    EXPECT_EQ(told["spans"][1]["end_ns"], nullptr) << "it goes on";
    EXPECT_EQ(told["spans"][2]["kind"], "hardirq");
    EXPECT_EQ(told["spans"][2]["key"], "virtio1-req.0");
    EXPECT_EQ(told["spans"][2]["irq"], 36);
    EXPECT_EQ(told["spans"][2]["depth"], 1);
    EXPECT_EQ(told["spans"][2]["task"], nullptr);
    EXPECT_EQ(told["spans_hidden"], 4'000);
    EXPECT_EQ(told["spans_overwritten"], 1'234);
    EXPECT_EQ(told["spans_torn"], 1);
    EXPECT_FALSE(nlohmann::json::parse(sink.text_of(made_irq_off())).contains("spans"));
}

} // namespace irqscope::sink

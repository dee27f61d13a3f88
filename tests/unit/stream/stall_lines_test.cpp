// SPDX-License-Identifier: BSD-2-Clause
#include "stream/stall_lines.hpp"

#include "sink/json_stalls.hpp"
#include "sink/made_stalls.hpp"

#include <gmock/gmock.h>
#include <string>

namespace irqscope::stream {

namespace {

using model::stall_kind;
using model::stall_state;
using testing::ElementsAre;
using testing::Pair;

const std::string late_beat = R"({"schema":"irqscope.stall/1","incident":3,"kind":"irq_off","state":"ended","cpu":1,)"
                              R"("start_ns":5000000,"start_time":"2026-01-01T00:00:00.000000Z","at_least_ns":4420000,)"
                              R"("less_than_ns":5420000,"key":null,"irq":null,"context":null,"culprit":null,)"
                              R"("task":{"pid":77,"comm":"selftest"},"stack_kind":"post-hoc",)"
                              R"("stack":["_raw_spin_unlock_irqrestore+0x1c","anon_pipe_write+0x2f0"],"steal_ns":0})";
const std::string handler = R"({"schema":"irqscope.stall/1","incident":null,"kind":"hardirq_run","state":"ended",)"
                            R"("cpu":1,"start_ns":7,"at_least_ns":2000010,"less_than_ns":null,"key":"virtio1-req.0",)"
                            R"("irq":36,"context":null,"culprit":null,"stack_kind":"none","stack":[]})";
const std::string in_timer =
    R"({"schema":"irqscope.stall/1","kind":"irq_off","state":"open","cpu":0,"start_ns":1,"at_least_ns":2,)"
    R"("culprit":{"metric":"sysvec_run","key":"local_timer","irq":null,"context":null,"ns":1999}})";

} // namespace

TEST(stall_lines, are_read_back) {
    const auto found = parse_stall_lines(late_beat + "\n" + handler + "\n\n" + in_timer + "\n");
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->stalls.size(), 3U);
    const auto& first = found->stalls[0];
    EXPECT_EQ(first.kind, stall_kind::irq_off);
    EXPECT_EQ(first.state, stall_state::ended);
    EXPECT_EQ(first.cpu, 1);
    EXPECT_EQ(first.start_ns, 5'000'000U);
    EXPECT_EQ(first.end_ns, 9'420'000U);
    EXPECT_EQ(first.at_least_ns, 4'420'000U);
    EXPECT_EQ(first.less_than_ns, 5'420'000U);
    EXPECT_EQ(first.incident, 3U);
    EXPECT_FALSE(first.of);
    EXPECT_FALSE(first.culprit);
    EXPECT_THAT(first.stack, ElementsAre("_raw_spin_unlock_irqrestore+0x1c", "anon_pipe_write+0x2f0"));
    const auto& second = found->stalls[1];
    EXPECT_EQ(second.kind, stall_kind::hardirq_run);
    EXPECT_FALSE(second.less_than_ns);
    ASSERT_TRUE(second.of);
    EXPECT_EQ(second.of->key, "virtio1-req.0");
    EXPECT_EQ(second.of->irq, 36U);
    const auto& third = found->stalls[2];
    EXPECT_EQ(third.state, stall_state::open);
    ASSERT_TRUE(third.culprit);
    EXPECT_EQ(third.culprit->key, "local_timer");
    EXPECT_EQ(third.culprit->what, model::metric::sysvec_run);
    EXPECT_EQ(third.culprit_ns, 1999U);
}

TEST(stall_lines, of_another_schema_or_kind_are_passed_over) {
    const auto found = parse_stall_lines(R"({"schema":"irqscope.stalls_summary/1","set_aside":{"steal":{"count":3}}})"
                                         "\n"
                                         R"({"schema":"irqscope.stall/1","kind":"of_tomorrow","state":"open"})"
                                         "\n" +
                                         late_beat); // and the last line may lack its end
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->stalls.size(), 1U);
    EXPECT_THAT(found->set_aside, ElementsAre(Pair("steal", 3)));
    EXPECT_TRUE(parse_stall_lines("")->stalls.empty());
}

TEST(stall_lines, activation_is_read_back_as_its_thread_s) {
    const auto found = parse_stall_lines(
        R"({"schema":"irqscope.stall/1","kind":"ksoftirqd","state":"ended","cpu":0,"start_ns":1,"at_least_ns":2,)"
        R"("key":"ksoftirqd","activation":{"thread":"ksoftirqd"}})");
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->stalls.size(), 1U);
    EXPECT_EQ(found->stalls[0].kind, stall_kind::ksoftirqd);
    ASSERT_TRUE(found->stalls[0].of);
    EXPECT_EQ(found->stalls[0].of->what, model::metric::ksoftirqd_run);
    EXPECT_EQ(found->stalls[0].of->key, "ksoftirqd");
}

TEST(stall_lines, broken_ones_are_an_error) {
    for (const std::string text : {"{", "[]", "3", R"({"schema":"irqscope.stall/1"})", R"({"cpu":1})",
                                   R"({"schema":"irqscope.stalls_summary/1"})",
                                   R"({"schema":"irqscope.stall/1","kind":"irq_off","state":"ended","cpu":"one"})"}) {
        const auto found = parse_stall_lines(text);
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().status, exit_status::failed);
    }
}

// What is written of what was read is what was written: nothing of it is lost on the way through a file.
TEST(stall_lines, come_back_as_they_were) {
    sink::json_stalls out;
    out.begin(sink::made_heading());
    std::vector<model::stall> all{sink::made_irq_off(),     sink::made_irq_off_by_handler(),
                                  sink::made_softirq_off(), sink::made_softirq_latency(),
                                  sink::made_softirq_run(), sink::made_hardirq_run(),
                                  sink::made_ksoftirqd()};
    model::stall& most = all.emplace_back(sink::made_irq_off());
    most.timer_function = "tick_nohz_handler";
    most.away_ns = 77;
    most.where.emplace();
    most.where->start_ns = 5;
    most.where->end_ns = 105;
    most.where->at(model::part::hardirq) = 60;
    most.where->at(model::part::steal) = 40;
    most.where->most.emplace();
    most.where->most->hardirq = {{model::metric::hardirq_run, "nic", 36, {}}, 50, 3};
    most.where->most->softirq = {{model::metric::softirq_run, "NET_RX", {}, "irq_exit"}, 40, 2};
    most.where->most->task = {{7, "make"}, {-1, 6}, 30, 1};
    most.where->most->lost = 9;
    model::around& around = most.around.emplace();
    model::around_span task;
    task.span = {5, 50, model::flight_kind::task, false, 1, 49, 4711, {'f', 'i', 'o'}};
    model::around_span softirq;
    softirq.span = {0, 50, model::flight_kind::softirq, false, 0, 0, 0, {}};
    softirq.of = {model::metric::softirq_run, "NET_RX", {}, "irq_exit"};
    softirq.depth = 2;
    model::around_span handler;
    handler.span = {50, 0, model::flight_kind::hardirq, true, 0, 0, 0, {}};
    handler.of = {model::metric::hardirq_run, "nic", 36, {}};
    around.spans = {softirq, task, handler};
    around.hidden = 4;
    around.lost = {{0, 10, 3, 1}, {0, 4, 0, 0}};
    for (const model::stall& one : all) {
        const std::string text = out.text_of(one);
        const auto read = parse_stall_lines(text);
        ASSERT_TRUE(read) << read.error().message;
        ASSERT_EQ(read->stalls.size(), 1U);
        EXPECT_EQ(out.text_of(read->stalls[0]), text);
    }
}

TEST(stall_lines, that_end_before_they_begin_are_an_error) {
    sink::json_stalls out;
    out.begin(sink::made_heading());
    model::stall one = sink::made_irq_off();
    one.at_least_ns = UINT64_MAX;
    EXPECT_FALSE(parse_stall_lines(out.text_of(one)));
}

} // namespace irqscope::stream

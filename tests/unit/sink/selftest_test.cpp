// SPDX-License-Identifier: BSD-2-Clause
#include "sink/selftest.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace irqscope::sink {

namespace {

using testing::HasSubstr;

constexpr std::uint64_t ms = 1'000'000;

model::selftest_report made() {
    model::truth truth;
    truth.what = model::injection::device_interrupt;
    truth.cpu = 1;
    truth.start_ns = 100 * ms;
    truth.end_ns = 102 * ms;
    truth.irq = 36;
    truth.action = "virtio1-req.0";
    model::stall seen;
    seen.kind = model::stall_kind::hardirq_run;
    seen.cpu = 1;
    seen.start_ns = 100 * ms - 300;
    seen.end_ns = 102 * ms + 900;
    seen.at_least_ns = 2 * ms + 1200;
    seen.of = model::series_id{model::metric::hardirq_run, "virtio1-req.0", 36, {}};
    model::truth missed;
    missed.cpu = 1;
    missed.start_ns = 200 * ms;
    missed.end_ns = 202 * ms;
    model::stall elsewhere = seen;
    elsewhere.cpu = 0;
    model::selftest_report report;
    report.host = "vm";
    report.cpu = 1;
    report.command = "irqscope stalls";
    model::judge({{model::injection::device_interrupt, 2 * ms, ""},
                  {model::injection::irq_off, 2 * ms, ""},
                  {model::injection::idle_leave, 2 * ms, "the idle task did not run"}},
                 {{truth, 2 * ms}, {missed, 2 * ms}}, {seen, elsewhere}, report);
    return report;
}

} // namespace

TEST(selftest_text, has_a_row_for_each_kind_and_the_verdict) {
    const std::string text = text_of(made());
    EXPECT_THAT(text, HasSubstr("device_interrupt   2.00 ms        1     1       1   1.20 us   1.20 us  seen          "
                                "virtio1-req.0\n"));
    EXPECT_THAT(text,
                HasSubstr("irq_off            2.00 ms        1     0       0         -         -  missed        -\n"));
    EXPECT_THAT(text, HasSubstr("idle_leave: the idle task did not run\n"));
    EXPECT_THAT(text, HasSubstr("CPU 0: 1 other stall that no injection there explains\n"));
    EXPECT_THAT(text, HasSubstr("1 of 2 injections were missed (not possible: idle_leave)\n"));
}

TEST(selftest_text, verdict_is_of_those_that_count) {
    const auto last_line = [](const model::selftest_report& report) {
        const std::string text = text_of(report);
        const std::size_t start = text.rfind('\n', text.size() - 2) + 1;
        return text.substr(start, text.size() - 1 - start);
    };
    auto report = made();
    const model::observation seen = report.observations.front();
    const auto judged = [&](std::vector<model::selftest_plan_item> plan, std::size_t count, std::uint64_t away_ns) {
        std::vector<model::injected> truths{{seen.real, 2 * ms}};
        std::vector<model::stall> told{*seen.seen};
        for (std::size_t i = 1; i < count; i++) {
            truths.push_back(truths.front());
            truths.back().real.away_ns = away_ns;
        }
        if (count == 0) truths.front().real.away_ns = away_ns;
        model::judge(plan, truths, told, report);
        return report;
    };
    const model::selftest_plan_item device{model::injection::device_interrupt, 2 * ms, ""};
    const model::selftest_plan_item no_leave{model::injection::idle_leave, 2 * ms, "no"};
    const model::selftest_plan_item no_leave_either{model::injection::idle_leave, 4 * ms, "no"};
    EXPECT_EQ(last_line(judged({device}, 1, 0)), "all 1 injections were seen");
    EXPECT_EQ(last_line(judged({device, no_leave, no_leave_either}, 1, 0)),
              "all 1 injections that count were seen (not possible: idle_leave)");
    EXPECT_EQ(last_line(judged({device, no_leave}, 3, ms)),
              "all 1 injections that count were seen (2 more did not count; not possible: idle_leave)");
    EXPECT_EQ(last_line(judged({device}, 0, ms)), "nothing that counts could be injected (1 did not count)");
    EXPECT_THAT(text_of(report), HasSubstr("  not counted   -\n"));
    EXPECT_EQ(last_line(judged({no_leave}, 0, 0)), "nothing could be injected here (not possible: idle_leave)");
}

TEST(selftest_json, holds_rows_and_truths) {
    const auto document = nlohmann::json::parse(json_of(made()));
    EXPECT_EQ(document.at("schema"), "irqscope.selftest/1");
    EXPECT_EQ(document.at("verdict"), "missed");
    EXPECT_EQ(document.at("injected"), 2);
    EXPECT_EQ(document.at("seen"), 1);
    EXPECT_EQ(document.at("rows").size(), 3U);
    EXPECT_EQ(document.at("rows")[0].at("error_max_ns"), 1200);
    EXPECT_EQ(document.at("rows")[0].at("named")[0].at("name"), "virtio1-req.0");
    EXPECT_EQ(document.at("rows")[2].at("why_not"), "the idle task did not run");
    EXPECT_EQ(document.at("truths")[0].at("irq"), 36);
    EXPECT_EQ(document.at("truths")[0].at("seen").at("at_least_ns"), 2 * ms + 1200);
    EXPECT_TRUE(document.at("truths")[1].at("seen").is_null());
    EXPECT_EQ(document.at("others")[0].at("cpu"), 0);
}

} // namespace irqscope::sink

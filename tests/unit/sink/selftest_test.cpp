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
    EXPECT_THAT(text, HasSubstr("1 of 2 injections were missed\n"));
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

// SPDX-License-Identifier: BSD-2-Clause
#include "sink/script.hpp"

#include "recording/in_a_directory.hpp"
#include "recording/recorder.hpp"
#include "sink/made_stalls.hpp"
#include "sink/recorded.hpp"

#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace irqscope::sink {

namespace {

constexpr std::uint16_t net_rx_run = WIRE_HIST_SOFTIRQ_RUN + 3 * WIRE_CONTEXTS + WIRE_CONTEXT_BH_ENABLE;

class script_of_a_recording : public recording::in_a_directory {
protected:
    void SetUp() override {
        in_a_directory::SetUp();
        stream::catalog names;
        names.set_slots(1, {wire_irq_slot{36, 1, "disk \x1b[2J 0"}});
        recording::header about;
        about.spans = true;
        recording::recorder out(one_file(text_of(about)), [&] { return names; });
        out.start([] {});
        recorded to(out);
        to.begin(made_heading());
        // CPU 0's chunk comes before CPU 1's
        out.on_softirq({{0, net_rx_run, 0, 3'000'000'000, 900, 10}, 300, 300});
        out.on_wait({0, WIRE_HIST_IRQ_OFF, 0, 3'000'002'000, 500, 0});
        out.on_interrupt({0, WIRE_HIST_HARDIRQ_RUN, 1, 3'000'000'100, 1'900, 0});
        model::stall stall = made_hardirq_run();
        stall.start_ns = 3'000'001'000;
        stall.end_ns = stall.start_ns + stall.at_least_ns;
        to.stall(stall);
        model::snapshot interval = made_snapshot();
        interval.start_ns = 2'000'000'000;
        interval.duration_ns = 1'000'003'000; // the stall ends behind it
        to.interval(interval, {});
        out.on_softirq({{0, net_rx_run, 0, 3'000'004'000, 1, 0}, WIRE_NO_LATENCY, WIRE_NO_LATENCY});
        ASSERT_TRUE(out.finish());
    }
    [[nodiscard]] std::string printed(script_options options) const {
        auto from = std::move(*recording::replay::open(path_));
        testing::internal::CaptureStdout();
        script out(std::move(options), from, made_heading());
        from.run({}, out, out);
        EXPECT_TRUE(out.finish());
        return testing::internal::GetCapturedStdout();
    }
};

} // namespace

TEST_F(script_of_a_recording, is_a_line_each_in_the_order_of_their_ends) {
    EXPECT_EQ(printed({}), "# start cpu metric duration_ns nested_ns latency_ns off_ns irq context key\n"
                           "3.000000000 000 softirq_run 900 10 300 300 - bh_enable NET_RX\n"
                           "3.000000100 001 hardirq_run 1900 0 - - 36 - disk ?[2J 0\n"
                           "3.000002000 000 irq_off 500 0 - - - - -\n"
                           "3.000004000 000 softirq_run 1 0 - - - bh_enable NET_RX\n"
                           "3.000001000 001 stall:hardirq_run:ended 1040000 - - - 36 - hardirq 36 virtio1-req.0\n");
}

TEST_F(script_of_a_recording, has_the_columns_asked_for) {
    EXPECT_EQ(printed({{script_field::end, script_field::key}, false}).substr(0, 42),
              "# end key\n3.000000900 NET_RX\n3.000002000 d");
}

TEST_F(script_of_a_recording, as_json_has_every_field) {
    const std::string text = printed({{}, true});
    EXPECT_THAT(
        text,
        testing::StartsWith(
            "{\"schema\":\"irqscope.span/1\",\"metric\":\"softirq_run\",\"cpu\":0,\"key\":\"NET_RX\",\"irq\":null,"
            "\"context\":\"bh_enable\",\"start_ns\":3000000000,\"duration_ns\":900,\"nested_ns\":10,"
            "\"latency_ns\":300,\"off_ns\":300}\n"));
    EXPECT_THAT(text, testing::HasSubstr("{\"schema\":\"irqscope.stall/1\""));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

} // namespace irqscope::sink

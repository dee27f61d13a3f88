// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/lines.hpp"

#include "exporting/exported.hpp"

#include <nlohmann/json.hpp>

namespace irqscope::exporting {

namespace {

class json_lines : public exported {};

} // namespace

TEST_F(json_lines, are_the_header_what_there_is_in_time_and_the_interval_behind_it) {
    model::stall one = sink::made_irq_off();
    one.end_ns = about_.monotonic_ns + 500;
    one.start_ns = one.end_ns - one.at_least_ns;
    record([&](sink::recorded& to, recording::recorder& out) {
        to.stall(one);
        out.on_wait({0, WIRE_HIST_IRQ_OFF, 0, about_.monotonic_ns, 100, 0});
    });
    std::istringstream lines(export_with<exporting::lines>(sink::made_heading()));
    std::vector<std::string> schemas;
    for (std::string line; std::getline(lines, line);)
        schemas.push_back(nlohmann::json::parse(line).at("schema").get<std::string>());
    EXPECT_EQ(schemas, (std::vector<std::string>{"irqscope.recording/1", "irqscope.span/1", "irqscope.stall/1",
                                                 "irqscope.hist/1"}));
}

} // namespace irqscope::exporting

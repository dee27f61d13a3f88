// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/incident_spans.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace irqscope::exporting {

namespace {

constexpr std::uint64_t s = 1'000'000'000;

class incidents_told : public testing::Test {
protected:
    static model::stall stall(std::uint64_t incident, std::uint64_t start_ns, std::uint64_t end_ns,
                              model::stall_state state = model::stall_state::ended) {
        model::stall made;
        made.kind = model::stall_kind::softirq_off;
        made.state = state;
        made.start_ns = start_ns;
        made.end_ns = end_ns;
        made.at_least_ns = end_ns - start_ns;
        made.incident = incident;
        return made;
    }
    std::string take() { return std::exchange(told_, {}); }

    incident_spans spans_{[](const model::stall& one) { return std::to_string(one.start_ns / s); },
                          [this](const incident_span& one) {
                              told_ += fmt::format("{}: CPU {} {}..{} of {}; ", one.number, one.cpu, one.start_ns / s,
                                                   one.end_ns / s, one.stalls);
                              longest_ = one.longest;
                          }};
    std::string longest_;

private:
    std::string told_;
};

} // namespace

TEST_F(incidents_told, from_the_first_start_to_the_last_end) {
    spans_.told(stall(1, 5 * s, 6 * s));
    spans_.told(stall(1, 4 * s, 7 * s));
    model::stall other = stall(2, 1 * s, 2 * s);
    other.cpu = 3;
    spans_.told(other);
    spans_.told(stall(0, 1 * s, 9 * s)); // in none
    EXPECT_EQ(take(), "");
    spans_.rest();
    EXPECT_EQ(take(), "1: CPU 0 4..7 of 2; 2: CPU 3 1..2 of 1; ");
}

TEST_F(incidents_told, the_longest_stall_is_described_as_it_was_at_its_end) {
    spans_.told(stall(1, 5 * s, 7 * s));
    spans_.told(stall(1, 1 * s, 4 * s, model::stall_state::open));
    spans_.told(stall(1, 6 * s, 8 * s));
    spans_.rest();
    EXPECT_EQ(longest_, "1");
    spans_.told(stall(1, 1 * s, 4 * s, model::stall_state::open));
    spans_.told(stall(1, 1 * s, 4 * s));
    spans_.told(stall(1, 2 * s, 9 * s));
    spans_.rest();
    EXPECT_EQ(longest_, "2");
}

TEST_F(incidents_told, once_nothing_can_join_it) {
    const std::uint64_t far = 7 * s + incident_spans::settled_after_ns;
    spans_.told(stall(1, 5 * s, 7 * s));
    spans_.told(stall(2, far - s, far));
    EXPECT_EQ(take(), "");
    spans_.told(stall(2, far - s, far + 1));
    EXPECT_EQ(take(), "1: CPU 0 5..7 of 1; ");
    spans_.told(stall(1, 4 * s, 5 * s)); // all the same
    EXPECT_EQ(take(), "1: CPU 0 4..5 of 1; ");
}

TEST_F(incidents_told, with_an_open_stall_it_waits_for_its_end_and_counts_it_once) {
    const std::uint64_t far = 9 * s + incident_spans::settled_after_ns;
    for (const bool is_set_aside : {false, true}) {
        spans_.told(stall(1, 5 * s, 6 * s, model::stall_state::open));
        spans_.told(stall(1, 5 * s, 7 * s, model::stall_state::open)); // its next step
        spans_.told(stall(2, far, far + s));
        EXPECT_EQ(take(), "");
        if (is_set_aside)
            spans_.over(stall(0, 5 * s, far));
        else
            spans_.told(stall(1, 5 * s, 8 * s));
        spans_.told(stall(2, far, far + s));
        EXPECT_EQ(take(), is_set_aside ? "1: CPU 0 5..7 of 1; " : "1: CPU 0 5..8 of 1; ");
        spans_.rest();
        take();
    }
}

TEST_F(incidents_told, holds_so_many_of_a_cpu) {
    for (std::uint64_t i = 1; i <= incident_spans::most; i++) spans_.told(stall(i, s, s, model::stall_state::open));
    EXPECT_EQ(take(), "");
    spans_.told(stall(incident_spans::most + 1, s, s));
    EXPECT_EQ(take(), "1: CPU 0 1..1 of 1; ");
}

} // namespace irqscope::exporting

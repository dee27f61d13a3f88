// SPDX-License-Identifier: BSD-2-Clause
#include "stream/stalls.hpp"

#include "stream/stall_flow.hpp"

#include <array>
#include <cstring>
#include <gtest/gtest.h>

namespace irqscope::stream {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t start_ns = 1'000 * ms;
constexpr std::uint16_t net_rx_latency = WIRE_HIST_SOFTIRQ_LATENCY + 3;
constexpr std::uint16_t net_rx_run = WIRE_HIST_SOFTIRQ_RUN + 3 * WIRE_CONTEXTS + WIRE_CONTEXT_KSOFTIRQD;

symbols::fixed_symbols some_symbols() {
    return symbols::fixed_symbols(symbols::symbol_table("ffffffff81000000 T held\n"
                                                        "ffffffff81000100 T caller\n"
                                                        "ffffffff81000200 T asm_sysvec_apic_timer_interrupt\n"
                                                        "ffffffff81000300 T the_end\n"));
}

model::stall stall_of(const wire_stall& wire, const catalog& names = {}) {
    auto symbols = some_symbols();
    return make_stall(wire, names, symbols);
}

wire_stall made(std::uint8_t what, std::uint8_t state = WIRE_STALL_ENDED) {
    wire_stall one{};
    one.kind = WIRE_RECORD_STALL;
    one.what = what;
    one.state = state;
    one.cpu = 1;
    one.start_ns = start_ns;
    one.duration_ns = 5 * ms;
    constexpr std::array<std::uint16_t, WIRE_STALL_KINDS> histograms{WIRE_HIST_IRQ_OFF, WIRE_HIST_SOFTIRQ_OFF,
                                                                     net_rx_latency, net_rx_run, WIRE_HIST_HARDIRQ_RUN};
    one.histogram = histograms.at(what);
    one.culprit = WIRE_NO_CULPRIT;
    one.pid = 77;
    std::memcpy(static_cast<char*>(one.comm), "iperf3", 7);
    one.beats_known = 1;
    one.steal_known = 1;
    return one;
}

catalog names_with_nic() {
    catalog names;
    wire_irq_slot slot{};
    slot.irq = 24;
    slot.claimed = 1;
    std::memcpy(static_cast<char*>(slot.name), "nic", 4);
    names.set_slots(1, {slot});
    return names;
}

wire_settled settled(std::uint64_t until_ns, std::uint64_t steal_ns = 0) {
    wire_settled one{};
    one.kind = WIRE_RECORD_SETTLED;
    one.cpu = 1;
    one.until_ns = until_ns;
    one.steal_known = 1;
    one.steal_ns = steal_ns;
    return one;
}

std::map<model::stall_kind, std::uint64_t> thresholds() {
    std::map<model::stall_kind, std::uint64_t> all;
    for (const auto which : model::all_stall_kinds) all[which] = ms;
    return all;
}

} // namespace

TEST(stalls, numbers_become_names) {
    wire_stall wire = made(WIRE_STALL_SOFTIRQ_RUN);
    auto one = stall_of(wire, names_with_nic());
    EXPECT_EQ(one.kind, model::stall_kind::softirq_run);
    EXPECT_EQ(one.state, model::stall_state::ended);
    EXPECT_EQ(one.cpu, 1);
    EXPECT_EQ(one.of->key, "NET_RX");
    EXPECT_EQ(one.of->context, "ksoftirqd");
    EXPECT_EQ(one.start_ns, start_ns);
    EXPECT_EQ(one.end_ns, start_ns + 5 * ms);
    EXPECT_EQ(one.at_least_ns, 5 * ms);
    EXPECT_FALSE(one.less_than_ns) << "a run is exact";
    EXPECT_EQ(one.current.pid, 77);
    EXPECT_EQ(one.current.comm, "iperf3");

    one = stall_of(made(WIRE_STALL_HARDIRQ_RUN), names_with_nic());
    EXPECT_EQ(one.of->key, "nic");
    EXPECT_EQ(one.of->irq, 24U);
    one = stall_of(made(WIRE_STALL_HARDIRQ_RUN));
    EXPECT_EQ(one.of->key, "?") << "its slot was claimed after the names were read";
}

TEST(stalls, off_times_are_of_nothing_and_have_an_interval) {
    wire_stall wire = made(WIRE_STALL_IRQ_OFF);
    wire.less_than_ns = 6 * ms;
    const auto one = stall_of(wire);
    EXPECT_FALSE(one.of);
    EXPECT_FALSE(one.culprit);
    EXPECT_EQ(one.less_than_ns, 6 * ms);
    wire.less_than_ns = 4 * ms;
    EXPECT_FALSE(stall_of(wire).less_than_ns) << "no interval, but nonsense";
}

TEST(stalls, culprit_is_named_with_its_part_and_its_timer) {
    wire_stall wire = made(WIRE_STALL_IRQ_OFF);
    wire.culprit = WIRE_HIST_SYSVEC_RUN; // the first sysvec: local_timer
    wire.culprit_ns = 4 * ms;
    wire.timer_function = 0xffffffff81000000;
    wire.stack = WIRE_STACK_INTERRUPTED;
    wire.depth = 1;
    const auto one = stall_of(wire);
    ASSERT_TRUE(one.culprit);
    EXPECT_EQ(one.culprit->key, "local_timer");
    EXPECT_EQ(one.culprit_ns, 4 * ms);
    EXPECT_EQ(one.timer_function, "held") << "a function, and no place in it";
    EXPECT_EQ(one.stack_is, model::stack_kind::interrupted);
}

TEST(stalls, stack_of_a_beat_is_the_interrupted_context_s) {
    wire_stall wire = made(WIRE_STALL_IRQ_OFF);
    wire.depth = 3;
    wire.frames[0] = 0xffffffff81000210; // the interrupt's entry
    wire.frames[1] = 0xffffffff81000010;
    wire.frames[2] = 0xffffffff81000110;
    wire.frames[3] = 0xffffffff81000110; // from a stall before: beyond depth
    const auto one = stall_of(wire);
    ASSERT_EQ(one.stack.size(), 2U);
    EXPECT_EQ(one.stack[0], "held+0x10");
    EXPECT_EQ(one.stack[1], "caller+0x10");
    EXPECT_EQ(one.stack_is, model::stack_kind::post_hoc);
    wire.depth = 0;
    EXPECT_EQ(stall_of(wire).stack_is, model::stack_kind::none);
}

TEST(stalls, better_names_are_asked_for_by_when_the_stack_was_taken) {
    class noting final : public symbols::source {
    public:
        [[nodiscard]] const symbols::symbol_table& table() const override { return table_; }
        const symbols::symbol_table& table_for(std::span<const std::uint64_t> addresses, std::uint64_t ns) override {
            for (const std::uint64_t address : addresses) asked_.emplace_back(address, ns);
            return table_;
        }
        [[nodiscard]] const std::vector<std::pair<std::uint64_t, std::uint64_t>>& asked() const { return asked_; }

    private:
        symbols::symbol_table table_;
        std::vector<std::pair<std::uint64_t, std::uint64_t>> asked_;
    };
    wire_stall wire = made(WIRE_STALL_IRQ_OFF);
    wire.timer_function = 0xffffffffc0000000;
    wire.depth = 1;
    wire.frames[0] = 0xffffffffc0000110;
    noting symbols;
    make_stall(wire, catalog(), symbols);
    const std::uint64_t end_ns = start_ns + 5 * ms;
    EXPECT_EQ(symbols.asked(), (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0xffffffffc0000000, end_ns},
                                                                                     {0xffffffffc0000110, end_ns}}));
}

TEST(stalls, name_without_its_end_is_read_to_its_size) {
    wire_stall wire = made(WIRE_STALL_IRQ_OFF);
    std::memset(static_cast<char*>(wire.comm), 'x', sizeof(wire.comm));
    EXPECT_EQ(stall_of(wire).current.comm, std::string(16, 'x'));
}

TEST(stall_flow, tells_what_is_settled_with_its_incident) {
    auto symbols = some_symbols();
    stall_flow flow(thresholds(), symbols);
    flow.add(made(WIRE_STALL_IRQ_OFF), catalog());
    EXPECT_TRUE(flow.take(start_ns + 6 * ms).empty()) << "it may be the hypervisor's";
    flow.add(settled(start_ns + 6 * ms), catalog());
    const auto told = flow.take(start_ns + 20 * ms);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].incident, 1U);
    EXPECT_EQ(told[0].steal_ns, 0U);
}

TEST(stall_flow, counts_what_the_hypervisor_took) {
    auto symbols = some_symbols();
    stall_flow flow(thresholds(), symbols);
    flow.add(made(WIRE_STALL_IRQ_OFF), catalog());
    flow.add(settled(start_ns + 6 * ms, 5 * ms), catalog());
    EXPECT_TRUE(flow.take_rest(start_ns + 20 * ms).empty());
    model::stalls_report report;
    flow.report(report);
    EXPECT_EQ(report.asides.at(model::aside::steal).count, 1U);
    EXPECT_EQ(report.asides.at(model::aside::steal).max_ns, 5 * ms);
    EXPECT_TRUE(report.cpus.empty());
}

TEST(stall_flow, lateness_over_user_code_is_nobodys_hold) {
    auto symbols = some_symbols();
    stall_flow flow(thresholds(), symbols);
    wire_stall over_user = made(WIRE_STALL_IRQ_OFF);
    over_user.depth = 1;
    over_user.frames[0] = 0xffffffff81000210; // the interrupt's entry, and nothing of the kernel's below it
    flow.add(over_user, catalog());
    wire_stall in_kernel = over_user;
    in_kernel.start_ns += 100 * ms;
    in_kernel.depth = 2;
    in_kernel.frames[1] = 0xffffffff81000010;
    flow.add(in_kernel, catalog());
    const auto told = flow.take_rest(start_ns + 200 * ms);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].start_ns, in_kernel.start_ns);
    model::stalls_report report;
    flow.report(report);
    EXPECT_EQ(report.asides.at(model::aside::away).count, 1U);
}

TEST(stall_flow, open_one_is_told_at_once_and_is_over_when_its_end_comes) {
    auto symbols = some_symbols();
    stall_flow flow(thresholds(), symbols);
    wire_stall open = made(WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_OPEN);
    open.duration_ns = 2 * ms;
    flow.add(open, catalog());
    ASSERT_EQ(flow.take(start_ns + 2 * ms).size(), 1U);
    EXPECT_EQ(flow.stalled_cpus(), std::vector<int>{1});
    flow.add(made(WIRE_STALL_SOFTIRQ_LATENCY), catalog());
    EXPECT_TRUE(flow.stalled_cpus().empty()) << "over, though not settled yet";
    flow.add(settled(start_ns + 6 * ms), catalog());
    const auto told = flow.take(start_ns + 20 * ms);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].incident, 1U);
    model::stalls_report report;
    flow.report(report);
    EXPECT_EQ(report.cpus.at(1).incidents, 1U);
    EXPECT_TRUE(report.open.empty());
}

TEST(stall_flow, open_one_whose_end_went_unseen_is_over_and_set_aside) {
    auto symbols = some_symbols();
    stall_flow flow(thresholds(), symbols);
    flow.add(made(WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_OPEN), catalog());
    flow.add(made(WIRE_STALL_SOFTIRQ_LATENCY, WIRE_STALL_GONE), catalog());
    EXPECT_EQ(flow.take_rest(start_ns + 20 * ms).size(), 1U) << "what was open";
    model::stalls_report report;
    flow.report(report);
    EXPECT_TRUE(report.open.empty());
    EXPECT_EQ(report.asides.at(model::aside::unwatched).count, 1U);
}

TEST(stall_flow, stuck_cpu_is_told_once_a_stall) {
    auto symbols = some_symbols();
    stall_flow flow(thresholds(), symbols);
    model::stall stuck;
    stuck.state = model::stall_state::open;
    stuck.cpu = 1;
    stuck.start_ns = start_ns;
    stuck.end_ns = start_ns + 600 * ms;
    stuck.at_least_ns = 600 * ms;
    flow.add_stuck(stuck);
    flow.add_stuck(stuck);
    EXPECT_EQ(flow.take(start_ns + 600 * ms).size(), 1U);
    stuck.start_ns += 700 * ms;
    stuck.end_ns += 1'300 * ms;
    flow.add_stuck(stuck);
    EXPECT_EQ(flow.take(start_ns + 2'000 * ms).size(), 1U) << "the next one";
}

} // namespace irqscope::stream

// SPDX-License-Identifier: BSD-2-Clause
#include "stream/activations.hpp"

#include "stream/stall_flow.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <gtest/gtest.h>

namespace irqscope::stream {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t woken_ns = 1'000 * ms;
constexpr std::uint32_t local_timer = WIRE_SYSVEC_LOCAL_TIMER; // of wire_sums.interrupts
constexpr std::uint32_t first_slot = WIRE_HIST_HARDIRQ_RUN - WIRE_HIST_SYSVEC_RUN;
constexpr std::uint64_t held = 0xffffffff81000000;
constexpr std::uint64_t caller = 0xffffffff81000100;

class collector final : public span_sink {
public:
    void on_interrupt(const wire_span& /*span*/) override { others++; }
    void on_softirq(const wire_softirq_span& /*span*/) override { others++; }
    void on_stall(const wire_stall& /*stall*/) override { others++; }
    void on_activation(const wire_activation_record& one) override { activations.push_back(one); }
    void on_unsound_breakdown() override { unsound++; }
    std::vector<wire_activation_record> activations;
    unsigned others = 0;
    unsigned unsound = 0;
};

template <std::size_t n>
void set_text(char (&to)[n], const char* text) { // NOLINT(*-c-arrays)
    std::memcpy(static_cast<char*>(to), text, std::min(n, std::strlen(text)));
}

// 10 ms, of which a task had 6 and ksoftirqd 4.
wire_activation_record made(std::uint8_t state = WIRE_STALL_ENDED) {
    wire_activation_record one{};
    one.stall.kind = WIRE_RECORD_ACTIVATION;
    one.stall.what = WIRE_STALL_KSOFTIRQD;
    one.stall.state = state;
    one.stall.cpu = 1;
    one.stall.start_ns = woken_ns;
    one.stall.duration_ns = 10 * ms;
    one.stall.histogram = WIRE_HIST_KSOFTIRQD_RUN;
    one.stall.culprit = WIRE_NO_CULPRIT;
    one.stall.stack = WIRE_STACK_ONGOING;
    one.stall.breakdown_start_ns = woken_ns;
    one.stall.breakdown_end_ns = woken_ns + 10 * ms;
    one.stall.breakdown_ns[WIRE_CLASS_TASK] = 6 * ms;
    one.stall.breakdown_ns[WIRE_CLASS_KSOFTIRQD] = 4 * ms;
    one.stall.beats_known = 1;
    one.stall.steal_known = 1;
    one.raised_ns = woken_ns - 1000;
    one.raised_vector = 3;
    one.first_run_ns = woken_ns + 6 * ms;
    one.run_ns = 4 * ms;
    one.preemptions = 2;
    return one;
}

catalog names_with_nic() {
    catalog names;
    wire_irq_slot slot{};
    slot.irq = 24;
    slot.claimed = 1;
    set_text(slot.name, "nic");
    names.set_slots(1, {slot});
    return names;
}

symbols::fixed_symbols some_symbols() {
    return symbols::fixed_symbols(symbols::symbol_table("ffffffff81000000 T held\n"
                                                        "ffffffff81000100 T caller\n"
                                                        "ffffffff81000200 T the_end\n"));
}

model::activation activation_of(const wire_activation_record& wire, const catalog& names = names_with_nic()) {
    auto symbols = some_symbols();
    const model::stall one = make_stall(wire, names, symbols);
    EXPECT_TRUE(one.activation);
    return one.activation.value_or(model::activation{});
}

bool is_understood(const wire_activation_record& record, std::size_t size = sizeof(wire_activation_record)) {
    // on the heap at its exact size, so that the sanitizer sees who reads beyond it
    const auto* bytes = reinterpret_cast<const char*>(&record);
    const std::vector<char> exact(bytes, bytes + size);
    collector sink;
    const bool done = decode(exact.data(), exact.size(), sink);
    EXPECT_EQ(sink.activations.size(), done ? 1U : 0U);
    EXPECT_EQ(sink.others, 0U);
    return done;
}

template <typename Change>
bool is_understood_with(Change change) {
    wire_activation_record bad = made();
    change(bad);
    return is_understood(bad);
}

} // namespace

TEST(activations, record_reaches_the_sink_whole) {
    wire_activation_record one = made();
    one.evidence.other_timers_ns = 77; // the last word
    collector sink;
    ASSERT_TRUE(decode(&one, sizeof(one), sink));
    EXPECT_EQ(std::memcmp(sink.activations.data(), &one, sizeof(one)), 0);
}

TEST(activations, short_record_is_refused) {
    EXPECT_TRUE(is_understood(made()));
    for (const std::size_t size : {sizeof(wire_activation_record) - 1, sizeof(wire_stall), sizeof(wire_stall) - 1,
                                   sizeof(wire_span), std::size_t{2}, std::size_t{1}, std::size_t{0}})
        EXPECT_FALSE(is_understood(made(), size)) << size;
}

TEST(activations, record_with_a_number_that_there_cannot_be_is_refused) {
    using record = wire_activation_record;
    EXPECT_FALSE(is_understood_with([](record& one) { one.raised_vector = WIRE_VECTORS; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.raised_vector = ~0U; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.what = WIRE_STALL_SOFTIRQ_RUN; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.what = WIRE_STALL_KINDS; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.state = WIRE_STALL_GONE + 1; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.cpu = table::max_cpus; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.histogram = WIRE_HISTS; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.depth = WIRE_STALL_FRAMES + 1; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.stack = WIRE_STACK_INTERRUPTED + 1; }));
    EXPECT_FALSE(is_understood_with([](record& one) { one.stall.culprit = WIRE_HISTS; }));
}

TEST(activations, histogram_is_that_of_a_thread_s_run) {
    EXPECT_TRUE(is_understood_with([](wire_activation_record& one) { one.stall.histogram = WIRE_HISTS - 1; }));
    for (const int histogram :
         {int{WIRE_HIST_IRQ_OFF}, int{WIRE_HIST_SOFTIRQ_RUN}, int{WIRE_HIST_HARDIRQ_RUN}, WIRE_HIST_KSOFTIRQD_RUN - 1})
        EXPECT_FALSE(is_understood_with([histogram](wire_activation_record& one) {
            one.stall.histogram = static_cast<__u16>(histogram);
        })) << histogram;
}

TEST(activations, breakdown_that_does_not_add_up_is_left_out_and_counted) {
    using record = wire_activation_record;
    const auto is_left_out = [](auto change) {
        record one = made();
        change(one);
        collector sink;
        EXPECT_TRUE(decode(&one, sizeof(one), sink));
        EXPECT_EQ(sink.activations.size(), 1U);
        const bool left_out = sink.activations.front().stall.breakdown_start_ns == 0;
        EXPECT_EQ(sink.unsound, left_out && one.stall.breakdown_start_ns != 0 ? 1U : 0U);
        return left_out;
    };
    EXPECT_FALSE(is_left_out([](record&) {}));
    EXPECT_TRUE(is_left_out([](record& one) {
        one.stall.breakdown_start_ns = one.stall.breakdown_end_ns + 1;
        std::fill(std::begin(one.stall.breakdown_ns), std::end(one.stall.breakdown_ns), 0);
    }));
    EXPECT_TRUE(is_left_out([](record& one) { one.stall.breakdown_ns[WIRE_CLASS_TASK]++; }));
    EXPECT_TRUE(is_left_out([](record& one) { one.stall.breakdown_ns[WIRE_CLASS_TASK]--; }));
    EXPECT_TRUE(is_left_out([](record& one) { one.stall.breakdown_ns[WIRE_CLASS_IDLE] = ~0ULL; }));
    EXPECT_TRUE(is_left_out([](record& one) { one.stall.breakdown_start_ns = 0; })) << "not known";
}

TEST(activations, stall_s_record_of_that_kind_is_no_activation) {
    wire_activation_record one = made();
    one.stall.kind = WIRE_RECORD_STALL;
    collector sink;
    decode(&one, sizeof(one), sink);
    EXPECT_TRUE(sink.activations.empty());
}

TEST(activations, numbers_become_names) {
    auto symbols = some_symbols();
    const model::stall one = make_stall(made(), names_with_nic(), symbols);
    EXPECT_EQ(one.kind, model::stall_kind::ksoftirqd);
    EXPECT_EQ(one.of->what, model::metric::ksoftirqd_run);
    EXPECT_EQ(one.of->key, "ksoftirqd");
    EXPECT_EQ(one.at_least_ns, 10 * ms);
    EXPECT_FALSE(one.less_than_ns);
    EXPECT_EQ(one.stack_is, model::stack_kind::none);
    EXPECT_EQ(one.where->at(model::part::task), 6 * ms);
    ASSERT_TRUE(one.activation);
    EXPECT_EQ(one.activation->thread, "ksoftirqd");
    EXPECT_EQ(one.activation->raised_vector, "NET_RX");
    EXPECT_EQ(one.activation->raised_ns, woken_ns - 1000);
    EXPECT_EQ(one.activation->woken_ns, woken_ns);
    EXPECT_EQ(one.activation->first_run_ns, woken_ns + 6 * ms);
    EXPECT_EQ(one.activation->run_ns, 4 * ms);
    EXPECT_EQ(one.activation->preemptions, 2U);
}

TEST(activations, ktimers_has_its_own_name) {
    wire_activation_record wire = made();
    wire.stall.histogram = WIRE_HIST_KSOFTIRQD_RUN + 1;
    EXPECT_EQ(activation_of(wire).thread, "ktimers");
}

TEST(activations, what_is_not_known_is_nothing) {
    wire_activation_record wire = made();
    wire.raised_ns = 0;
    wire.first_run_ns = 0;
    const model::activation one = activation_of(wire);
    EXPECT_FALSE(one.raised_vector);
    EXPECT_FALSE(one.first_run_ns);
    EXPECT_FALSE(one.softnet);
    EXPECT_TRUE(one.interrupts.empty());
    EXPECT_TRUE(one.vectors.empty());
    EXPECT_TRUE(one.tasks.empty());
    EXPECT_TRUE(one.devices.empty());
    EXPECT_TRUE(one.timers.empty());
}

TEST(activations, interrupts_are_those_that_came_the_largest_first) {
    wire_activation_record wire = made();
    wire.sums.interrupts[local_timer] = {100, 2};
    wire.sums.interrupts[first_slot] = {900, 3};
    wire.sums.interrupts[first_slot + 5] = {500, 1};         // a slot that was claimed just now
    wire.sums.interrupts[WIRE_INTERRUPT_SUMS - 1] = {50, 1}; // `other`
    wire.sums.interrupts[WIRE_SYSVEC_RESCHEDULE] = {0, 7};   // so short that the clock stood still
    wire.sums.interrupts[WIRE_SYSVECS] = {1, 1};             // there is no such sysvec
    const model::activation one = activation_of(wire);
    ASSERT_EQ(one.interrupts.size(), 6U);
    EXPECT_EQ(one.interrupts[0].id, (model::series_id{model::metric::hardirq_run, "nic", 24, {}}));
    EXPECT_EQ(one.interrupts[0].ns, 900U);
    EXPECT_EQ(one.interrupts[0].count, 3U);
    EXPECT_EQ(one.interrupts[1].id.key, "?");
    EXPECT_EQ(one.interrupts[2].id, (model::series_id{model::metric::sysvec_run, "local_timer", {}, {}}));
    EXPECT_EQ(one.interrupts[3].id.key, "other");
    EXPECT_EQ(one.interrupts[4].id.key, "?");
    EXPECT_EQ(one.interrupts[5].id.key, "reschedule");
}

TEST(activations, vectors_are_the_largest_first_and_equal_ones_in_the_kernel_s_order) {
    wire_activation_record wire = made();
    wire.sums.softirqs[1] = {50, 4};
    wire.sums.softirqs[3] = {500, 5};
    wire.sums.softirqs[9] = {50, 1};
    const model::activation one = activation_of(wire);
    ASSERT_EQ(one.vectors.size(), 3U);
    EXPECT_EQ(one.vectors[0].vector, "NET_RX");
    EXPECT_EQ(one.vectors[0].ns, 500U);
    EXPECT_EQ(one.vectors[0].count, 5U);
    EXPECT_EQ(one.vectors[1].vector, "TIMER");
    EXPECT_EQ(one.vectors[2].vector, "RCU");
}

TEST(activations, tasks_are_the_largest_first) {
    wire_activation_record wire = made();
    wire.evidence.tasks[0] = {1 * ms, 1, 700, 120, 0, "make"};
    wire.evidence.tasks[1] = {5 * ms, 3, 800, 49, 1, "fio"};
    wire.evidence.tasks[7] = {2 * ms, 2, 900, -1, 6, "dl"};
    wire.evidence.other_tasks_ns = 9;
    const model::activation one = activation_of(wire);
    ASSERT_EQ(one.tasks.size(), 3U);
    EXPECT_EQ(one.tasks[0].pid, 800);
    EXPECT_EQ(one.tasks[0].comm, "fio");
    EXPECT_EQ(one.tasks[0].how.prio, 49);
    EXPECT_EQ(one.tasks[0].how.policy, 1U);
    EXPECT_EQ(one.tasks[0].ns, 5 * ms);
    EXPECT_EQ(one.tasks[0].times, 3U);
    EXPECT_EQ(one.tasks[1].pid, 900);
    EXPECT_EQ(one.tasks[2].comm, "make");
    EXPECT_EQ(one.other_tasks_ns, 9U);
}

TEST(activations, devices_are_the_largest_first) {
    wire_activation_record wire = made();
    wire.evidence.devices[0] = {0x1000, 10, 1, 5, "eth0", 0, 0};
    wire.evidence.devices[1] = {0x2000, 99, 2, 128, "lo", 1, 0};
    wire.evidence.devices[2] = {1, 1, 1, 1, "", 1, 0};
    wire.evidence.other_devices_ns = 8;
    const model::activation one = activation_of(wire);
    ASSERT_EQ(one.devices.size(), 3U);
    EXPECT_EQ(one.devices[0].name, "lo");
    EXPECT_TRUE(one.devices[0].backlog);
    EXPECT_EQ(one.devices[0].count, 2U);
    EXPECT_EQ(one.devices[0].items, 128U);
    EXPECT_EQ(one.devices[1].name, "eth0");
    EXPECT_FALSE(one.devices[1].backlog);
    EXPECT_EQ(one.devices[2].name, "");
    EXPECT_EQ(one.other_devices_ns, 8U);
}

TEST(activations, timers_are_functions_by_name) {
    wire_activation_record wire = made();
    wire.evidence.timers[0] = {held, 10, 1, 0, "", 0, 0};
    wire.evidence.timers[1] = {caller, 20, 2, 0, "", 0, 0};
    wire.evidence.timers[2] = {caller + 4, 5, 1, 0, "", 0, 0}; // no function begins there
    wire.evidence.timers[3] = {0x10, 1, 1, 0, "", 0, 0};       // nor is anything known here
    wire.evidence.other_timers_ns = 7;
    const model::activation one = activation_of(wire);
    ASSERT_EQ(one.timers.size(), 4U);
    EXPECT_EQ(one.timers[0].name, "caller");
    EXPECT_EQ(one.timers[0].ns, 20U);
    EXPECT_EQ(one.timers[0].count, 2U);
    EXPECT_EQ(one.timers[1].name, "held");
    EXPECT_EQ(one.timers[2].name, "caller+0x4");
    EXPECT_FALSE(one.timers[3].name.empty());
    EXPECT_EQ(one.other_timers_ns, 7U);
}

TEST(activations, names_that_do_not_end_are_cut_at_their_room) {
    wire_activation_record wire = made();
    wire.evidence.tasks[0].pid = 1;
    std::fill(std::begin(wire.evidence.tasks[0].comm), std::end(wire.evidence.tasks[0].comm), 'c');
    wire.evidence.devices[0].address = 1;
    std::fill(std::begin(wire.evidence.devices[0].name), std::end(wire.evidence.devices[0].name), 'd');
    std::fill(std::begin(wire.stall.comm), std::end(wire.stall.comm), 'e');
    ASSERT_TRUE(is_understood(wire));
    auto symbols = some_symbols();
    const model::stall one = make_stall(wire, names_with_nic(), symbols);
    EXPECT_EQ(one.activation->tasks.at(0).comm, std::string(16, 'c'));
    EXPECT_EQ(one.activation->devices.at(0).name, std::string(16, 'd'));
    EXPECT_EQ(one.current.comm, std::string(16, 'e'));
}

TEST(activations, counters_of_the_network_come_when_they_are_known) {
    wire_activation_record wire = made();
    wire.softnet = {0, 9, 9, 9};
    EXPECT_FALSE(activation_of(wire).softnet);
    wire.softnet = {1, 640, 3, 2};
    const auto softnet = activation_of(wire).softnet;
    ASSERT_TRUE(softnet);
    EXPECT_EQ(softnet->processed, 640U);
    EXPECT_EQ(softnet->time_squeeze, 3U);
    EXPECT_EQ(softnet->dropped, 2U);
}

// From the ring to what is told.

class activation_flow : public testing::Test {
protected:
    static stall_record record(std::uint8_t state, std::uint64_t duration_ns = 10 * ms) {
        wire_activation_record one = made(state);
        one.stall.duration_ns = duration_ns;
        return std::make_shared<const wire_activation_record>(one);
    }

    symbols::fixed_symbols symbols_ = some_symbols();
    catalog names_ = names_with_nic();
    stall_flow flow_{{{model::stall_kind::ksoftirqd, 10 * ms}}, symbols_};
};

TEST_F(activation_flow, intake_keeps_them_among_the_stalls_in_the_ring_s_order) {
    record_intake intake(true, true);
    wire_stall stall{};
    stall.kind = WIRE_RECORD_STALL;
    stall.histogram = WIRE_HIST_IRQ_OFF;
    stall.culprit = WIRE_NO_CULPRIT;
    const wire_activation_record one = made();
    ASSERT_TRUE(decode(&stall, sizeof(stall), intake));
    ASSERT_TRUE(decode(&one, sizeof(one), intake));
    ASSERT_TRUE(decode(&stall, sizeof(stall), intake));
    const auto records = intake.take_stalls();
    ASSERT_EQ(records.size(), 3U);
    const auto* kept = std::get_if<std::shared_ptr<const wire_activation_record>>(&records[1]);
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ((*kept)->stall.start_ns, woken_ns);
    EXPECT_TRUE(intake.take_stalls().empty());
}

TEST_F(activation_flow, ended_one_is_told_with_its_incident) {
    flow_.add(record(WIRE_STALL_ENDED), names_);
    const auto told = flow_.take_rest(woken_ns + 100 * ms);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].incident, 1U);
    EXPECT_TRUE(told[0].activation);
    EXPECT_TRUE(flow_.stalled_cpus().empty());
}

TEST_F(activation_flow, open_one_and_its_end_are_one_incident) {
    flow_.add(record(WIRE_STALL_OPEN), names_);
    auto told = flow_.take_rest(woken_ns + 11 * ms);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].state, model::stall_state::open);
    EXPECT_EQ(flow_.stalled_cpus(), std::vector<int>{1});
    flow_.add(record(WIRE_STALL_ENDED, 12 * ms), names_);
    told = flow_.take_rest(woken_ns + 100 * ms);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].incident, 1U);
    EXPECT_TRUE(flow_.stalled_cpus().empty());
}

TEST_F(activation_flow, one_whose_sleep_went_unseen_is_open_no_more_and_not_told_again) {
    flow_.add(record(WIRE_STALL_OPEN), names_);
    EXPECT_EQ(flow_.take_rest(woken_ns + 11 * ms).size(), 1U);
    flow_.add(record(WIRE_STALL_GONE, 30 * ms), names_);
    EXPECT_TRUE(flow_.take_rest(woken_ns + 100 * ms).empty());
    EXPECT_TRUE(flow_.stalled_cpus().empty());
    model::stalls_report report;
    flow_.report(report);
    EXPECT_TRUE(report.open.empty());
    EXPECT_EQ(report.asides.at(model::aside::unwatched).count, 1U);
}

} // namespace irqscope::stream

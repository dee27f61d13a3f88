// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perfetto.hpp"

#include "exporting/drawn_trace.hpp"
#include "recording/in_a_directory.hpp"
#include "recording/recorder.hpp"
#include "sink/made_stalls.hpp"
#include "sink/recorded.hpp"

#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sstream>

namespace irqscope::exporting {

namespace {

constexpr std::uint16_t net_rx_run = WIRE_HIST_SOFTIRQ_RUN + 3 * WIRE_CONTEXTS + WIRE_CONTEXT_BH_ENABLE;
constexpr std::uint64_t none = WIRE_NO_LATENCY;
constexpr std::uint64_t s = 1'000'000'000;
constexpr std::uint64_t ahead = 5 * s; // of the boot time

class exported : public recording::in_a_directory {
protected:
    using fill = std::function<void(recording::recorder&, sink::recorded&)>;

    static recording::header made_header() {
        recording::header about;
        about.spans = true;
        about.host = "build7";
        about.cpus = {0, 1};
        about.monotonic_ns = 100 * s;
        about.boottime_ns = 100 * s + ahead;
        about.realtime_ns = 1'746'680'711'123'456'000;
        return about;
    }

    void record(const fill& with, const recording::header& about = made_header()) const {
        stream::catalog names;
        names.set_slots(1, {wire_irq_slot{36, 1, "disk \x1b[2J\xff 0"}});
        recording::recorder out(one_file(text_of(about)), [&] { return names; });
        out.start([] {});
        sink::recorded to(out);
        to.begin(sink::made_heading());
        with(out, to);
        ASSERT_TRUE(out.finish());
    }
    [[nodiscard]] std::string bytes_of(const recording::selection& wanted = {}) const {
        const std::string path = directory_ + "/a.trace";
        auto from = std::move(*recording::replay::open(path_));
        auto to = std::move(*output::open(path));
        perfetto out(from, wanted, to);
        from.run(wanted, out, out);
        EXPECT_TRUE(out.finish());
        EXPECT_TRUE(to.keep());
        std::stringstream made;
        made << std::ifstream(path).rdbuf();
        return made.str();
    }
    [[nodiscard]] drawn_trace trace(const recording::selection& wanted = {}) const {
        return drawn_trace(bytes_of(wanted));
    }

    static void add(sink::recorded& to, model::snapshot one) { to.interval(one, {}); }
    static model::snapshot interval(std::uint64_t start_ns, std::uint64_t ns) {
        model::snapshot made = sink::made_snapshot();
        made.all.clear();
        made.lost = {};
        made.start_ns = start_ns;
        made.duration_ns = ns;
        return made;
    }
    static model::stall stall(model::stall_kind kind, std::uint64_t start_ns, std::uint64_t ns,
                              model::stall_state state = model::stall_state::ended) {
        model::stall made;
        made.kind = kind;
        made.state = state;
        made.cpu = 1;
        made.start_ns = start_ns;
        made.end_ns = start_ns + ns;
        made.at_least_ns = ns;
        made.current = {800, "make"};
        made.incident = 1;
        return made;
    }
};

} // namespace

TEST_F(exported, an_empty_recording_is_its_clocks) {
    record([](auto&, auto&) {});
    const auto found = trace();
    EXPECT_THAT(found.clocks, testing::ElementsAre(testing::Pair(fields::realtime, 1'746'680'711'123'456'000U),
                                                   testing::Pair(fields::monotonic, 100 * s),
                                                   testing::Pair(fields::boottime, 105 * s)));
    EXPECT_EQ(found.tracks, 0U);
    EXPECT_TRUE(found.slices.empty());
}

TEST_F(exported, interrupts_and_softirqs_are_ftrace_events_and_nest) {
    record([](recording::recorder& out, auto&) {
        out.on_interrupt({0, WIRE_HIST_HARDIRQ_RUN, 1, 200, 50, 0});
        out.on_interrupt({0, WIRE_HIST_SYSVEC_RUN, 1, 260, 10, 0});
        out.on_softirq({{0, net_rx_run, 1, 100, 300, 50}, 40, 60});
        out.on_interrupt({0, WIRE_HIST_HARDIRQ_OTHER, 1, 400, 5, 0});
        out.on_softirq({{0, net_rx_run, 0, 90, 10, 0}, none, none});
    });
    const auto found = trace();
    EXPECT_EQ(found.text("ftrace 1"),
              ">5000000200..5000000250 irq 36 disk ?[2J??? 0, 5000000100..5000000400 softirq 3, "
              "5000000400..5000000405 irq other");
    EXPECT_EQ(found.text("ftrace 0"), "5000000090..5000000100 softirq 3");
    EXPECT_EQ(found.text("sysvecs/CPU 1"),
              "5000000260..5000000270 " +
                  std::string(stream::sysvec_name(WIRE_HIST_SYSVEC_RUN - WIRE_HIST_SYSVEC_RUN)));
    EXPECT_EQ(found.text("softirq-off/CPU 1"), "5000000040..5000000100 softirq-off");
    EXPECT_EQ(found.slices.size(), 4U);
}

TEST_F(exported, sysvecs_have_their_own_names) {
    record([](recording::recorder& out, auto&) {
        for (const unsigned which : {1U, 0U, 2U})
            out.on_interrupt({0, static_cast<std::uint16_t>(WIRE_HIST_SYSVEC_RUN + which), 1, 100U * which, 9, 0});
    });
    const auto name = [](std::uint32_t which) { return std::string(stream::sysvec_name(which)); };
    EXPECT_EQ(trace().text("sysvecs/CPU 1"), "5000000000..5000000009 " + name(0) + ", 5000000100..5000000109 " +
                                                 name(1) + ", 5000000200..5000000209 " + name(2));
}

TEST_F(exported, waits_are_slices_but_for_those_of_idle_and_of_threads) {
    record([](recording::recorder& out, auto&) {
        out.on_wait({0, WIRE_HIST_IRQ_OFF, 0, 1'000, 7, 0});
        out.on_wait({0, WIRE_HIST_SOFTIRQ_OFF, 0, 1'100, 7, 0});
        out.on_wait({0, WIRE_HIST_IDLE_EXIT, 0, 2'000, 7, 0});
        out.on_wait({0, WIRE_HIST_KSOFTIRQD_RUN, 0, 3'000, 7, 0});
    });
    const auto found = trace();
    EXPECT_EQ(found.text("irq-off/CPU 0"), "5000001000..5000001007 irq-off");
    EXPECT_EQ(found.text("softirq-off/CPU 0"), "5000001100..5000001107 softirq-off");
    EXPECT_EQ(found.slices.size(), 2U);
}

// Each CPU's runs nest truly: the same slices come out, whatever the bounds.
TEST_F(exported, as_many_as_there_are) {
    std::uint64_t last_ns = 0;
    record([&](recording::recorder& out, auto&) {
        std::mt19937_64 random(3);
        std::uint64_t now = 1'000;
        for (int i = 0; i < 100'000; i++) { // more than is held back
            const std::uint64_t start = now += 1 + random() % 10;
            for (std::uint64_t inner = random() % 3; inner > 0; inner--) {
                const std::uint64_t ns = random() % 20;
                out.on_interrupt({0, WIRE_HIST_HARDIRQ_RUN, 1, now, ns, 0});
                now += ns + random() % 2;
            }
            if (now == start) now++; // one of no length would be inside the next
            out.on_softirq({{0, net_rx_run, 1, start, now - start, 0}, none, none});
        }
        last_ns = now;
    });
    const auto found = trace();
    const auto& slices = found.slices.at("ftrace 1");
    std::uint64_t reached = 0;
    std::size_t softirqs = 0;
    for (const drawn_slice& one : slices) {
        if (one.depth == 1) continue;
        EXPECT_GE(one.start_ns, reached);
        reached = one.end_ns;
        if (one.name == "softirq 3") softirqs++;
    }
    EXPECT_EQ(reached, last_ns + ahead);
    EXPECT_EQ(softirqs, 100'000U);
    EXPECT_GT(slices.size(), 190'000U);
    EXPECT_TRUE(found.counters.empty()); // nothing was left out or moved
}

TEST_F(exported, a_stall_says_what_is_known) {
    record([](auto&, sink::recorded& to) {
        for (model::stall one : sink::made_stalls()) to.stall(one);
    });
    const auto found = trace();
    const auto& irq_off = found.slices.at("stalls/CPU 17 irq_off").front();
    EXPECT_THAT(irq_off.name, testing::StartsWith("proc_reg_write <- vfs_write"));
    EXPECT_EQ(irq_off.end_ns - irq_off.start_ns, 107 * sink::ms);
    EXPECT_THAT(irq_off.stack,
                testing::ElementsAre("entry_SYSCALL_64_after_hwframe", "ipt_do_table [ip_tables]", "x64_sys_call",
                                     "do_syscall_64", "ksys_write", "vfs_write", "proc_reg_write"));
    for (const auto& [name, value] : std::map<std::string, std::string>{{"kind", "irq_off"},
                                                                        {"state", "ended"},
                                                                        {"at_least_ns", "107000000"},
                                                                        {"less_than_ns", "108000000"},
                                                                        {"task", "bash"},
                                                                        {"pid", "22840"},
                                                                        {"incident", "3"},
                                                                        {"steal_ns", "0"},
                                                                        {"stack_kind", "post-hoc"},
                                                                        {"stack.0", "proc_reg_write+0x36"}})
        EXPECT_EQ(irq_off.notes.at(name), value) << name;
    const auto& by_handler = found.slices.at("stalls/CPU 0 irq_off").front();
    EXPECT_EQ(by_handler.name, "hardirq 36 virtio1-req.0");
    EXPECT_EQ(by_handler.stack.back(), "hardirq 36 virtio1-req.0"); // innermost: on top of what it interrupted
    EXPECT_EQ(by_handler.notes.at("culprit_ns"), "4900000");
    const auto& thread = found.slices.at("ksoftirqd/CPU 1").front();
    for (const auto& [name, value] : std::map<std::string, std::string>{{"breakdown.task_ns", "12000000"},
                                                                        {"breakdown.idle_ns", "0"},
                                                                        {"breakdown.window_ns", "20000000"},
                                                                        {"verdict", "starved"},
                                                                        {"activation.raised_to_woken_ns", "12000"},
                                                                        {"activation.woken_to_first_run_ns", "9000000"},
                                                                        {"activation.tasks.1.name", "make"},
                                                                        {"activation.interrupts.0.count", "1200"},
                                                                        {"activation.devices.0.packets", "1200"},
                                                                        {"activation.softnet.time_squeeze", "5"}})
        EXPECT_EQ(thread.notes.at(name), value) << name;
    const auto& lockup = found.slices.at("stalls/CPU 1 lockup").front();
    EXPECT_EQ(lockup.notes.at("lockup.percent"), "25");
    EXPECT_EQ(lockup.notes.at("state"), "open");
    EXPECT_EQ(found.slices.at("incidents/CPU 17").front().stack, irq_off.stack);
    std::size_t stalls = 0;
    for (const auto& [track, slices] : found.slices)
        if (!track.starts_with("incidents/")) stalls += slices.size();
    EXPECT_EQ(stalls, sink::made_stalls().size());
    EXPECT_THAT(found.groups, testing::UnorderedElementsAre("stalls", "ksoftirqd", "incidents"));
}

TEST_F(exported, a_stall_that_was_told_while_open_is_drawn_once) {
    using model::stall_kind;
    using model::stall_state;
    record([](auto&, sink::recorded& to) {
        to.stall(stall(stall_kind::softirq_off, 1'000, 500, stall_state::open));
        to.stall(stall(stall_kind::irq_off, 1'100, 50));
        to.stall(stall(stall_kind::softirq_off, 1'000, 900));
        to.stall(stall(stall_kind::softirq_run, 5'000, 10, stall_state::open)); // its end was never seen
        to.stall(stall(stall_kind::softirq_run, 6'000, 10));
    });
    const auto found = trace();
    EXPECT_EQ(found.text("stalls/CPU 1 softirq_off"), "5000001000..5000001900 make 800");
    EXPECT_EQ(found.text("stalls/CPU 1 irq_off"), "5000001100..5000001150 make 800");
    // told behind a later one: on another track of that name, so that the times of each ascend
    EXPECT_EQ(found.text("stalls/CPU 1 softirq_run"),
              "5000006000..5000006010 make 800, 5000005000..5000005010 make 800");
    EXPECT_EQ(found.text("incidents/CPU 1"), "5000001000..5000006010 incident 1");
    const auto& incident = found.slices.at("incidents/CPU 1").front();
    EXPECT_EQ(incident.notes.at("stalls"), "4");
    EXPECT_EQ(incident.notes.at("longest"), "make 800");
    EXPECT_EQ(incident.notes.at("kind"), "softirq_off");
    EXPECT_EQ(incident.notes.at("at_least_ns"), "900");
    EXPECT_THAT(incident.stack, testing::ElementsAre("make 800"));
    EXPECT_EQ(found.tracks, 2 + 1 + 1 + 2 + 1U);
}

TEST_F(exported, an_incident_whose_last_open_stall_was_set_aside_is_held_no_longer) {
    using model::stall_kind;
    for (const bool is_over : {true, false}) {
        std::filesystem::remove(path_);
        record([is_over](auto&, sink::recorded& to) {
            const model::stall one = stall(stall_kind::softirq_off, s, s, model::stall_state::open);
            to.stall(one);
            if (is_over) to.over(one);
            model::stall later = stall(stall_kind::irq_off, 3 * s + incident_spans::settled_after_ns, s);
            later.incident = 2;
            later.current.comm = "later";
            to.stall(later);
        });
        const std::string bytes = bytes_of();
        EXPECT_EQ(bytes.find("incident 1") < bytes.find("later"), is_over);
        EXPECT_EQ(drawn_trace(bytes).slices.at("incidents/CPU 1").size(), 2U);
    }
}

TEST_F(exported, hostile_names_are_printable) {
    record([](auto&, sink::recorded& to) {
        model::stall one = sink::made_irq_off();
        one.stack = {sink::hostile_name + "+0x1", "\n"};
        one.current.comm = sink::hostile_name;
        one.timer_function = sink::hostile_name;
        to.stall(one);
        model::snapshot with_losses = interval(100 * s, s);
        with_losses.lost.counts[sink::hostile_name] = 1;
        to.interval(with_losses, {});
    });
    const auto found = trace();
    const auto expect = [](const std::string& text) {
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) << text;
        EXPECT_LE(text.size(), 220U);
    };
    for (const auto& [track, slices] : found.slices)
        for (const drawn_slice& one : slices) {
            expect(one.name);
            for (const auto& [name, value] : one.notes) expect(value);
            for (const std::string& name : one.stack) expect(name);
        }
    for (const auto& [track, values] : found.counters) expect(track);
    EXPECT_EQ(found.counters.size(), 1U);
}

TEST_F(exported, rates_and_losses_are_by_interval) {
    record([](recording::recorder& out, sink::recorded& to) {
        for (std::uint64_t i = 0; i < 4; i++)
            out.on_interrupt({0, WIRE_HIST_HARDIRQ_RUN, 1, 100 * s + 1'000 * i, 100, 0});
        out.on_softirq({{0, net_rx_run, 0, 100 * s, 10, 0}, none, none});
        model::snapshot first = interval(100 * s, 2 * s);
        first.lost.counts["softirqs_unseen"] = 3;
        first.coverage.heartbeats[0].unseen = 5;
        to.interval(first, {});
        add(to, interval(102 * s, 2 * s));
        out.on_softirq({{0, net_rx_run, 0, 104 * s, 10, 0}, none, none});
        model::snapshot last = interval(104 * s, s / 2);
        last.lost.counts["softirqs_unseen"] = 4;
        to.interval(last, {});
        out.on_softirq({{0, net_rx_run, 0, 107 * s, 10, 0}, none, none});
        add(to, interval(106 * s, s)); // the one before is missing
    });
    using testing::ElementsAre;
    using testing::Pair;
    const auto found = trace();
    EXPECT_THAT(found.counters.at("rates/CPU 1 hardirqs/s"), ElementsAre(Pair(105 * s, 2), Pair(107 * s, 0)));
    EXPECT_THAT(found.counters.at("rates/CPU 0 softirqs/s"),
                ElementsAre(Pair(105 * s, 0.5), Pair(107 * s, 0), Pair(109 * s, 2), Pair(109 * s + s / 2, 0),
                            Pair(111 * s, 1), Pair(112 * s, 0)));
    EXPECT_THAT(found.counters.at("lost/lost: softirqs_unseen"),
                ElementsAre(Pair(105 * s, 0), Pair(107 * s, 3), Pair(109 * s + s / 2, 7)));
    EXPECT_THAT(found.counters.at("lost/lost: beats_unseen"), ElementsAre(Pair(105 * s, 0), Pair(107 * s, 5)));
    EXPECT_EQ(found.counters.size(), 4U);
    // a part of it: the rate is that part's, and nothing is drawn outside of it
    const auto part = trace({100 * s, 100 * s + 2'000, {{1}}});
    EXPECT_THAT(part.counters.at("rates/CPU 1 hardirqs/s"),
                ElementsAre(Pair(105 * s, testing::DoubleNear(1e6, 1)), Pair(105 * s + 2'000, 0)));
    EXPECT_FALSE(part.counters.contains("rates/CPU 0 softirqs/s"));
    EXPECT_FALSE(part.counters.contains("lost/lost: beats_unseen")); // CPU 0's
    EXPECT_TRUE(part.counters.contains("lost/lost: softirqs_unseen"));
    EXPECT_EQ(part.slices.at("ftrace 1").size(), 2U);
    for (const auto& [track, values] : part.counters) EXPECT_LE(values.back().first, 105 * s + 2'000) << track;
}

TEST_F(exported, without_spans_the_rates_are_the_histograms) {
    recording::header about = made_header();
    about.spans = false;
    record(
        [](auto&, sink::recorded& to) {
            model::snapshot one = interval(100 * s, 2 * s);
            model::series runs{{model::metric::hardirq_run, "disk", 36, {}}, 1, {}, 0};
            for (int i = 0; i < 6; i++) runs.values.count(100, 0);
            one.all = {runs, runs};
            one.all.back().id = {model::metric::softirq_latency, "NET_RX", {}, {}};
            to.interval(one, {});
        },
        about);
    const auto found = trace();
    EXPECT_EQ(found.counters.size(), 1U);
    EXPECT_THAT(found.counters.at("rates/CPU 1 hardirqs/s"),
                testing::ElementsAre(testing::Pair(105 * s, 3), testing::Pair(107 * s, 0)));
}

TEST_F(exported, times_that_no_clock_has_stay_in_order) {
    recording::header about = made_header();
    about.boottime_ns = UINT64_MAX;
    record(
        [](recording::recorder& out, sink::recorded& to) {
            out.on_softirq({{0, net_rx_run, 0, 10, 20, 0}, none, UINT64_MAX - 5});
            out.on_softirq({{0, net_rx_run, 0, UINT64_MAX - 9, 5, 0}, none, none});
            to.stall(stall(model::stall_kind::irq_off, UINT64_MAX - 9, 5));
            add(to, interval(UINT64_MAX - 9, 100));
        },
        about);
    const auto found = trace();
    EXPECT_EQ(found.slices.at("ftrace 0").size(), 2U);
    EXPECT_EQ(found.slices.at("ftrace 0").back().end_ns, static_cast<std::uint64_t>(INT64_MAX));
}

TEST_F(exported, a_late_span_is_left_out_and_that_is_said) {
    record([](recording::recorder& out, sink::recorded& to) {
        for (std::uint64_t i = 0; i < 200'000; i++)
            out.on_softirq({{0, net_rx_run, 0, 100 * s + 10 * i, 5, 0}, none, none});
        out.on_softirq({{0, net_rx_run, 0, 100 * s - 50, 5, 0}, none, none});
        add(to, interval(100 * s, s));
    });
    const auto found = trace();
    EXPECT_EQ(found.slices.at("ftrace 0").size(), 200'000U);
    EXPECT_EQ(found.counters.at("lost/lost: left_out_of_this_trace").back(), std::make_pair(106 * s, 1.0));
}

TEST_F(exported, the_same_twice_and_another_recording_has_other_numbers) {
    const auto with = [](recording::recorder& out, auto&) { out.on_wait({0, WIRE_HIST_IRQ_OFF, 0, 1'000, 7, 0}); };
    record(with);
    const std::string first = bytes_of();
    EXPECT_EQ(bytes_of(), first);
    std::filesystem::remove(path_);
    recording::header about = made_header();
    about.realtime_ns++;
    record(with, about);
    EXPECT_NE(bytes_of(), first);
}

} // namespace irqscope::exporting

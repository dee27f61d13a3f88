// SPDX-License-Identifier: BSD-2-Clause
// exporting/folded, and the call chains that it shares with the other formats.
#include "exporting/folded.hpp"

#include "exporting/call_chain.hpp"
#include "exporting/exported.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace {

std::string innermost(const model::stall& one) { return call_chain_of(one).front().function; }

class folded_stacks : public exported {};

} // namespace

TEST(call_chain, task_that_held_is_its_stack) {
    const auto chain = call_chain_of(sink::made_irq_off());
    ASSERT_EQ(chain.size(), 7U);
    EXPECT_EQ(chain[0].function, "proc_reg_write");
    EXPECT_EQ(chain[0].offset, 0x36U);
    EXPECT_EQ(chain[5].function, "ipt_do_table [ip_tables]");
    EXPECT_EQ(chain[5].offset, 0x23cU);
}

TEST(call_chain, interrupt_stands_on_what_it_interrupted) {
    model::stall one = sink::made_irq_off_by_handler();
    ASSERT_TRUE(one.culprit);
    EXPECT_EQ(innermost(one), culprit_of(one));
    EXPECT_EQ(call_chain_of(one).size(), one.stack.size() + 1);
}

TEST(call_chain, softirq_that_had_interrupts_off_is_its_functions) {
    model::stall one = sink::made_irq_off();
    one.culprit = model::series_id{model::metric::softirq_run, "NET_RX", {}, "irq_exit"};
    EXPECT_EQ(innermost(one), "proc_reg_write");
    one.kind = model::stall_kind::softirq_latency; // it is over, and the stack is what comes after it
    EXPECT_EQ(innermost(one), "softirq NET_RX");
}

TEST(call_chain, run_is_its_functions_while_it_goes_on_and_its_name_when_it_is_over) {
    model::stall one = sink::made_irq_off();
    one.kind = model::stall_kind::softirq_run;
    one.of = model::series_id{model::metric::softirq_run, "NET_RX", {}, "irq_exit"};
    one.stack_is = model::stack_kind::ongoing;
    EXPECT_EQ(innermost(one), "proc_reg_write");
    one.stack_is = model::stack_kind::post_hoc;
    EXPECT_EQ(innermost(one), "softirq NET_RX");
}

TEST(call_chain, stall_without_a_stack_is_its_task) {
    model::stall one = sink::made_irq_off();
    one.stack.clear();
    EXPECT_EQ(innermost(one), "bash 22840");
    one.current = {0, "swapper/3"};
    EXPECT_EQ(innermost(one), "idle");
    one.current.comm.clear(); // of a CPU that could not tell it itself
    EXPECT_EQ(innermost(one), "?");
}

TEST(call_chain, bare_address_and_hostile_text_are_frames_too) {
    model::stall one = sink::made_irq_off();
    one.stack = {"0xffffffff81000000", "x+0xzz", sink::hostile_name, ""};
    const auto chain = call_chain_of(one);
    ASSERT_EQ(chain.size(), 4U);
    EXPECT_EQ(chain[0].function, "0xffffffff81000000");
    EXPECT_EQ(chain[1].offset, 0U);
    for (const frame& each : chain) {
        EXPECT_LE(each.function.size(), 200U);
        for (const char byte : each.function) EXPECT_TRUE(byte >= ' ' && byte <= '~');
    }
}

TEST_F(folded_stacks, same_stacks_are_one_line_with_their_time) {
    model::stall other = sink::made_irq_off();
    other.at_least_ns = 5;
    other.current.comm = "my; [task]";
    record({sink::made_irq_off(), sink::made_irq_off(), other});
    const std::string stack = "entry_SYSCALL_64_after_hwframe;ipt_do_table [ip_tables];x64_sys_call;do_syscall_64;"
                              "ksys_write;vfs_write;proc_reg_write";
    EXPECT_EQ(export_with<folded>(), "irq_off;bash;" + stack + " 214000000\n" + "irq_off;my: [task];" + stack + " 5\n");
}

TEST_F(folded_stacks, number_is_bounded_and_no_time_is_lost) {
    record([](sink::recorded& to, recording::recorder& out) {
        model::stall one = sink::made_irq_off();
        one.at_least_ns = 1;
        for (int i = 0; i < 65536 + 10; i++) {
            one.stack = {fmt::format("f{}", i)};
            to.stall(one);
            if (i % 1000 == 0) out.flush();
        }
    });
    const std::string text = export_with<folded>();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 65536 + 1);
    EXPECT_NE(text.find("\nirq_off;other 10\n"), std::string::npos);
}

TEST_F(folded_stacks, nothing_is_nothing) {
    record(std::vector<model::stall>{});
    EXPECT_EQ(export_with<folded>(), "");
}

} // namespace irqscope::exporting

// SPDX-License-Identifier: BSD-2-Clause
// bpf/context.bpf.h: who called the softirq function, by a stack that is made up.
#include "bpf/fake_kernel.hpp"

namespace irqscope::fake {

namespace {

constexpr std::uint32_t net_rx = 3;
constexpr std::uint64_t in_irq_exit = 0xffffffff81001010;
constexpr std::uint64_t in_ksoftirqd = 0xffffffff81002010;
constexpr std::uint64_t elsewhere = 0xffffffff81900000;
constexpr std::size_t where = 40; // words above the context

} // namespace

class context : public bpf_test {
protected:
    void SetUp() override {
        bpf_test::SetUp();
        config.callers[0] = {0xffffffff81001000, 0x100, WIRE_CONTEXT_IRQ_EXIT};
        config.callers[1] = {0xffffffff81002000, 0x100, WIRE_CONTEXT_KSOFTIRQD};
    }
    void call_from(std::uint64_t caller) {
        on().unwound = {elsewhere, elsewhere + 8, caller, elsewhere + 16};
        on().stack[where] = caller;
    }
    void serve() {
        on().enter(net_rx);
        on().leave(net_rx);
    }
    std::uint64_t served(std::uint32_t in) {
        return on().histogram(WIRE_HIST_SOFTIRQ_RUN + net_rx * WIRE_CONTEXTS + in).count;
    }
};

TEST_F(context, is_learnt_with_the_unwinder_and_then_read_from_the_stack) {
    call_from(in_irq_exit);
    for (int i = 0; i < 100; i++) serve();
    EXPECT_EQ(served(WIRE_CONTEXT_IRQ_EXIT), 100U);
    EXPECT_EQ(on().unwindings, 1U);
    call_from(in_ksoftirqd);
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_KSOFTIRQD), 1U);
    EXPECT_EQ(on().unwindings, 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_CONTEXT), 0U);
}

TEST_F(context, is_read_where_the_return_address_stands_last) {
    // what an earlier call left further down must not be taken for it
    call_from(in_irq_exit);
    on().stack[where - 20] = in_irq_exit;
    serve();
    call_from(in_ksoftirqd); // the copy stays what it was
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_KSOFTIRQD), 1U);
}

TEST_F(context, is_learnt_anew_when_the_distance_changes) {
    call_from(in_irq_exit);
    serve();
    on().stack[where] = elsewhere; // another program was attached: everything lies elsewhere
    on().stack[where + 6] = in_ksoftirqd;
    on().unwound = {elsewhere, in_ksoftirqd};
    serve();
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_KSOFTIRQD), 2U);
    EXPECT_EQ(on().unwindings, 2U);
    EXPECT_EQ(on().lost(WIRE_LOST_CONTEXT_MISREAD), 0U);
}

TEST_F(context, that_is_read_wrong_is_found_by_the_check_and_counted) {
    call_from(in_irq_exit);
    serve();
    // a stale copy stands at the learnt place, and the true one elsewhere
    on().unwound = {in_ksoftirqd};
    on().stack[where + 6] = in_ksoftirqd;
    for (int i = 0; i < 8192; i++) serve();
    EXPECT_EQ(on().lost(WIRE_LOST_CONTEXT_MISREAD), 1U);
    EXPECT_EQ(on().unwindings, 2U);
    const std::uint64_t before = served(WIRE_CONTEXT_KSOFTIRQD);
    EXPECT_GE(before, 1U) << "the check's own answer counts";
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_KSOFTIRQD), before + 1) << "the right place was not learnt from the check";
}

TEST_F(context, that_cannot_be_found_is_counted_and_does_not_unwind_for_ever) {
    on().unwound = {elsewhere};
    for (int i = 0; i < 1000; i++) serve();
    EXPECT_EQ(served(WIRE_CONTEXT_UNKNOWN), 1000U);
    EXPECT_EQ(on().lost(WIRE_LOST_CONTEXT), 1000U);
    EXPECT_EQ(on().unwindings, 64U);
}

TEST_F(context, that_could_not_be_found_is_tried_again_at_the_checks) {
    on().unwound = {elsewhere};
    for (int i = 0; i < 100; i++) serve();
    call_from(in_irq_exit);
    for (int i = 0; i < 8192; i++) serve();
    EXPECT_GT(served(WIRE_CONTEXT_IRQ_EXIT), 0U);
}

TEST_F(context, without_an_unwinder_is_unknown) {
    on().unwound.clear();
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_UNKNOWN), 1U);
    EXPECT_EQ(on().lost(WIRE_LOST_CONTEXT), 1U);
}

TEST_F(context, too_far_away_is_told_by_the_unwinder_each_time) {
    on().unwound = {in_irq_exit};
    on().stack[200] = in_irq_exit; // beyond the words that are searched
    serve();
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_IRQ_EXIT), 2U);
    EXPECT_EQ(on().unwindings, 2U);
}

TEST_F(context, first_byte_of_a_function_is_in_it_and_the_byte_behind_its_last_is_not) {
    call_from(0xffffffff81001000);
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_IRQ_EXIT), 1U);
    kernel::reset();
    SetUp();
    call_from(0xffffffff81001100);
    serve();
    EXPECT_EQ(served(WIRE_CONTEXT_IRQ_EXIT), 0U);
}

} // namespace irqscope::fake

// SPDX-License-Identifier: BSD-2-Clause
// bpf/hardirq.bpf.c: which slot an interrupt action gets, and what happens when there is none.
#include "bpf/fake_kernel.hpp"

#include <string>

namespace irqscope::fake {

class hardirq : public bpf_test {
protected:
    void run(std::uint32_t irq, void* action, std::uint64_t ns = 1) {
        on().begin_handler(irq, action);
        on().pass(ns);
        on().end_handler(irq, action);
    }
    std::uint64_t count(std::uint32_t slot) { return on().histogram(WIRE_HIST_HARDIRQ_RUN + slot).count; }
    std::uint64_t other() { return on().histogram(WIRE_HIST_HARDIRQ_OTHER).count; }
};

TEST_F(hardirq, claims_a_slot_at_first_sight_and_keeps_it) {
    void* nic = fake_action("eth0-TxRx-0");
    run(24, nic);
    run(24, nic);
    EXPECT_EQ(on().state().slots_used, 1U);
    EXPECT_EQ(count(0), 2U);
    EXPECT_EQ(on().slot(0).irq, 24U);
    EXPECT_EQ(on().slot(0).claimed, 1U);
    EXPECT_STREQ(on().slot(0).name, "eth0-TxRx-0");
    EXPECT_EQ(other(), 0U);
}

TEST_F(hardirq, actions_of_a_shared_irq_are_told_apart) {
    void* usb = fake_action("ehci_hcd:usb1");
    void* sound = fake_action("snd_hda_intel");
    for (int i = 0; i < 3; i++) {
        run(16, usb, 10);
        run(16, sound, 1000);
    }
    EXPECT_EQ(on().histogram(WIRE_HIST_HARDIRQ_RUN).sum_ns, 30U);
    EXPECT_EQ(on().histogram(WIRE_HIST_HARDIRQ_RUN + 1).sum_ns, 3000U);
    EXPECT_STREQ(on().slot(0).name, "ehci_hcd:usb1");
    EXPECT_STREQ(on().slot(1).name, "snd_hda_intel");
    EXPECT_EQ(on().slot(1).irq, 16U);
}

TEST_F(hardirq, one_action_on_two_irqs_gets_two_slots) {
    void* both = fake_action("nvme0q");
    run(40, both);
    run(41, both);
    run(41, both);
    EXPECT_EQ(count(0), 1U);
    EXPECT_EQ(count(1), 2U);
}

TEST_F(hardirq, other_driver_on_a_reused_irq_number_gets_its_own_slot) {
    run(24, fake_action("old"));
    run(24, fake_action("new"));
    EXPECT_EQ(count(0), 1U);
    EXPECT_EQ(count(1), 1U);
    EXPECT_STREQ(on().slot(1).name, "new");
}

TEST_F(hardirq, beyond_the_last_slot_is_counted_under_other) {
    for (std::uint32_t irq = 0; irq < WIRE_IRQ_SLOTS; irq++) run(irq, fake_action("x"));
    EXPECT_EQ(on().state().slots_used, std::uint32_t{WIRE_IRQ_SLOTS});
    EXPECT_EQ(other(), 0U);
    EXPECT_EQ(count(WIRE_IRQ_SLOTS - 1), 1U);
    void* late = fake_action("late");
    run(200, late);
    run(200, late);
    EXPECT_EQ(other(), 2U);
    EXPECT_EQ(on().state().slots_used, std::uint32_t{WIRE_IRQ_SLOTS});
}

TEST_F(hardirq, irq_number_beyond_the_index_is_counted_under_other) {
    run(WIRE_IRQ_LIMIT, fake_action("far"));
    run(0xffffffff, fake_action("farthest"));
    EXPECT_EQ(other(), 2U);
    EXPECT_EQ(on().state().slots_used, 0U);
    run(WIRE_IRQ_LIMIT - 1, fake_action("last"));
    EXPECT_EQ(count(0), 1U);
}

TEST_F(hardirq, actions_beyond_the_chain_of_one_irq_take_no_slots) {
    std::array<void*, WIRE_ACTION_CHAIN + 2> actions{};
    for (void*& action : actions) action = fake_action("shared");
    for (int round = 0; round < 2; round++)
        for (void* action : actions) run(16, action);
    EXPECT_EQ(on().state().slots_used, std::uint32_t{WIRE_ACTION_CHAIN});
    EXPECT_EQ(other(), 4U);
    for (std::uint32_t slot = 0; slot < WIRE_ACTION_CHAIN; slot++) EXPECT_EQ(count(slot), 2U) << slot;
}

TEST_F(hardirq, long_name_is_cut_and_terminated) {
    const std::string name(200, 'n');
    run(24, fake_action(name.c_str()));
    EXPECT_EQ(std::string(on().slot(0).name), name.substr(0, WIRE_NAME - 1));
}

TEST_F(hardirq, action_without_a_name_counts_all_the_same) {
    run(24, fake_action(nullptr));
    EXPECT_EQ(count(0), 1U);
    EXPECT_STREQ(on().slot(0).name, "");
}

TEST_F(hardirq, slots_are_each_cpus_own) {
    on().state(1).enabled = 1;
    void* a = fake_action("a");
    void* b = fake_action("b");
    run(24, a);
    on().cpu = 1;
    run(25, b);
    EXPECT_STREQ(on().slot(0, 0).name, "a");
    EXPECT_STREQ(on().slot(0, 1).name, "b");
    EXPECT_EQ(on().slot(0, 1).irq, 25U);
}

} // namespace irqscope::fake

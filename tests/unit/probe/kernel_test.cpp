// SPDX-License-Identifier: BSD-2-Clause
// What a kernel's BTF tells, from BTF that is made up.
#include "probe/kernel.hpp"

#include "probe/made_btf.hpp"

#include <gtest/gtest.h>

namespace irqscope::probe {

namespace {

std::optional<std::int64_t> pending(made_btf& types) {
    const auto found = kernel::inspect(types.path());
    EXPECT_TRUE(found) << found.error().message;
    return found->pending_from_rq();
}

// timers have a pending word of their own there, and nothing is told
bool on_preempt_rt() { return kernel::inspect(made_btf().path()).value().preempt_rt(); }

} // namespace

TEST(kernel, tracepoints_are_those_that_btf_declares) {
    made_btf types;
    types.tracepoint("softirq_raise");
    const auto found = kernel::inspect(types.path());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(found->has_tracepoint("softirq_raise"));
    EXPECT_FALSE(found->has_tracepoint("softirq_rais"));
    EXPECT_FALSE(found->has_tracepoint("softirq_entry"));
    EXPECT_FALSE(found->has_tracepoint("int")) << "a type that is no tracepoint";
}

TEST(kernel, file_that_is_no_btf_is_not_possible_and_is_named) {
    for (const char* path : {"/nowhere/btf", "/dev/null", "/etc/passwd"}) {
        const auto found = kernel::inspect(path);
        ASSERT_FALSE(found) << path;
        EXPECT_EQ(found.error().status, exit_status::not_possible);
        EXPECT_NE(found.error().message.find(path), std::string::npos) << found.error().message;
    }
}

TEST(kernel, pending_word_is_a_variable_since_6_15) {
    if (on_preempt_rt()) GTEST_SKIP() << "a PREEMPT_RT kernel";
    made_btf types;
    types.per_cpu({{"__softirq_pending", types.number(), 0x900}, {"runqueues", types.structure("rq", {}), 0x40000}});
    EXPECT_EQ(pending(types), 0x900 - 0x40000);
}

TEST(kernel, pending_word_is_in_an_unnamed_struct_of_pcpu_hot_before) {
    if (on_preempt_rt()) GTEST_SKIP() << "a PREEMPT_RT kernel";
    made_btf types;
    const int hot = types.around("pcpu_hot", types.structure("", {{"preempt_count", 8}, {"softirq_pending", 34}}));
    types.per_cpu({{"runqueues", types.structure("rq", {}), 0x1000}, {"pcpu_hot", hot, 0x8000}});
    EXPECT_EQ(pending(types), 0x8000 + 34 - 0x1000);
}

TEST(kernel, pending_word_is_in_irq_stat_on_older_kernels) {
    if (on_preempt_rt()) GTEST_SKIP() << "a PREEMPT_RT kernel";
    made_btf types;
    const int stat = types.structure("irq_cpustat_t", {{"__softirq_pending", 4}, {"other", 12}});
    types.per_cpu({{"irq_stat", stat, 0x8000}, {"runqueues", types.structure("rq", {}), 0x1000}});
    EXPECT_EQ(pending(types), 0x8000 + 4 - 0x1000);
}

TEST(kernel, pcpu_hot_goes_before_an_irq_stat_of_the_same_kernel) {
    if (on_preempt_rt()) GTEST_SKIP() << "a PREEMPT_RT kernel";
    made_btf types;
    const int hot = types.around("pcpu_hot", types.structure("", {{"softirq_pending", 34}}));
    const int stat = types.structure("irq_cpustat_t", {{"__softirq_pending", 4}});
    types.per_cpu({{"irq_stat", stat, 0x8000}, {"pcpu_hot", hot, 0x9000}, {"runqueues", stat, 0x1000}});
    EXPECT_EQ(pending(types), 0x9000 + 34 - 0x1000);
}

TEST(kernel, pending_word_is_not_told_where_btf_does_not) {
    made_btf no_section;
    EXPECT_EQ(pending(no_section), std::nullopt);
    made_btf no_queue;
    no_queue.per_cpu({{"__softirq_pending", no_queue.number(), 0x900}});
    EXPECT_EQ(pending(no_queue), std::nullopt);
    made_btf no_word;
    // an irq_stat without the member is another architecture's
    no_word.per_cpu({{"runqueues", no_word.structure("rq", {}), 0x1000},
                     {"irq_stat", no_word.structure("irq_cpustat_t", {{"kstat", 0}}), 0x2000}});
    EXPECT_EQ(pending(no_word), std::nullopt);
}

TEST(kernel, threads_and_the_network_s_counters_lie_so_far_from_the_run_queue) {
    made_btf types;
    types.per_cpu({{"runqueues", types.structure("rq", {}), 0x1000},
                   {"ksoftirqd", types.number(), 0x3000},
                   {"ktimerd", types.number(), 0x800},
                   {"softnet_data", types.structure("softnet_data", {}), 0x5000}});
    const auto found = kernel::inspect(types.path());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->ksoftirqd_from_rq(), 0x2000);
    EXPECT_EQ(found->ktimers_from_rq(), -0x800);
    EXPECT_EQ(found->softnet_from_rq(), 0x4000);
}

TEST(kernel, what_btf_does_not_tell_is_not_known) {
    made_btf types;
    types.per_cpu({{"runqueues", types.structure("rq", {}), 0x1000}});
    const auto found = kernel::inspect(types.path());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->ksoftirqd_from_rq(), std::nullopt);
    EXPECT_EQ(found->ktimers_from_rq(), std::nullopt);
    EXPECT_EQ(found->softnet_from_rq(), std::nullopt);
}

} // namespace irqscope::probe

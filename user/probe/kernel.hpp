// SPDX-License-Identifier: BSD-2-Clause
// What the running kernel offers to the BPF programs, from its BTF and its symbols.
#pragma once

#include "result.hpp"
#include "symbols/kallsyms.hpp"
#include "wire.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct btf;

namespace irqscope::probe {

inline constexpr const char* kernel_btf_path = "/sys/kernel/btf/vmlinux";

class kernel {
public:
    // Reads BTF from the file, or the running kernel's own without one. Fails (not_possible) when there is none, or it
    // is no BTF.
    static result<kernel> inspect(const std::optional<std::string>& btf_file);

    // Whether the core kernel declares the tracepoint: a typedef btf_trace_<name> (include/trace/bpf_probe.h, 5.5).
    [[nodiscard]] bool has_tracepoint(const std::string& name) const;

    // Bytes from a CPU's struct rq to its word of pending softirqs. Both are per-CPU variables, and BTF's section
    // .data..percpu says where in it they lie. The word is __softirq_pending (6.15), pcpu_hot.softirq_pending (6.2) or
    // irq_stat.__softirq_pending (before, and other architectures). Nothing where BTF does not tell, on big-endian
    // machines, and on PREEMPT_RT, where timers have a pending word of their own (raise_ktimers_thread, 6.12).
    [[nodiscard]] std::optional<std::int64_t> pending_from_rq() const;

    // The same for its preempt count: __preempt_count (before 6.2, and since 6.15) or pcpu_hot.preempt_count, on x86.
    [[nodiscard]] std::optional<std::int64_t> preempt_from_rq() const;

    // The same for the pointer to the registers that the running interrupt has saved: __irq_regs (lib/irq_regs.c).
    // Nothing where they do not tell how interrupts were unmasked: other architectures, and Xen's paravirtual guests,
    // who do it by a word in memory (/sys/hypervisor/guest_type).
    [[nodiscard]] std::optional<std::int64_t> regs_from_rq() const;

    // The same for the pointers to the CPU's ksoftirqd (kernel/softirq.c) and, on PREEMPT_RT, its ktimers (ktimerd since
    // 6.13, timersd in the patches before).
    [[nodiscard]] std::optional<std::int64_t> ksoftirqd_from_rq() const;
    [[nodiscard]] std::optional<std::int64_t> ktimers_from_rq() const;
    // And to its counts of packets (net/core/dev.c, softnet_data).
    [[nodiscard]] std::optional<std::int64_t> softnet_from_rq() const;
    // And to the second since which the soft lockup watchdog counts (kernel/watchdog.c): watchdog_report_ts since 5.13,
    // watchdog_touch_ts before.
    [[nodiscard]] std::optional<std::int64_t> touched_from_rq() const;

    // The function of a cpu-clock event's timer (kernel/events/core.c, perf_swevent_hrtimer); 0 without the right to see
    // addresses.
    [[nodiscard]] std::uint64_t beat_function() const { return beat_function_; }

    // The function around the softirq tracepoints; nothing without the right to see addresses.
    [[nodiscard]] const std::optional<symbols::function>& softirq_loop() const { return softirq_loop_; }

    // Whether BPF has timers (5.15; refused on PREEMPT_RT), and whether they can be pinned to their CPU (6.7).
    [[nodiscard]] bool has_timers() const;
    [[nodiscard]] bool has_pinned_timers() const;

    // The kernel functions that call the softirq function, and what each call means (kernel/softirq.c). Empty without
    // the right to see addresses.
    [[nodiscard]] const std::vector<wire_caller>& softirq_callers() const { return callers_; }

    // Whether the BTF came from a file of the user's.
    [[nodiscard]] const std::optional<std::string>& btf_file() const { return btf_file_; }

    [[nodiscard]] bool preempt_rt() const { return preempt_rt_; }

private:
    struct free_btf {
        void operator()(btf* types) const;
    };
    std::unique_ptr<btf, free_btf> btf_;
    std::vector<wire_caller> callers_;
    std::uint64_t beat_function_ = 0;
    std::optional<symbols::function> softirq_loop_;
    std::optional<std::string> btf_file_;
    bool preempt_rt_ = false;
    bool masks_by_flag_ = false; // by the interrupt flag of x86
};

} // namespace irqscope::probe

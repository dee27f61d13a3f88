/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The per-CPU words of the kernel's that the programs ask. They are in no symbol table that BPF may use without
 * KALLSYMS_ALL, but BTF knows how far they lie from the CPU's runqueue, and a task knows that.
 */
#ifndef IRQSCOPE_RUNQUEUE_BPF_H
#define IRQSCOPE_RUNQUEUE_BPF_H

#include "state.bpf.h"

inline_always u64 run_queue(struct wire_cpu_state *cpu)
{
	if (unlikely(!cpu->rq_address)) {
		struct task_struct *task = (void *)bpf_get_current_task();
		struct rq *rq = BPF_CORE_READ(task, se.cfs_rq, rq);

		if (rq && BPF_CORE_READ(rq, cpu) == (int)bpf_get_smp_processor_id())
			cpu->rq_address = (u64)rq;
	}
	return cpu->rq_address;
}

/* Ten vectors, a bit each; all of them when it cannot be told. */
inline_always u16 pending_vectors(struct wire_cpu_state *cpu)
{
	u16 pending = 0xffff; /* little-endian, and 2 or 4 bytes wide */
	u64 rq = config.pending ? run_queue(cpu) : 0;

	if (rq)
		bpf_probe_read_kernel(&pending, sizeof(pending), (void *)(rq + config.pending_from_rq));
	return pending;
}

/*
 * Whether the vector is pending already, so that a raise adds nothing. When it cannot be told: yes; then a raise while
 * the vector waits in the present pass goes unseen (and is counted when it is served), but none is ever made up.
 */
inline_always bool is_pending(struct wire_cpu_state *cpu, u32 vector)
{
	return pending_vectors(cpu) & (1U << vector);
}

#define SOFTIRQ_OFFSET                                                                                                 \
	0x100 /* include/linux/preempt.h: set from before the pending word is taken until the pass ends */

/* Whether softirqs are being served here, between two of them included; without the preempt count, in one of them. */
inline_always bool is_serving(struct wire_cpu_state *cpu)
{
	u64 rq = config.serving ? run_queue(cpu) : 0;
	u32 count = 0;

	if (!rq || bpf_probe_read_kernel(&count, sizeof(count), (void *)(rq + config.preempt_from_rq)))
		return cpu->softirq.start_ns;
	return count & SOFTIRQ_OFFSET;
}

/* Nanoseconds that the hypervisor has taken from this CPU, as far as the runqueue's clock has got; false: unreadable. */
inline_always bool read_steal(struct wire_cpu_state *cpu, u64 *steal_ns)
{
	u64 address = run_queue(cpu);
	struct rq *rq = (void *)address;

	if (!address || !bpf_core_field_exists(rq->prev_steal_time_rq))
		return false;
	*steal_ns = BPF_CORE_READ(rq, prev_steal_time_rq);
	return true;
}

/* The runqueue's clock, which the scheduler moves when it has something to do. */
inline_always void read_clock(struct wire_cpu_state *cpu, u64 *clock)
{
	u64 address = run_queue(cpu);
	struct rq *rq = (void *)address;

	if (address)
		*clock = BPF_CORE_READ(rq, clock);
}

#endif

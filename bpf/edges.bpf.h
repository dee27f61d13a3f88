/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Time by class: each event (an edge) charges the time since the one before to the class that was current. A wait that
 * begins keeps a copy of the totals; its breakdown is what they have grown when it ends.
 */
#ifndef IRQSCOPE_EDGES_BPF_H
#define IRQSCOPE_EDGES_BPF_H

#include "runqueue.bpf.h"

/* A pointer of this CPU's to a task, as a number; 1: there is none. */
inline_always u64 task_of_cpu(struct wire_cpu_state *cpu, bool known, s64 from_rq)
{
	u64 rq = known ? run_queue(cpu) : 0, task = 0;

	if (!rq || bpf_probe_read_kernel(&task, sizeof(task), (void *)(rq + from_rq)) || !task)
		return 1;
	return task;
}

/* `task` is on this CPU. */
inline_always u32 class_of_task(struct wire_cpu_state *cpu, u64 task, u32 pid)
{
	if (!pid)
		return WIRE_CLASS_IDLE;
	if (unlikely(!cpu->ksoftirqd_task)) {
		cpu->ksoftirqd_task = task_of_cpu(cpu, config.ksoftirqd, config.ksoftirqd_from_rq);
		cpu->ktimers_task = task_of_cpu(cpu, config.ktimers, config.ktimers_from_rq);
	}
	return task == cpu->ksoftirqd_task || task == cpu->ktimers_task ? WIRE_CLASS_KSOFTIRQD : WIRE_CLASS_TASK;
}

/* The current task's, where no switch to it has been seen yet. */
static __attribute__((noinline)) u32 class_of_current(struct wire_cpu_state *cpu)
{
	if (!cpu)
		return WIRE_CLASS_UNEXPLAINED;
	cpu->class_task = class_of_task(cpu, bpf_get_current_task(), (u32)bpf_get_current_pid_tgid());
	if (!cpu->class_below)
		cpu->class_below = cpu->class_task;
	return cpu->class_task;
}

/* From `now` on it is `next` that runs. With interrupts off. */
inline_always void edge(struct wire_cpu_state *cpu, u64 now, u32 next)
{
	u64 at = cpu->totals.at_ns;

	if (!config.totals)
		return;
	if (likely(at && now > at))
		cpu->totals.ns[cpu->class_now & 7] += now - at;
	cpu->totals.at_ns = now;
	cpu->class_now = next;
}

/* Charges up to now; what runs goes on. With interrupts off. */
inline_always void settle_totals(struct wire_cpu_state *cpu, u64 now)
{
	edge(cpu, now, cpu->class_now);
}

/* The time up to now had a begin or an end that went unseen: nobody knows whose it was. With interrupts off. */
inline_always void edge_unexplained(struct wire_cpu_state *cpu, u64 now)
{
	u32 next = cpu->class_now;

	cpu->class_now = WIRE_CLASS_UNEXPLAINED;
	edge(cpu, now, next);
}

/* What goes on when an interrupt ends and so many are left open. */
inline_always u32 class_below_interrupt(struct wire_cpu_state *cpu, u32 depth)
{
	if (!config.totals)
		return 0;
	if (unlikely(depth))
		return cpu->interrupts[(depth - 1) & (WIRE_INTERRUPT_DEPTH - 1)].action ? WIRE_CLASS_HARDIRQ :
											  WIRE_CLASS_SYSVEC;
	return likely(cpu->class_below) ? cpu->class_below : class_of_current(cpu);
}

/*
 * The same as edge(), from softirq_entry and softirq_exit, which run with interrupts on: one may come between any two
 * lines. It has charged up to its end then; `interrupt_ns` belongs to `now` (now_with_interrupts), and tells.
 */
inline_always void edge_of_softirq(struct wire_cpu_state *cpu, u64 now, u64 interrupt_ns, u32 next)
{
	u64 at = READ_ONCE(cpu->totals.at_ns), since;
	u32 class = cpu->class_now & 7;

	if (!config.totals)
		return;
	since = at && now > at ? now - at : 0;
	cpu->totals.ns[class] += since;
	WRITE_ONCE(cpu->totals.at_ns, at > now ? at : now);
	WRITE_ONCE(cpu->class_below, next);
	WRITE_ONCE(cpu->class_now, next);
	if (unlikely(READ_ONCE(cpu->interrupt_ns) != interrupt_ns && READ_ONCE(cpu->totals.at_ns) == now)) {
		/* It came before at_ns was written, and has charged the same time. */
		cpu->totals.ns[class] -= since;
		cpu->totals.at_ns = cpu->interrupt_end_ns;
	}
}

/* A copy of the totals as one, with interrupts on. */
inline_always void copy_totals(struct wire_cpu_state *cpu, struct wire_totals *to)
{
	u64 before = READ_ONCE(cpu->interrupt_ns);

	*to = cpu->totals;
	barrier();
	if (unlikely(READ_ONCE(cpu->interrupt_ns) != before))
		*to = cpu->totals;
}

/* What the totals have grown from the one copy to the other, into the stall. */
inline_always void breakdown(const struct wire_totals *from, const struct wire_totals *to, struct wire_stall *stall)
{
	u32 i;

	if (!config.totals || !from->at_ns)
		return;
	stall->breakdown_start_ns = from->at_ns;
	stall->breakdown_end_ns = to->at_ns;
	for (i = 0; i < WIRE_CLASSES; i++)
		stall->breakdown_ns[i] = to->ns[i] - from->ns[i];
}

#endif

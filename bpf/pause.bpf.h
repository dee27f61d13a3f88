/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PREEMPT_RT serves softirqs in tasks, and a task can lose its CPU in the middle of one: then the softirq pauses. Its CPU
 * serves no other meanwhile: the task holds the CPU's softirq_ctrl.lock (kernel/softirq.c, __local_bh_disable_ip; a
 * kernel that is built without PREEMPT_RT_NEEDS_BH_LOCK, 6.18, may serve one, and then the paused one is lost). Each
 * stretch is a softirq of its own in the time by class and in the flight recorder; its run is the sum of them.
 */
#ifndef IRQSCOPE_PAUSE_BPF_H
#define IRQSCOPE_PAUSE_BPF_H

#include "flight.bpf.h"
#include "totals.bpf.h"

/* What the softirq that runs had run before its present stretch, interrupts included. */
inline_always u64 softirq_ran(const struct wire_cpu_state *cpu)
{
	return config.pauses && cpu->stretches.first_ns ? cpu->stretches.ran_ns : 0;
}

inline_always u64 softirq_ran_net(const struct wire_cpu_state *cpu)
{
	return config.pauses && cpu->stretches.first_ns ? cpu->stretches.ran_ns - cpu->stretches.nested_ns : 0;
}

/* When it began; since_ns: when its present stretch did. */
inline_always u64 softirq_began(const struct wire_cpu_state *cpu, u64 since_ns)
{
	return config.pauses && cpu->stretches.first_ns ? cpu->stretches.first_ns : since_ns;
}

/* Its task leaves the CPU. With interrupts off, as all here. */
out_of_line int softirq_pauses(struct wire_cpu_state *cpu, u64 task, u64 now)
{
	struct wire_softirq_stretches *all = cpu ? &cpu->stretches : 0;
	u64 net;

	if (!all || !is_softirq_open(cpu) || now < cpu->softirq.start_ns)
		return 0;
	if (cpu->paused_task)
		cpu->lost[WIRE_LOST_SOFTIRQ_EXIT]++; /* of the one that paused there */
	net = softirq_net(cpu, now, cpu->interrupt_ns);
	if (!all->first_ns)
		all->first_ns = cpu->softirq.start_ns;
	all->ran_ns += now - cpu->softirq.start_ns;
	all->nested_ns += cpu->interrupt_ns - cpu->softirq.interrupt_ns;
	all->hardirq_ns += cpu->done_ns[WIRE_CLASS_HARDIRQ] - cpu->softirq.hardirq_ns;
	all->away_ns += cpu->done_ns[WIRE_CLASS_AWAY] - cpu->softirq.away_ns;
	all->unexplained_ns += cpu->done_ns[WIRE_CLASS_UNEXPLAINED] - cpu->softirq.unexplained_ns;
	cpu->softirqs_ns[class_of_softirq(cpu->softirq.context) & 7] += net;
	flight_softirq(cpu, now);
	cpu->paused = cpu->softirq;
	cpu->paused_task = task;
	cpu->softirq.start_ns = 0;
	cpu->softirq_end_ns = now;
	return 0;
}

/* Its task has the CPU again; the time by class has begun the task's stretch. */
out_of_line int softirq_resumes(struct wire_cpu_state *cpu, u64 now)
{
	if (!cpu)
		return 0;
	cpu->softirq = cpu->paused;
	cpu->softirq.interrupt_ns = cpu->interrupt_ns;
	cpu->softirq.hardirq_ns = cpu->done_ns[WIRE_CLASS_HARDIRQ];
	cpu->softirq.away_ns = cpu->done_ns[WIRE_CLASS_AWAY];
	cpu->softirq.unexplained_ns = cpu->done_ns[WIRE_CLASS_UNEXPLAINED];
	cpu->softirq.over_ns = 0;
	cpu->softirq.start_ns = now;
	cpu->paused_task = 0;
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flight recorder: the last spans of each CPU, for the reader to copy when a stall ends. */
#ifndef IRQSCOPE_FLIGHT_BPF_H
#define IRQSCOPE_FLIGHT_BPF_H

#include "state.bpf.h"

/* Without BPF_F_INNER_MAP, so that the JIT inlines the lookup. */
struct flight {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_NUMA_NODE);
	__uint(max_entries, 1); /* the loader makes the real ones */
	__uint(key_size, sizeof(u32));
#ifdef __bpf__ /* clang 14 leaves the type of an inner map's value out of the BTF of files that do not use it */
	__uint(value_size, sizeof(struct wire_flight));
#else
	__type(value, struct wire_flight);
#endif
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* the loader sets the number of CPU ids */
	__uint(key_size, sizeof(u32));
	__array(values, struct flight);
} flights __attribute__((weak)) SEC(".maps");

inline_always struct wire_flight *flight_entry(struct wire_cpu_state *cpu, u32 index)
{
	u32 number = cpu->number;
	struct flight *ring = bpf_map_lookup_elem(&flights, &number);

	return ring ? bpf_map_lookup_elem(ring, &index) : 0;
}

/* One that ends with interrupts off: a device interrupt or a sysvec. */
inline_always void flight_interrupt(struct wire_cpu_state *cpu, u32 what, u64 start, u64 end)
{
	struct wire_flight *entry;
	u64 next;

	if (!config.flight)
		return;
	next = cpu->flight_next;
	entry = flight_entry(cpu, next & (config.flight - 1));
	if (unlikely(!entry))
		return;
	cpu->flight_next = ++next;
	WRITE_ONCE(entry->number, 0);
	barrier();
	entry->start_ns = start;
	entry->end_ns = end;
	entry->what = what;
	barrier();
	WRITE_ONCE(entry->number, next);
}

/*
 * The softirq of cpu->softirq, which ends. An interrupt may come between any two lines, and writes into the other ring.
 * Before softirq.start_ns is cleared: a beat that comes here finds it twice rather than not at all.
 */
inline_always void flight_softirq(struct wire_cpu_state *cpu, u64 end)
{
	struct wire_flight *entry;
	u64 next;

	if (!config.flight)
		return;
	next = cpu->flight_softirq_next;
	entry = flight_entry(cpu, config.flight + (next & (config.flight / 2 - 1)));
	if (unlikely(!entry))
		return;
	cpu->flight_softirq_next = ++next;
	WRITE_ONCE(entry->number, 0);
	barrier();
	entry->start_ns = cpu->softirq.start_ns;
	entry->end_ns = end;
	entry->what = WIRE_HIST_SOFTIRQ_RUN + cpu->softirq.vector * WIRE_CONTEXTS + cpu->softirq.context;
	barrier();
	WRITE_ONCE(entry->number, next);
}

/*
 * The CPU leaves this task: its stretch since the switch to it. Before task_begins() of the next. With interrupts off.
 */
inline_always void flight_task(struct wire_cpu_state *cpu, struct task_struct *task, u64 now)
{
	u64 start = cpu->task_since_ns, next;
	struct wire_flight *entry;

	if (!config.flight || unlikely(!start))
		return;
	next = cpu->flight_next;
	entry = flight_entry(cpu, next & (config.flight - 1));
	if (unlikely(!entry))
		return;
	cpu->flight_next = ++next;
	WRITE_ONCE(entry->number, 0);
	barrier();
	entry->start_ns = start;
	entry->end_ns = now;
	entry->what = WIRE_FLIGHT_TASK;
	entry->task_class = cpu->task_class;
	if (cpu->task_class != WIRE_CLASS_IDLE) {
		entry->pid = BPF_CORE_READ(task, pid);
		entry->prio = BPF_CORE_READ(task, prio);
		entry->policy = BPF_CORE_READ(task, policy);
		bpf_core_read(entry->comm, sizeof(entry->comm), &task->comm);
	}
	barrier();
	WRITE_ONCE(entry->number, next);
}

/* What has not ended when a stall is told. */
inline_always void flight_open(struct wire_cpu_state *cpu, struct wire_stall *stall)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u32 i;

	stall->task_since_ns = cpu->task_since_ns;
	stall->task_class = cpu->task_class;
	stall->prio = BPF_CORE_READ(task, prio);
	stall->policy = BPF_CORE_READ(task, policy);
	stall->softirq_since_ns = cpu->softirq.start_ns;
	stall->softirq = WIRE_HIST_SOFTIRQ_RUN + cpu->softirq.vector * WIRE_CONTEXTS + cpu->softirq.context;
	stall->interrupts = cpu->depth;
	for (i = 0; i < WIRE_INTERRUPT_DEPTH; i++) {
		stall->open[i].start_ns = cpu->interrupts[i].start_ns;
		stall->open[i].key = cpu->interrupts[i].key;
		stall->open[i].device = !!cpu->interrupts[i].action;
	}
}

#endif

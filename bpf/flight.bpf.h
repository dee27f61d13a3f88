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

/*
 * The next entry of one of the two rings (which begins at `base`, with so many entries, a power of two; *next counts them),
 * begun: it has no number until flight_written(). 0: there is none.
 */
inline_always struct wire_flight *flight_write(struct wire_cpu_state *cpu, u64 *next, u32 base, u32 entries, u32 what,
					       u64 start, u64 end)
{
	u32 number = cpu->number, index = base + (*next & (entries - 1));
	struct flight *ring = bpf_map_lookup_elem(&flights, &number);
	struct wire_flight *entry = ring ? bpf_map_lookup_elem(ring, &index) : 0;

	if (unlikely(!entry))
		return 0;
	++*next;
	WRITE_ONCE(entry->number, 0);
	barrier();
	entry->start_ns = start;
	entry->end_ns = end;
	entry->what = what;
	return entry;
}

inline_always void flight_written(struct wire_flight *entry, u64 next)
{
	barrier();
	WRITE_ONCE(entry->number, next);
}

/* One that ends with interrupts off: a device interrupt or a sysvec. */
inline_always void flight_interrupt(struct wire_cpu_state *cpu, u32 what, u64 start, u64 end)
{
	struct wire_flight *entry;

	if (!config.flight)
		return;
	entry = flight_write(cpu, &cpu->flight_next, 0, config.flight, what, start, end);
	if (likely(entry))
		flight_written(entry, cpu->flight_next);
}

/*
 * The softirq of cpu->softirq, which ends. An interrupt may come between any two lines, and writes into the other ring.
 * Before softirq.start_ns is cleared: a beat that comes here finds it twice rather than not at all.
 */
inline_always void flight_softirq(struct wire_cpu_state *cpu, u64 end)
{
	struct wire_flight *entry;

	if (!config.flight)
		return;
	entry = flight_write(cpu, &cpu->flight_softirq_next, config.flight, config.flight / 2,
			     histogram_of_softirq(cpu), cpu->softirq.start_ns, end);
	if (likely(entry))
		flight_written(entry, cpu->flight_softirq_next);
}

/*
 * The CPU leaves this task: its stretch since the switch to it. Before task_begins() of the next. With interrupts off.
 */
inline_always void flight_task(struct wire_cpu_state *cpu, struct task_struct *task, u64 now)
{
	struct wire_flight *entry;

	if (!config.flight || unlikely(!cpu->task_since_ns))
		return;
	entry = flight_write(cpu, &cpu->flight_next, 0, config.flight, WIRE_FLIGHT_TASK, cpu->task_since_ns, now);
	if (unlikely(!entry))
		return;
	entry->task_class = cpu->task_class;
	if (cpu->task_class != WIRE_CLASS_IDLE) {
		entry->pid = BPF_CORE_READ(task, pid);
		entry->prio = BPF_CORE_READ(task, prio);
		entry->policy = BPF_CORE_READ(task, policy);
		bpf_core_read(entry->comm, sizeof(entry->comm), &task->comm);
	}
	flight_written(entry, cpu->flight_next);
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
	stall->softirq = histogram_of_softirq(cpu);
	stall->interrupts = cpu->depth;
	for (i = 0; i < WIRE_INTERRUPT_DEPTH; i++) {
		stall->open[i].start_ns = cpu->interrupts[i].start_ns;
		stall->open[i].key = cpu->interrupts[i].key;
		stall->open[i].device = !!cpu->interrupts[i].action;
	}
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Per-CPU state and the loader's settings. The definitions are weak: each .bpf.c file includes them and `bpftool gen
 * object` makes them one.
 *
 * Who may interrupt whom on one CPU: raise, interrupt entry and interrupt exit run with interrupts off; softirq entry
 * and exit run with them on, so that any of the former can come between any two of their instructions. Softirqs do not
 * nest. Hence what both touch (raised_ns, interrupt_ns) is read and written in an order that survives that.
 */
#ifndef IRQSCOPE_STATE_BPF_H
#define IRQSCOPE_STATE_BPF_H

#include "compat.bpf.h"
#include "wire.h"

const volatile struct wire_config config __attribute__((weak)) SEC(".rodata");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wire_cpu_state);
} cpu_states __attribute__((weak)) SEC(".maps");

inline_always struct wire_cpu_state *this_cpu(void)
{
	u32 zero = 0;
	struct wire_cpu_state *cpu = bpf_map_lookup_elem(&cpu_states, &zero);

	return cpu && READ_ONCE(cpu->enabled) ? cpu : 0;
}

/* The outermost is 0. */
inline_always struct wire_interrupt_frame *open_interrupt(struct wire_cpu_state *cpu, u32 depth)
{
	return &cpu->interrupts[depth & (WIRE_INTERRUPT_DEPTH - 1)];
}

/* Of the softirq that runs, or has just ended: that of its runs. */
inline_always u32 histogram_of_softirq(const struct wire_cpu_state *cpu)
{
	return WIRE_HIST_SOFTIRQ_RUN + cpu->softirq.vector * WIRE_CONTEXTS + cpu->softirq.context;
}

/*
 * The time, and the interrupt time that belongs to it, as a pair. An interrupt between the two reads is seen by its
 * trace in the total; then both are read again.
 */
inline_always u64 now_with_interrupts(struct wire_cpu_state *cpu, u64 *interrupt_ns)
{
	u64 before = READ_ONCE(cpu->interrupt_ns);
	u64 now = bpf_ktime_get_ns();

	*interrupt_ns = READ_ONCE(cpu->interrupt_ns);
	if (unlikely(*interrupt_ns != before))
		now = bpf_ktime_get_ns();
	return now;
}

#endif

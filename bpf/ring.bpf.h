/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One ring buffer a CPU: a ring buffer has a lock, and nobody else's CPU shall wait for it. */
#ifndef IRQSCOPE_RING_BPF_H
#define IRQSCOPE_RING_BPF_H

#include "state.bpf.h"

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* the loader makes the real ones */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* the loader sets the number of CPU ids */
	__uint(key_size, sizeof(u32));
	__array(values, struct ring);
} rings __attribute__((weak)) SEC(".maps");

/* False: there was no room (or no ring), and the record is lost. `number` is this CPU's. */
inline_always bool ring_send_waking(struct wire_cpu_state *cpu, u32 number, void *record, u64 size, bool at_once)
{
	void *ring = bpf_map_lookup_elem(&rings, &number);
	bool wake;

	if (!ring)
		return false;
	/*
	 * Wake by amount, not by event: below it the reader's own timeout finds what is there. The amount is counted
	 * here and not asked of the ring, whose consumer's cache line is on another CPU.
	 */
	cpu->unwoken_bytes += size;
	wake = at_once || cpu->unwoken_bytes >= config.wake_bytes;
	if (bpf_ringbuf_output(ring, record, size, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP))
		return false;
	if (wake)
		cpu->unwoken_bytes = 0;
	return true;
}

inline_always bool ring_send(struct wire_cpu_state *cpu, u32 number, void *record, u64 size)
{
	return ring_send_waking(cpu, number, record, size, false);
}

#endif

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

/* False: there was no room (or no ring), and the record is lost. */
inline_always bool ring_send(void *record, u64 size)
{
	u32 cpu = bpf_get_smp_processor_id();
	void *ring = bpf_map_lookup_elem(&rings, &cpu);
	u64 flags;

	if (!ring)
		return false;
	/* Wake by amount, not by event: below it the reader's own timeout finds what is there. */
	flags = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >= config.wake_bytes ? BPF_RB_FORCE_WAKEUP :
										  BPF_RB_NO_WAKEUP;
	return bpf_ringbuf_output(ring, record, size, flags) == 0;
}

#endif

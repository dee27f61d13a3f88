/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device interrupts: each action has a histogram on each CPU on which it ran, found by its IRQ's number. */
#ifndef IRQSCOPE_SLOTS_BPF_H
#define IRQSCOPE_SLOTS_BPF_H

#include "histogram.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wire_irq_index);
} irq_index __attribute__((weak)) SEC(".maps");

/* What the search for an action's slot came to: its histogram, or none of those of its IRQ. */
struct slot {
	struct wire_histogram *histogram;
	u32 index; /* of the histogram */
	bool full; /* the IRQ has as many as are looked through */
};

inline_always void find_slot(struct wire_irq_index *slots, u64 action, u32 irq, struct slot *found)
{
	u32 slot = irq < WIRE_IRQ_LIMIT ? slots->slot[irq] : 0, i;

	found->histogram = 0;
	for (i = 0; i < WIRE_ACTION_CHAIN && slot; i++) {
		found->index = WIRE_HIST_HARDIRQ_RUN + slot - 1;
		found->histogram = histogram_at(found->index);
		if (!found->histogram || likely(found->histogram->action == action))
			break;
		slot = found->histogram->next;
		found->histogram = 0;
	}
	found->full = i >= WIRE_ACTION_CHAIN;
}

#endif

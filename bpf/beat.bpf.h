/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a beat found, and which interrupt made it late. */
#ifndef IRQSCOPE_BEAT_BPF_H
#define IRQSCOPE_BEAT_BPF_H

#include "slots.bpf.h"
#include "stall.bpf.h"

/*
 * On its way from one part of the program to the next. In a map, not on the stack: 6.1's verifier took a culprit that was
 * stored there as WIRE_NO_CULPRIT for that in a subprogram, whatever had been stored since, and dropped the branch.
 */
struct beat {
	u64 now;
	u64 due;   /* when it should have been served */
	u64 late;  /* how late that was, at least: to the clock, or to the first interrupt that was served */
	u64 off;   /* of that, how long interrupts were off */
	u64 begun; /* when the interrupt that it is served in began */
	u64 culprit_ns;
	u32 culprit; /* histogram of an interrupt that took most of it, or WIRE_NO_CULPRIT */
	bool own;    /* the culprit is the interrupt that it is served in */
	bool hang;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct beat);
} beat_room SEC(".maps");

/* Of the interrupt that runs: the local timer's, where no other has told of itself. An action's first run has none yet. */
static __attribute__((noinline)) u32 histogram_of_interrupt(struct wire_cpu_state *cpu)
{
	struct wire_interrupt_frame *frame;
	struct wire_irq_index *slots;
	struct slot found = {};
	u32 zero = 0;

	if (!cpu || !cpu->depth)
		return WIRE_HIST_SYSVEC_RUN + WIRE_SYSVEC_LOCAL_TIMER;
	frame = open_interrupt(cpu, cpu->depth - 1);
	if (!frame->action)
		return WIRE_HIST_SYSVEC_RUN + frame->key;
	slots = bpf_map_lookup_elem(&irq_index, &zero);
	if (slots)
		find_slot(slots, frame->action, frame->key, &found);
	return found.histogram ? found.index : WIRE_HIST_HARDIRQ_OTHER;
}

/* Which interrupt filled most of the lateness, if one did: this one, or one that was over when it came. */
inline_always void find_culprit(struct wire_cpu_state *cpu, struct beat *beat)
{
	u64 end = beat->due + beat->late; /* of a restarted timer's before now */
	u64 own = overlap(beat->begun, end, beat->due, end);
	u32 histogram;
	u64 other = longest_interrupt(cpu, beat->due, end, &histogram);

	beat->off = beat->late;
	beat->culprit = WIRE_NO_CULPRIT;
	beat->culprit_ns = own > other ? own : other;
	if (beat->hang && other > own && other >= config.stall_ns[WIRE_STALL_IRQ_OFF]) {
		/* The overlong interrupt itself held; what came after it was the kernel's back-off. */
		beat->culprit = histogram;
		beat->off = other;
		return;
	}
	if (beat->culprit_ns < beat->late / 2) {
		beat->culprit_ns = 0;
	} else if (own > other) {
		beat->own = true;
		beat->culprit = histogram_of_interrupt(cpu);
		return;
	} else if (other) {
		beat->culprit = histogram;
	}
	/* Unless this interrupt held itself, what held it off was over when it came. */
	if (beat->begun > beat->due && beat->begun < end)
		beat->off = beat->begun - beat->due;
}

#endif

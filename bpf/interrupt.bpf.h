/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What device interrupts and sysvecs share: a small stack of open spans a CPU, each nanosecond charged once. */
#ifndef IRQSCOPE_INTERRUPT_BPF_H
#define IRQSCOPE_INTERRUPT_BPF_H

#include "histogram.bpf.h"
#include "stall.bpf.h"
#include "threads.bpf.h"

#define SETTLE_NS 1000000 /* who reads the totals from outside finds them no older, where interrupts come at all */

inline_always void interrupt_begin(struct wire_cpu_state *cpu, u64 action, u32 key)
{
	u32 depth = cpu->depth;
	u64 now = bpf_ktime_get_ns();

	/* The first interrupt that is accepted when a beat is due proves that interrupts are on again. */
	if (unlikely(now >= cpu->due_ns) && !cpu->served_ns) {
		cpu->served_ns = now;
		cpu->before_served_ns = cpu->interrupts[0].start_ns;
	}
	if (unlikely(depth >= WIRE_INTERRUPT_DEPTH)) {
		/* Exits were missed: what stands there is over. The new one is real. */
		cpu->lost[WIRE_LOST_INTERRUPT_DEPTH] += depth;
		depth = 0;
		interrupts_unexplained(cpu, &cpu->interrupts[0], now);
	}
	if (config.totals) {
		cpu->interrupts[depth].hardirq_ns = cpu->done_ns[WIRE_CLASS_HARDIRQ];
		cpu->interrupts[depth].unexplained_ns = cpu->done_ns[WIRE_CLASS_UNEXPLAINED];
	}
	cpu->interrupts[depth].interrupt_ns = cpu->interrupt_ns;
	cpu->interrupts[depth].action = action;
	cpu->interrupts[depth].key = key;
	cpu->interrupts[depth].start_ns = now;
	cpu->depth = depth + 1;
}

/*
 * The span that ends is not the innermost open one: the spans above it lost their exits. Its depth from one on, or 0:
 * there is none.
 */
static __attribute__((noinline)) u32 find_interrupt(struct wire_cpu_state *cpu, u64 action, u32 key)
{
	u32 i, depth = 0;

	if (!cpu)
		return 0;
	for (i = 0; i < WIRE_INTERRUPT_DEPTH; i++) {
		struct wire_interrupt_frame *frame = open_interrupt(cpu, i);

		if (i < cpu->depth && frame->action == action && frame->key == key)
			depth = i + 1;
	}
	return depth;
}

/* Ends the innermost open span of this action and key. False: there is none, an exit without an entry. */
inline_always bool interrupt_end(struct wire_cpu_state *cpu, u64 now, u64 action, u32 key, u32 lost_entry,
				 struct wire_span *span)
{
	u32 depth = cpu->depth;
	struct wire_interrupt_frame *frame = open_interrupt(cpu, depth - 1);

	if (unlikely(!depth || frame->action != action || frame->key != key)) {
		depth = find_interrupt(cpu, action, key);
		if (!depth) {
			interrupts_unexplained(cpu, 0, now);
			return false;
		}
		cpu->lost[lost_entry] += cpu->depth - depth;
		interrupts_unexplained(cpu, open_interrupt(cpu, depth), now);
		frame = open_interrupt(cpu, depth - 1);
	}
	span->start_ns = frame->start_ns;
	span->duration_ns = now - frame->start_ns;
	span->nested_ns = cpu->interrupt_ns - frame->interrupt_ns;
	/* net of what was nested in it and is in the total already */
	cpu->interrupt_ns += span->duration_ns - span->nested_ns;
	cpu->interrupt_end_ns = now;
	cpu->depth = depth - 1;
	if (config.totals) {
		cpu->done_ns[action ? WIRE_CLASS_HARDIRQ : WIRE_CLASS_SYSVEC] += span->duration_ns - span->nested_ns;
		if (unlikely(now - cpu->totals.at_ns > SETTLE_NS))
			settle_totals(cpu, now);
	}
	return true;
}

inline_always void interrupt_count(struct wire_cpu_state *cpu, struct wire_histogram *histogram, u32 index,
				   struct wire_span *span)
{
	u64 due = cpu->due_ns, end = span->start_ns + span->duration_ns, start;

	flight_interrupt(cpu, index, span->start_ns, end);
	if (config.histograms)
		histogram_count(histogram, span->duration_ns, span->nested_ns);
	sum_interrupt(index, span->duration_ns - span->nested_ns);
	if (unlikely(end > due)) { /* what was over when the beat was due has not delayed it */
		if (span->start_ns <= cpu->beats.last_ns)
			cpu->beats.own_end_ns = end;
		start = span->start_ns > due ? span->start_ns : due;
		if (end - start > cpu->longest_ns) {
			cpu->longest_ns = end - start;
			cpu->longest_start_ns = start;
			cpu->longest_histogram = index;
		}
	}
	if (config.stream) {
		span->kind = WIRE_RECORD_INTERRUPT;
		span->histogram = index;
		span->cpu = bpf_get_smp_processor_id();
		if (unlikely(!ring_send(cpu, span->cpu, span, sizeof(*span))))
			histogram->dropped++;
	}
}

#endif

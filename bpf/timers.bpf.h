/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hard hrtimers that one interrupt serves, one after the other: which function took longest. Between the interrupt's
 * entry, its timers and its exit the kernel has only a few straight lines (kernel/time/hrtimer.c, hrtimer_interrupt).
 */
#ifndef IRQSCOPE_TIMERS_BPF_H
#define IRQSCOPE_TIMERS_BPF_H

#include "away.bpf.h"

/* Between two lines of the interrupt's: what was away there is nested in it, as another interrupt would be. */
inline_always void look_between(struct wire_cpu_state *cpu, u64 start, u64 end)
{
	if (likely(!is_away(start, end)))
		return;
	tell_away(cpu, start, end);
	if (!config.totals)
		return;
	cpu->timers.away_ns += end - start;
	cpu->done_ns[WIRE_CLASS_AWAY] += end - start;
	cpu->interrupt_ns += end - start;
}

/* The timer expires, in the interrupt that began then. */
inline_always void timer_begins(struct wire_cpu_state *cpu, struct hrtimer *timer, u64 function, u64 begun, u64 now)
{
	struct wire_timers *timers = &cpu->timers;

	if (timers->interrupt_ns != begun) {
		timers->interrupt_ns = begun;
		timers->last_ns = begun;
		timers->away_ns = 0;
		timers->longest_ns = 0;
		timers->longest_function = 0;
	}
	look_between(cpu, timers->last_ns, now);
	timers->start_ns = now;
	timers->function = function;
	timers->timer = address_of(timer, &cpu->timer_address);
}

/* Its function has returned, and the timer itself may be gone. */
inline_always void timer_ends(struct wire_cpu_state *cpu, struct hrtimer *timer, u64 now)
{
	struct wire_timers *timers = &cpu->timers;
	u64 ns = now - timers->start_ns;

	if (timers->timer != address_of(timer, &cpu->timer_address))
		return; /* a soft one, in its softirq */
	timers->timer = 0;
	timers->last_ns = now;
	if (ns > timers->longest_ns) {
		timers->longest_ns = ns;
		timers->longest_function = timers->function;
	}
}

/*
 * The local timer's interrupt ends, the innermost one. Its last timer's end and this are apart by the hardware's being set
 * (a VM exit); and so is all of one in which no timer expired.
 */
inline_always void timer_interrupt_ends(struct wire_cpu_state *cpu, u64 now)
{
	const struct wire_interrupt_frame *frame = open_interrupt(cpu, cpu->depth - 1);

	if (unlikely(!cpu->depth || frame->action || frame->key != WIRE_SYSVEC_LOCAL_TIMER))
		return; /* the entry was lost */
	if (cpu->timers.interrupt_ns != frame->start_ns)
		look_between(cpu, frame->start_ns, now);
	else if (!cpu->timers.timer)
		look_between(cpu, cpu->timers.last_ns, now);
}

#endif

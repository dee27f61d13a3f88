/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hard hrtimers that one interrupt serves, one after the other: which function took longest. Between the interrupt's
 * entry, its timers and its exit the kernel has only a few straight lines (kernel/time/hrtimer.c, hrtimer_interrupt).
 */
#ifndef IRQSCOPE_TIMERS_BPF_H
#define IRQSCOPE_TIMERS_BPF_H

#include "away.bpf.h"

/* The timer expires, in the interrupt that began then. */
inline_always void timer_begins(struct wire_cpu_state *cpu, struct hrtimer *timer, u64 function, u64 begun, u64 now)
{
	struct wire_timers *timers = &cpu->timers;

	if (timers->interrupt_ns != begun) {
		timers->interrupt_ns = begun;
		timers->last_ns = begun;
		timers->longest_ns = 0;
		timers->longest_function = 0;
	}
	look_for_away(cpu, timers->last_ns, now);
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

/* The interrupt is over; its last timer's end and this are apart by the hardware's being set (a VM exit). */
inline_always void timer_interrupt_ends(struct wire_cpu_state *cpu, u64 begun, u64 now)
{
	if (cpu->timers.interrupt_ns == begun && !cpu->timers.timer)
		look_for_away(cpu, cpu->timers.last_ns, now);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hard hrtimers that one interrupt serves, one after the other: which function took longest, and time in which the
 * CPU itself was away. No event tells of a hypervisor that counts no steal for us (one below ours), of firmware (SMI), of an
 * NMI; but between the interrupt's entry, its timers and its exit the kernel has only a few straight lines
 * (kernel/time/hrtimer.c, hrtimer_interrupt), so that time there is nobody's else.
 */
#ifndef IRQSCOPE_TIMERS_BPF_H
#define IRQSCOPE_TIMERS_BPF_H

#include "ring.bpf.h"

static __attribute__((noinline)) int tell_away(struct wire_cpu_state *cpu, u64 start, u64 end)
{
	struct wire_away record = {};

	if (!cpu)
		return 0;
	record.kind = WIRE_RECORD_AWAY;
	record.cpu = bpf_get_smp_processor_id();
	record.start_ns = start;
	record.end_ns = end;
	if (!ring_send(cpu, record.cpu, &record, sizeof(record)))
		cpu->lost[WIRE_LOST_STALL]++;
	return 0;
}

inline_always void look_for_away(struct wire_cpu_state *cpu, u64 start, u64 end)
{
	if (unlikely(config.stall_rate && end > start && end - start >= WIRE_AWAY_NS))
		tell_away(cpu, start, end);
}

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

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Telling a stall: its record with the stack of who runs, through the CPU's ring, and no more than so many a second. */
#ifndef IRQSCOPE_STALL_BPF_H
#define IRQSCOPE_STALL_BPF_H

#include "mark.bpf.h"
#include "pause.bpf.h"
#include "ring.bpf.h"
#include "runqueue.bpf.h"
#include "totals.bpf.h"

/* A beat may interrupt the making of a softirq's record: each has a room of its own. */
enum stall_room { ROOM_SOFTIRQ = 0, ROOM_INTERRUPT = 1, ROOMS = 2 };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROOMS);
	__type(key, u32);
	__type(value, struct wire_stall);
} stall_rooms __attribute__((weak)) SEC(".maps");

/* An empty record: a stall of this length that ended, exact, with nobody to blame but who runs. */
inline_always void stall_begin(struct wire_stall *stall, enum wire_stall_kind what, u64 start, u64 duration)
{
	stall->kind = WIRE_RECORD_STALL;
	stall->what = what;
	stall->state = WIRE_STALL_ENDED;
	stall->start_ns = start;
	stall->duration_ns = duration;
	stall->less_than_ns = 0;
	stall->culprit = WIRE_NO_CULPRIT;
	stall->culprit_ns = 0;
	stall->timer_function = 0;
	stall->breakdown_start_ns = 0;
	stall->ip = 0;
	stall->stack = WIRE_STACK_POST_HOC;
}

inline_always struct wire_stall *stall_room(enum stall_room room, enum wire_stall_kind what, u64 start, u64 duration)
{
	u32 index = room;
	struct wire_stall *stall = bpf_map_lookup_elem(&stall_rooms, &index);

	if (stall)
		stall_begin(stall, what, start, duration);
	return stall;
}

/*
 * Whether this one goes beyond what may be told in a second. The end of one that was told as open may always; that of
 * one that was suppressed then is counted already.
 */
inline_always bool is_suppressed(struct wire_cpu_state *cpu, u32 what, u64 now, u8 told)
{
	u32 *used;

	/* a softirq's may be told after, and have ended before, that of an interrupt which came meanwhile */
	if ((s64)(now - cpu->rate_ns) >= 1000000000LL) {
		cpu->rate_ns = now;
		cpu->rate_used = 0;
		cpu->rate_activations = 0;
	}
	used = what == WIRE_STALL_KSOFTIRQD ? &cpu->rate_activations :
					      &cpu->rate_used; /* few, and not to be crowded out */
	if (told == WIRE_TOLD || *used < config.stall_rate) {
		(*used)++;
		return false;
	}
	if (told != WIRE_TOLD_SUPPRESSED && what < WIRE_STALL_KINDS)
		cpu->suppressed[what]++;
	return true;
}

/*
 * Sends it (`size` bytes from its start on) with the task of now and, if wanted, the stack. `told`: what was said of it
 * before. False: beyond the rate.
 */
inline_always bool stall_send(void *ctx, struct wire_cpu_state *cpu, struct wire_stall *stall, u64 size, u8 told,
			      bool with_stack)
{
	u64 end = stall->start_ns + stall->duration_ns;
	u32 number = bpf_get_smp_processor_id();
	long bytes = 0;

	if (is_suppressed(cpu, stall->what, end, told))
		return false;
	if (config.mark_perf || config.mark_printk) /* first of all: perf takes the time of now */
		mark(ctx, stall->what, stall->state, stall->start_ns, stall->duration_ns);
	if (unlikely(!cpu->steal_ns)) /* no beat has come yet: or all that was ever stolen would be this stall's */
		read_steal(cpu, &cpu->steal_ns);
	stall->cpu = number;
	stall->steal_ns = cpu->steal_ns;
	stall->steal_known = cpu->steal_known;
	stall->beats_known = !!cpu->beats.generation;
	stall->pid = (u32)bpf_get_current_pid_tgid();
	bpf_get_current_comm(stall->comm, sizeof(stall->comm));
	if (with_stack)
		bytes = bpf_get_stack(ctx, stall->frames, sizeof(stall->frames), 0);
	stall->depth = bytes > 0 ? bytes / sizeof(u64) : 0;
	stall->late_ns = cpu->beats.late_ns;
	cpu->last_stall_ns = end;
	if (!cpu->unsettled_ns)
		cpu->unsettled_ns = end;
	flight_open(cpu, stall);
	/*
	 * The flight recorder goes on, and over what the stall was: the reader copies it at once. Not while the CPU is
	 * held: a reader that is woken on it could not run, and not be moved.
	 */
	if (!ring_send_waking(cpu, number, stall, size, config.flight && stall->state == WIRE_STALL_ENDED))
		cpu->lost[WIRE_LOST_STALL]++;
	return true;
}

inline_always bool stall_tell(void *ctx, struct wire_cpu_state *cpu, struct wire_stall *stall, u8 told)
{
	return stall_send(ctx, cpu, stall, sizeof(*stall), told, true);
}

inline_always u64 overlap(u64 start, u64 end, u64 from, u64 to)
{
	start = start > from ? start : from;
	end = end < to ? end : to;
	return end > start ? end - start : 0;
}

/* The longest interrupt of late that lies in [from, to); its part of that. */
inline_always u64 longest_interrupt(struct wire_cpu_state *cpu, u64 from, u64 to, u32 *histogram)
{
	u64 last = overlap(cpu->longest_start_ns, cpu->longest_start_ns + cpu->longest_ns, from, to);
	u64 before = overlap(cpu->long_start_ns, cpu->long_start_ns + cpu->long_ns, from, to);

	*histogram = last >= before ? cpu->longest_histogram : cpu->long_histogram;
	return last >= before ? last : before;
}

/* A wait of softirqs that an interrupt filled is the interrupt's, and the stack its victim's. */
inline_always void blame_interrupt(struct wire_cpu_state *cpu, struct wire_stall *stall)
{
	u64 end = stall->start_ns + stall->duration_ns, ns;
	u32 histogram;

	ns = longest_interrupt(cpu, stall->start_ns, end, &histogram);
	if (ns >= stall->duration_ns / 2 && ns) {
		stall->culprit = histogram;
		stall->culprit_ns = ns;
		stall->stack = WIRE_STACK_INTERRUPTED;
	}
}

/* The softirq that runs is the culprit if it had most of [from, to), which ends now at the latest. */
inline_always void blame_softirq(struct wire_cpu_state *cpu, struct wire_stall *stall, u64 from, u64 to, u64 now)
{
	u64 ns;

	if (!cpu->softirq.start_ns)
		return;
	ns = overlap(cpu->softirq.start_ns, now, from, to);
	if (ns < (to - from) / 2)
		return;
	stall->culprit = histogram_of_softirq(cpu);
	stall->culprit_ns = ns;
}

/* What an open stall of softirqs is: by its place in told[], its kind and histogram. */
inline_always u32 stall_of_slot(u32 slot)
{
	if (slot == WIRE_TOLD_OFF)
		return WIRE_STALL_SOFTIRQ_OFF;
	return slot == WIRE_TOLD_RUN ? WIRE_STALL_SOFTIRQ_RUN : WIRE_STALL_SOFTIRQ_LATENCY;
}

inline_always u32 histogram_of_slot(struct wire_cpu_state *cpu, u32 slot)
{
	if (slot == WIRE_TOLD_OFF)
		return WIRE_HIST_SOFTIRQ_OFF;
	if (slot == WIRE_TOLD_RUN)
		return histogram_of_softirq(cpu);
	return WIRE_HIST_SOFTIRQ_LATENCY + slot;
}

/* The softirq that runs or has just ended, from `start` up to `now`; of that, interrupts took so much. */
inline_always void breakdown_of_softirq(struct wire_cpu_state *cpu, u64 start, u64 now, u64 nested,
					struct wire_stall *stall)
{
	struct wire_softirq_frame *frame = &cpu->softirq;

	breakdown_of_run(class_of_softirq(frame->context), start, now - start, nested,
			 cpu->done_ns[WIRE_CLASS_HARDIRQ] - frame->hardirq_ns +
				 (config.pauses ? cpu->stretches.hardirq_ns : 0),
			 cpu->done_ns[WIRE_CLASS_AWAY] - frame->away_ns + (config.pauses ? cpu->stretches.away_ns : 0),
			 cpu->done_ns[WIRE_CLASS_UNEXPLAINED] - frame->unexplained_ns +
				 (config.pauses ? cpu->stretches.unexplained_ns : 0),
			 stall);
}

/* What a beat finds open; it has settled the totals. */
inline_always void breakdown_of_open(struct wire_cpu_state *cpu, u32 slot, u64 now, struct wire_stall *stall)
{
	u64 t = now, interrupts = cpu->interrupt_ns;

	if (slot == WIRE_TOLD_RUN) {
		below_interrupts(cpu, &t, &interrupts);
		/* what has ended, and the one that runs */
		breakdown_of_softirq(cpu, stall->start_ns, stall->start_ns + stall->duration_ns,
				     interrupts - cpu->softirq.interrupt_ns + (now - t) +
					     (config.pauses ? cpu->stretches.nested_ns : 0),
				     stall);
	} else {
		breakdown(slot == WIRE_TOLD_OFF ? &cpu->at_off : &cpu->at_raise[slot < WIRE_VECTORS ? slot : 0],
			  &cpu->totals, stall);
	}
}

/*
 * One stall of softirqs that is open, or was and went away unseen; with the stack of who runs now. The room is
 * ROOM_INTERRUPT if interrupts are off. Out of line: rare.
 */
static __attribute__((noinline)) int stall_tell_open(void *ctx, struct wire_cpu_state *cpu, u32 slot, u64 start,
						     enum stall_room room)
{
	u64 now = bpf_ktime_get_ns(), ns = now - start;
	struct wire_stall *stall;
	bool gone;

	if (!cpu || slot >= sizeof(cpu->told))
		return 0;
	gone = cpu->told[slot];
	if (slot == WIRE_TOLD_RUN) {
		ns += softirq_ran(cpu);
		start = softirq_began(cpu, start);
	}
	stall = stall_room(room, stall_of_slot(slot), start, ns);
	if (!stall)
		return 0;
	stall->state = gone ? WIRE_STALL_GONE : WIRE_STALL_OPEN;
	stall->stack = WIRE_STACK_ONGOING;
	stall->histogram = histogram_of_slot(cpu, slot);
	if (slot != WIRE_TOLD_RUN)
		blame_interrupt(cpu, stall);
	if (!gone && room == ROOM_INTERRUPT) /* a beat, which has settled the totals */
		breakdown_of_open(cpu, slot, now, stall);
	if (gone) {
		if (cpu->told[slot] == WIRE_TOLD)
			stall_tell(ctx, cpu, stall, WIRE_TOLD);
		cpu->told[slot] = 0;
	} else {
		cpu->told[slot] = stall_tell(ctx, cpu, stall, 0) ? WIRE_TOLD : WIRE_TOLD_SUPPRESSED;
	}
	return 0;
}

/* The end of this one went unseen: if it was told as open, that is told too. */
inline_always void stall_is_gone(void *ctx, struct wire_cpu_state *cpu, u32 slot, u64 start, enum stall_room room)
{
	if (unlikely(cpu->told[slot]))
		stall_tell_open(ctx, cpu, slot, start, room);
}

#endif

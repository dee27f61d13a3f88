/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The countdown to a soft lockup, by the kernel's own criterion (kernel/watchdog.c): its watchdog's timer wakes the CPU's
 * stopper (migration/N) each sample period, and counts from when that ran last. No task comes before the stopper: while it
 * waits, the CPU does not switch at all, and the first switch is to it. So a beat that finds it waiting begins the count,
 * and any switch ends it; its wakings, which any CPU may do, need not be followed.
 *
 * Where there is no watchdog, a task that waits stands in for the stopper: one that the scheduler wants to switch to.
 */
#ifndef IRQSCOPE_LOCKUP_BPF_H
#define IRQSCOPE_LOCKUP_BPF_H

#include "activation.bpf.h"

#define PREEMPT_NEED_RESCHED 0x80000000U /* arch/x86/include/asm/preempt.h: clear when it is wanted */
#define TOUCHED_UNTIL_NEXT_SAMPLE (~0UL) /* kernel/watchdog.c, SOFTLOCKUP_DELAY_REPORT (SOFTLOCKUP_RESET before 5.13) */
#define SAMPLES 5 /* kernel/watchdog.c: sample periods until a lockup (NUM_SAMPLE_PERIODS since 6.10) */

/* It is runnable, and has not got the CPU. */
inline_always bool stopper_waits(struct rq *rq)
{
	struct task_struct *stopper = BPF_CORE_READ(rq, stop);

	return stopper && (u64)stopper != bpf_get_current_task() && !state_of(stopper);
}

/* Another task is runnable, and as far as that can be told the scheduler wants to switch: it lets a SCHED_FIFO task run. */
inline_always bool other_task_waits(struct rq *rq)
{
	u32 own = !!(u32)bpf_get_current_pid_tgid(); /* idle is not counted */
	u32 count = 0;

	if (BPF_CORE_READ(rq, nr_running) <= own)
		return false;
	if (!config.serving || bpf_probe_read_kernel(&count, sizeof(count), (void *)((u64)rq + config.preempt_from_rq)))
		return true;
	return !(count & PREEMPT_NEED_RESCHED);
}

/*
 * What the watchdog counts. The stopper was woken at most a sample period after it ran last, so that its wait and one
 * period more is the most that it can be: less, if somebody has touched the watchdog since, who tells it a second (of
 * 2^30 ns) since which it counts (get_timestamp()).
 */
inline_always u64 watchdog_count(struct rq *rq, u64 waited_ns)
{
	u64 count = waited_ns + config.stall_ns[WIRE_STALL_LOCKUP] / SAMPLES, most, clock;
	unsigned long touched = 0;

	if (!config.touched ||
	    bpf_probe_read_kernel(&touched, sizeof(touched), (void *)((u64)rq + config.touched_from_rq)))
		return count;
	if (touched == TOUCHED_UNTIL_NEXT_SAMPLE)
		return 0;
	clock = BPF_CORE_READ(rq, clock);
	most = clock > (u64)touched << 30 ? clock - ((u64)touched << 30) : 0;
	return most < count ? most : count;
}

/* The record of one that goes on, is over or whose end went unseen: then without a stack, which would be the scheduler's. */
static __attribute__((noinline)) int lockup_tell(void *ctx, struct wire_cpu_state *cpu, u64 now, u32 state)
{
	struct wire_lockup *lockup;
	struct wire_stall *stall;

	if (!cpu)
		return 0;
	lockup = &cpu->lockup;
	stall = stall_room(ROOM_INTERRUPT, WIRE_STALL_LOCKUP, lockup->since_ns, now - lockup->since_ns);
	if (!stall)
		return 0;
	stall->state = state;
	stall->less_than_ns = stall->duration_ns + lockup->before_ns + 1;
	stall->stack = WIRE_STACK_ONGOING;
	stall->histogram = WIRE_HIST_IRQ_OFF; /* of no series */
	stall->lockup_step = lockup->step;
	stall->lockup_count_ns = stall->duration_ns + lockup->ahead_ns;
	stall->lockup_ns = config.stall_ns[WIRE_STALL_LOCKUP];
	stall->watchdog = !!cpu->watchdog;
	blame_softirq(cpu, stall, lockup->since_ns, now, now);
	breakdown(&lockup->at_since, &cpu->totals, stall);
	/* Few, and what everybody waits for: whatever else is told, these are. */
	stall_send(ctx, cpu, stall, sizeof(*stall), WIRE_TOLD, state == WIRE_STALL_OPEN);
	return 0;
}

/* With interrupts off; the totals are settled. Out of line: rare. */
static __attribute__((noinline)) int lockup_ends(void *ctx, struct wire_cpu_state *cpu, u64 now, u32 state)
{
	struct wire_lockup *lockup;

	if (!cpu)
		return 0;
	lockup = &cpu->lockup;
	if (lockup->step)
		lockup_tell(ctx, cpu, now, state);
	lockup->step = 0;
	lockup->since_ns = 0;
	return 0;
}

/* A beat, which has settled the totals, looks. Each step is told once; where one beat finds several, the last. */
out_of_line int look_for_lockup(void *ctx, struct wire_cpu_state *cpu, u64 now)
{
	u64 threshold = config.stall_ns[WIRE_STALL_LOCKUP], count, step;
	struct wire_lockup *lockup;
	struct rq *rq;
	bool waits;

	if (!cpu || threshold == ~0ULL)
		return 0;
	lockup = &cpu->lockup;
	rq = (struct rq *)run_queue(cpu);
	if (!rq)
		return 0;
	waits = cpu->watchdog ? stopper_waits(rq) : other_task_waits(rq);
	if (likely(!waits)) {
		/* The switch to the stopper went unseen; another task may have gone elsewhere. */
		if (unlikely(lockup->since_ns))
			lockup_ends(ctx, cpu, now, cpu->watchdog ? WIRE_STALL_GONE : WIRE_STALL_ENDED);
		return 0;
	}
	if (!lockup->since_ns) {
		/* It began behind the beat before, and behind the last switch. */
		lockup->since_ns = now;
		lockup->before_ns = config.beat_ns;
		if (cpu->task_since_ns && now - cpu->task_since_ns < config.beat_ns)
			lockup->before_ns = now - cpu->task_since_ns;
		if (config.totals)
			lockup->at_since = cpu->totals;
	}
	count = now - lockup->since_ns + lockup->before_ns;
	if (cpu->watchdog)
		count = watchdog_count(rq, count);
	step = count * WIRE_LOCKUP_STEPS / threshold;
	if (step >= WIRE_LOCKUP_STEPS)
		step = WIRE_LOCKUP_STEPS - 1;
	if (likely(step <= lockup->step))
		return 0;
	lockup->step = step;
	lockup->ahead_ns = count - (now - lockup->since_ns);
	lockup_tell(ctx, cpu, now, WIRE_STALL_OPEN);
	return 0;
}

#endif

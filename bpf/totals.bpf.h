/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Time by class. What is over is summed up when it ends, net of what was nested in it; what is open is added when the
 * totals are asked for: interrupts, below them a softirq, below that the task. A wait that begins keeps a copy; its
 * breakdown is what they have grown when it ends. docs/adr/0006-time-by-class.md says why not by each event.
 *
 * Words have one writer each: those of softirqs the softirq programs, with interrupts on; all others are written with
 * interrupts off. So no sum is ever half written when somebody looks.
 */
#ifndef IRQSCOPE_TOTALS_BPF_H
#define IRQSCOPE_TOTALS_BPF_H

#include "runqueue.bpf.h"

/* A pointer of this CPU's to a task, as a number; 1: there is none. */
inline_always u64 task_of_cpu(struct wire_cpu_state *cpu, bool known, s64 from_rq)
{
	u64 rq = known ? run_queue(cpu) : 0, task = 0;

	if (!rq || bpf_probe_read_kernel(&task, sizeof(task), (void *)(rq + from_rq)) || !task)
		return 1;
	return task;
}

inline_always void find_threads(struct wire_cpu_state *cpu)
{
	if (likely(cpu->ksoftirqd_task))
		return;
	cpu->ksoftirqd_task = task_of_cpu(cpu, config.ksoftirqd, config.ksoftirqd_from_rq);
	cpu->ktimers_task = task_of_cpu(cpu, config.ktimers, config.ktimers_from_rq);
}

/* The thread's place, or WIRE_THREADS: it is none of this CPU's. */
inline_always u32 thread_of(struct wire_cpu_state *cpu, u64 task)
{
	find_threads(cpu);
	if (task == cpu->ksoftirqd_task)
		return WIRE_THREAD_KSOFTIRQD;
	return task == cpu->ktimers_task ? WIRE_THREAD_KTIMERS : WIRE_THREADS;
}

/* This CPU's thread of that number (WIRE_THREADS: it is none), or another task. */
inline_always u32 class_of_thread(u32 number, u32 pid)
{
	if (number < WIRE_THREADS)
		return WIRE_CLASS_KSOFTIRQD;
	return pid ? WIRE_CLASS_TASK : WIRE_CLASS_IDLE;
}

inline_always u32 class_of_softirq(u32 context)
{
	return context == WIRE_CONTEXT_KSOFTIRQD || context == WIRE_CONTEXT_KTIMERS ? WIRE_CLASS_KSOFTIRQD :
										      WIRE_CLASS_SOFTIRQ;
}

/*
 * Softirqs that are over. The last one may be on its way there: from softirq.over_ns on it is, whatever of the sum has
 * been written.
 */
inline_always u64 softirqs_done(const struct wire_cpu_state *cpu, u32 class)
{
	if (READ_ONCE(cpu->softirq.start_ns) && READ_ONCE(cpu->softirq.over_ns) &&
	    class_of_softirq(cpu->softirq.context) == class)
		return cpu->softirq.done_before_ns + cpu->softirq.net_ns;
	return cpu->softirqs_ns[class & 7];
}

inline_always u64 all_softirqs_done(const struct wire_cpu_state *cpu)
{
	return softirqs_done(cpu, WIRE_CLASS_SOFTIRQ) + softirqs_done(cpu, WIRE_CLASS_KSOFTIRQD) +
	       cpu->softirqs_ns[WIRE_CLASS_UNEXPLAINED];
}

inline_always bool is_softirq_open(const struct wire_cpu_state *cpu)
{
	return READ_ONCE(cpu->softirq.start_ns) && !READ_ONCE(cpu->softirq.over_ns);
}

/* The last time that a softirq began or ended, or a task got the CPU: no interrupt that is open then goes on. */
inline_always u64 last_below(const struct wire_cpu_state *cpu)
{
	u64 last = cpu->softirq.start_ns > cpu->softirq_end_ns ? cpu->softirq.start_ns : cpu->softirq_end_ns;

	return last > cpu->task_since_ns ? last : cpu->task_since_ns;
}

/* When the oldest interrupt began that goes on, and how much those had taken that were over then; or as it is. */
inline_always void below_interrupts(const struct wire_cpu_state *cpu, u64 *t, u64 *interrupt_ns)
{
	const struct wire_interrupt_frame *frame = &cpu->interrupts[0];

	if (cpu->depth && frame->start_ns >= last_below(cpu)) { /* else it has lost its exit */
		*t = frame->start_ns;
		*interrupt_ns = frame->interrupt_ns;
	}
}

/* Of the softirq that runs, up to `t`, by when interrupts that are over had taken so much. */
inline_always u64 softirq_net(const struct wire_cpu_state *cpu, u64 t, u64 interrupt_ns)
{
	u64 net = t - cpu->softirq.start_ns - (interrupt_ns - cpu->softirq.interrupt_ns);

	return (s64)net > 0 ? net : 0;
}

/* Net of interrupts, of softirqs that are over, and of what nobody knows; from the task's getting the CPU up to `t`. */
inline_always u64 task_net(const struct wire_cpu_state *cpu, u64 t, u64 interrupt_ns, u64 softirqs_ns)
{
	u64 nested =
		interrupt_ns - cpu->task_interrupt_ns + softirqs_ns - cpu->task_softirqs_ns + cpu->task_unexplained_ns;
	u64 gross = t - cpu->task_since_ns;

	return (s64)(gross - nested) > 0 ? gross - nested : 0;
}

/* At `t`, by when interrupts that are over had taken so much. With interrupts off. */
inline_always void task_ends_at(struct wire_cpu_state *cpu, u64 t, u64 interrupt_ns)
{
	if (cpu->task_since_ns)
		cpu->done_ns[cpu->task_class & 7] += task_net(cpu, t, interrupt_ns, all_softirqs_done(cpu));
}

/* `class` has the CPU from t on. */
inline_always void task_begins(struct wire_cpu_state *cpu, u64 t, u64 interrupt_ns, u32 class)
{
	cpu->task_since_ns = t;
	cpu->task_interrupt_ns = interrupt_ns;
	cpu->task_softirqs_ns = all_softirqs_done(cpu);
	cpu->task_unexplained_ns = 0;
	cpu->task_class = class;
}

/* The task that was there first: no switch to it was seen. */
out_of_line int task_is_found(struct wire_cpu_state *cpu, u64 t, u64 interrupt_ns)
{
	u64 task = bpf_get_current_task();

	if (!cpu)
		return 0;
	cpu->current_task = task;
	task_begins(cpu, t, interrupt_ns, class_of_thread(thread_of(cpu, task), (u32)bpf_get_current_pid_tgid()));
	return 0;
}

/* The totals of `now`, up to which interrupts that are over have taken interrupt_ns. */
out_of_line int totals_at(struct wire_cpu_state *cpu, u64 now, u64 interrupt_ns, struct wire_totals *to)
{
	u64 t = now, interrupts = interrupt_ns, last, net, softirq, ksoftirqd, unexplained;
	u32 depth, i;

	if (!cpu || !to)
		return 0;
	to->at_ns = now;
	to->ns[WIRE_CLASS_HARDIRQ] = cpu->done_ns[WIRE_CLASS_HARDIRQ];
	to->ns[WIRE_CLASS_SYSVEC] = cpu->done_ns[WIRE_CLASS_SYSVEC];
	to->ns[WIRE_CLASS_AWAY] = cpu->done_ns[WIRE_CLASS_AWAY];
	depth = cpu->depth;
	last = last_below(cpu);
	for (i = WIRE_INTERRUPT_DEPTH; i > 0; i--) {
		const struct wire_interrupt_frame *frame = &cpu->interrupts[i - 1];

		if (likely(i > depth || frame->start_ns < last)) /* it has lost its exit */
			continue;
		to->ns[frame->action ? WIRE_CLASS_HARDIRQ : WIRE_CLASS_SYSVEC] +=
			t - frame->start_ns - (interrupts - frame->interrupt_ns);
		t = frame->start_ns;
		interrupts = frame->interrupt_ns;
	}
	softirq = softirqs_done(cpu, WIRE_CLASS_SOFTIRQ);
	ksoftirqd = softirqs_done(cpu, WIRE_CLASS_KSOFTIRQD);
	unexplained = cpu->softirqs_ns[WIRE_CLASS_UNEXPLAINED];
	to->ns[WIRE_CLASS_SOFTIRQ] = softirq;
	to->ns[WIRE_CLASS_KSOFTIRQD] = ksoftirqd + cpu->done_ns[WIRE_CLASS_KSOFTIRQD];
	if (is_softirq_open(cpu)) {
		net = softirq_net(cpu, t, interrupts);
		if (class_of_softirq(cpu->softirq.context) == WIRE_CLASS_KSOFTIRQD)
			to->ns[WIRE_CLASS_KSOFTIRQD] += net;
		else
			to->ns[WIRE_CLASS_SOFTIRQ] += net;
		t = cpu->softirq.start_ns;
		interrupts = cpu->softirq.interrupt_ns;
	}
	if (unlikely(!cpu->task_since_ns))
		task_is_found(cpu, t, interrupts);
	to->ns[WIRE_CLASS_TASK] = cpu->done_ns[WIRE_CLASS_TASK];
	to->ns[WIRE_CLASS_IDLE] = cpu->done_ns[WIRE_CLASS_IDLE];
	to->ns[WIRE_CLASS_UNEXPLAINED] = cpu->done_ns[WIRE_CLASS_UNEXPLAINED] + unexplained;
	to->ns[cpu->task_class & 7] += task_net(cpu, t, interrupts, softirq + ksoftirqd + unexplained);
	return 0;
}

/* With interrupts off. */
inline_always void settle_totals_in(struct wire_cpu_state *cpu, u64 now, struct wire_totals *to)
{
	if (config.totals)
		totals_at(cpu, now, cpu->interrupt_ns, to);
}

inline_always void settle_totals(struct wire_cpu_state *cpu, u64 now)
{
	settle_totals_in(cpu, now, &cpu->totals);
}

/* From a softirq program, with interrupts on; `interrupt_ns` belongs to `now` (now_with_interrupts). */
inline_always void copy_totals(struct wire_cpu_state *cpu, u64 now, u64 interrupt_ns, struct wire_totals *to)
{
	totals_at(cpu, now, interrupt_ns, to);
	if (unlikely(READ_ONCE(cpu->interrupt_ns) != interrupt_ns)) {
		/* An interrupt has come since: the totals are those of now. A second one is as good as impossible. */
		now = now_with_interrupts(cpu, &interrupt_ns);
		totals_at(cpu, now, interrupt_ns, to);
	}
}

/*
 * Interrupts have lost their entries or exits: those from `frame` on that are still there, or (0) one of which nothing is
 * known. Since the frame began, or since the last event if it cannot have gone on until that, they may have been there.
 * That time is nested in what is below. With interrupts off.
 */
out_of_line int interrupts_unexplained(struct wire_cpu_state *cpu, struct wire_interrupt_frame *frame, u64 now)
{
	u64 from, then, last, ns;

	if (!cpu || !config.totals)
		return 0;
	last = last_below(cpu);
	if (frame && frame->start_ns >= last) {
		from = frame->start_ns;
		then = frame->interrupt_ns;
	} else {
		from = last > cpu->interrupt_end_ns ? last : cpu->interrupt_end_ns;
		then = cpu->interrupt_ns;
	}
	ns = now - from - (cpu->interrupt_ns - then);
	if (!from || (s64)ns <= 0)
		return 0;
	cpu->done_ns[WIRE_CLASS_UNEXPLAINED] += ns;
	cpu->interrupt_ns += ns;
	return 0;
}

/*
 * Another task had the CPU than was thought, nobody knows since when: at the last beat all was well, and there may be
 * switches that were seen since. With interrupts off; the totals are not settled yet.
 */
out_of_line int task_unexplained(struct wire_cpu_state *cpu, u64 now)
{
	u64 since_beat;
	u32 class;

	if (!cpu || !config.totals || !cpu->task_since_ns)
		return 0;
	class = cpu->task_class & 7;
	settle_totals(cpu, now);
	since_beat = cpu->totals.ns[class] - cpu->at_beat.ns[class];
	if (cpu->at_beat.at_ns <= cpu->task_since_ns)
		since_beat = cpu->totals.ns[class] - cpu->done_ns[class];
	cpu->task_unexplained_ns += since_beat;
	cpu->done_ns[WIRE_CLASS_UNEXPLAINED] += since_beat;
	settle_totals(cpu, now);
	return 0;
}

/* In an interrupt, or outside of one: the task that is there begins anew, as that which it is. */
inline_always void find_current_task(struct wire_cpu_state *cpu, u64 now)
{
	u64 t = now, interrupts = cpu->interrupt_ns;

	below_interrupts(cpu, &t, &interrupts);

	if (is_softirq_open(cpu) && cpu->softirq.start_ns < t) { /* the softirq's time is not the task's */
		t = cpu->softirq.start_ns;
		interrupts = cpu->softirq.interrupt_ns;
	}
	task_ends_at(cpu, t, interrupts);
	task_is_found(cpu, t, interrupts);
}

/*
 * What the totals have grown from the one copy to the other, into the stall. A softirq that was on its way in or out when
 * an interrupt made the one copy may have changed its class since: by less than its program takes. Nothing is negative.
 */
inline_always void breakdown(const struct wire_totals *from, const struct wire_totals *to, struct wire_stall *stall)
{
	u64 owed = 0, ns;
	u32 i;

	if (!config.totals || !from->at_ns)
		return;
	stall->breakdown_start_ns = from->at_ns;
	stall->breakdown_end_ns = to->at_ns;
	for (i = 0; i < WIRE_CLASSES; i++) {
		ns = to->ns[i] - from->ns[i];
		if (unlikely((s64)ns < 0)) {
			owed -= ns;
			ns = 0;
		}
		stall->breakdown_ns[i] = ns;
	}
	for (i = 0; i < WIRE_CLASSES && unlikely(owed); i++)
		if (stall->breakdown_ns[i] >= owed) {
			stall->breakdown_ns[i] -= owed;
			owed = 0;
		}
}

/* Of an interrupt or a softirq: its own time, and of that which was nested in it hardirq_ns were handlers' and so on. */
inline_always void breakdown_of_run(u32 class, u64 start, u64 ns, u64 nested, u64 hardirq_ns, u64 away_ns,
				    u64 unexplained_ns, struct wire_stall *stall)
{
	u64 left;
	u32 i;

	if (!config.totals)
		return;
	stall->breakdown_start_ns = start;
	stall->breakdown_end_ns = start + ns;
	for (i = 0; i < WIRE_CLASSES; i++)
		stall->breakdown_ns[i] = 0;
	nested = nested < ns ? nested : ns;
	/* with interrupts on one may have come since the clock was read */
	left = nested;
	left -= stall->breakdown_ns[WIRE_CLASS_HARDIRQ] = hardirq_ns < left ? hardirq_ns : left;
	left -= stall->breakdown_ns[WIRE_CLASS_AWAY] = away_ns < left ? away_ns : left;
	left -= stall->breakdown_ns[WIRE_CLASS_UNEXPLAINED] = unexplained_ns < left ? unexplained_ns : left;
	stall->breakdown_ns[WIRE_CLASS_SYSVEC] = left;
	stall->breakdown_ns[class & 7] += ns - nested;
}

#endif

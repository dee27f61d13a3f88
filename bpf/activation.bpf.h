/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Activations of ksoftirqd (and ktimers): from being woken until it sleeps, and who had the CPU meanwhile. All of it runs
 * with interrupts off, on the thread's own CPU, but for what sources.bpf.c does in a softirq.
 */
#ifndef IRQSCOPE_ACTIVATION_BPF_H
#define IRQSCOPE_ACTIVATION_BPF_H

#include "stall.bpf.h"
#include "threads.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wire_activation_record);
} activation_rooms __attribute__((weak)) SEC(".maps");

/* What was said of the thread's activation. */
inline_always u8 *told_of_thread(struct wire_cpu_state *cpu, u32 number)
{
	return &cpu->told[WIRE_TOLD_KSOFTIRQD + (number & (WIRE_THREADS - 1))];
}

/* The task's part of the time since task_mark_ns, and one time more that it had the CPU if it leaves it. */
inline_always void add_task_share(struct wire_evidence *to, struct task_struct *task, u32 pid, u64 ns, bool leaves)
{
	u32 i;

	for (i = 0; i < WIRE_TASK_SHARES && pid; i++) {
		struct wire_task_share *one = &to->tasks[i];

		if (one->pid && one->pid != pid)
			continue;
		if (!one->pid) {
			one->pid = pid;
			one->ns = 0;
			one->times = 0;
			bpf_probe_read_kernel(one->comm, sizeof(one->comm), task->comm);
		}
		one->prio = BPF_CORE_READ(task, prio);
		one->policy = BPF_CORE_READ(task, policy);
		one->ns += ns;
		one->times += leaves;
		return;
	}
	to->other_tasks_ns += ns;
}

/*
 * `task` has had the CPU up to now, which the totals say; while a thread waits, that is of interest. Without a pid nobody
 * knows which task it was.
 */
static __attribute__((noinline)) int charge_task(struct wire_cpu_state *cpu, struct task_struct *task, u32 pid,
						 bool leaves)
{
	struct wire_threads *all = this_cpus_threads();
	u64 total, ns;
	u32 i;

	if (!cpu || !all || !config.activations || !is_active(all))
		return 0;
	total = cpu->totals.ns[WIRE_CLASS_TASK];
	ns = total > all->task_mark_ns ? total - all->task_mark_ns : 0; /* it shrinks when a switch went unseen */
	all->task_mark_ns = total;
	if (!ns)
		return 0;
	for (i = 0; i < WIRE_THREADS; i++)
		if (all->threads[i].woken_ns)
			add_task_share(&all->evidence[i], task, pid, ns, leaves);
	return 0;
}

/*
 * Another task leaves the CPU (or has it, as an interrupt finds) than the one that got it: for how long, nobody knows.
 */
out_of_line int switch_was_unseen(struct wire_cpu_state *cpu, u64 now, bool in_interrupt)
{
	struct wire_threads *all = this_cpus_threads();
	u32 number;

	if (!cpu || !all)
		return 0;
	cpu->lost[WIRE_LOST_SWITCH]++;
	number = thread_of(cpu, cpu->current_task);
	task_unexplained(cpu, now);
	charge_task(cpu, 0, 0, false);
	if (number < WIRE_THREADS)
		all->threads[number].on_ns = 0; /* it has left, and whether it sleeps its next waking tells */
	if (in_interrupt)
		find_current_task(cpu, now);
	return 0;
}

/* What the sums have grown since the thread was woken. */
inline_always void sums_since(const struct wire_threads *all, u32 number, struct wire_sums *to)
{
	const struct wire_sums *from = &all->at_woken[number];
	u32 i;

	for (i = 0; i < WIRE_INTERRUPT_SUMS; i++) {
		to->interrupts[i].ns = all->sums.interrupts[i].ns - from->interrupts[i].ns;
		to->interrupts[i].count = all->sums.interrupts[i].count - from->interrupts[i].count;
	}
	for (i = 0; i < WIRE_VECTORS; i++) {
		to->softirqs[i].ns = all->sums.softirqs[i].ns - from->softirqs[i].ns;
		to->softirqs[i].count = all->sums.softirqs[i].count - from->softirqs[i].count;
	}
}

/* An activation above its threshold, open (by a beat, with the stack of who runs) or over. The totals are settled. */
static __attribute__((noinline)) int activation_tell(void *ctx, struct wire_cpu_state *cpu, u32 number, u64 now,
						     u32 state)
{
	struct wire_threads *all = this_cpus_threads();
	struct wire_activation_record *record;
	struct wire_softnet softnet;
	struct wire_activation *one;
	u8 *told = cpu ? told_of_thread(cpu, number) : 0, before;
	u32 zero = 0;

	record = bpf_map_lookup_elem(&activation_rooms, &zero);
	if (!told || !all || !record || number >= WIRE_THREADS)
		return 0;
	one = &all->threads[number];
	stall_begin(&record->stall, WIRE_STALL_KSOFTIRQD, one->woken_ns, now - one->woken_ns);
	record->stall.kind = WIRE_RECORD_ACTIVATION;
	record->stall.state = state;
	record->stall.stack = WIRE_STACK_ONGOING;
	record->stall.histogram = WIRE_HIST_KSOFTIRQD_RUN + number;
	breakdown(&one->at_woken, &cpu->totals, &record->stall);
	record->raised_ns = one->raised_ns;
	record->raised_vector = one->raised_vector;
	record->first_run_ns = one->first_run_ns;
	record->run_ns = one->run_ns + (one->on_ns ? now - one->on_ns : 0);
	record->preemptions = one->preemptions;
	read_softnet(cpu, &softnet);
	record->softnet.known = softnet.known && one->softnet.known;
	record->softnet.processed = softnet.processed - one->softnet.processed;
	record->softnet.time_squeeze = softnet.time_squeeze - one->softnet.time_squeeze;
	record->softnet.dropped = softnet.dropped - one->softnet.dropped;
	sums_since(all, number, &record->sums);
	bpf_probe_read_kernel(&record->evidence, sizeof(record->evidence), &all->evidence[number]);
	before = *told;
	*told = 0;
	if (stall_send(ctx, cpu, &record->stall, sizeof(*record), before, state == WIRE_STALL_OPEN))
		before = WIRE_TOLD;
	else
		before = WIRE_TOLD_SUPPRESSED;
	if (state == WIRE_STALL_OPEN)
		*told = before;
	return 0;
}

/* It sleeps, or is woken and had not been seen to: the activation that is known is over. The totals are settled. */
static __attribute__((noinline)) int sleep_was_unseen(struct wire_cpu_state *cpu, u32 number, u64 now)
{
	struct wire_threads *all = this_cpus_threads();
	struct wire_activation *one;

	if (!cpu || !all || number >= WIRE_THREADS)
		return 0;
	one = &all->threads[number];
	cpu->lost[WIRE_LOST_KSOFTIRQD_SLEEP]++;
	if (config.activations && *told_of_thread(cpu, number) == WIRE_TOLD)
		activation_tell(0, cpu, number, now, WIRE_STALL_GONE);
	*told_of_thread(cpu, number) = 0;
	one->woken_ns = 0;
	one->on_ns = 0;
	one->slept = 1;
	return 0;
}

/* include/linux/sched.h: the states in which smpboot_thread_fn() leaves the CPU. A lock of PREEMPT_RT's is none. */
#define TASK_INTERRUPTIBLE 0x1
#define TASK_PARKED 0x40

inline_always u64 state_of(struct task_struct *task)
{
	struct task_struct___before_5_14 *older = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return bpf_core_field_exists(older->state) ? BPF_CORE_READ(older, state) : 0;
}

inline_always bool is_to_sleep(u64 state)
{
	return state & (TASK_INTERRUPTIBLE | TASK_PARKED);
}

/* In an interrupt: it has left the CPU in such a state, and was not preempted in it. */
inline_always bool is_asleep(struct wire_cpu_state *cpu, const struct wire_activation *one, u32 number)
{
	u64 task = number == WIRE_THREAD_KTIMERS ? cpu->ktimers_task : cpu->ksoftirqd_task;

	return task != bpf_get_current_task() && !one->dozing && is_to_sleep(state_of((void *)task));
}

/* A beat looks at those that have not slept for too long; each is told once. */
inline_always void look_at_threads(void *ctx, struct wire_cpu_state *cpu, u64 now)
{
	struct wire_threads *all = config.activations ? this_cpus_threads() : 0;
	u32 i;

	if (!all)
		return;
	for (i = 0; i < WIRE_THREADS; i++) {
		u64 woken = all->threads[i].woken_ns;

		if (likely(!woken || now - woken < config.stall_ns[WIRE_STALL_KSOFTIRQD]))
			continue;
		if (unlikely(is_asleep(cpu, &all->threads[i], i))) {
			sleep_was_unseen(cpu, i, now);
			continue;
		}
		if (*told_of_thread(cpu, i))
			continue;
		charge_task(cpu, (void *)bpf_get_current_task(), (u32)bpf_get_current_pid_tgid(), false);
		activation_tell(ctx, cpu, i, now, WIRE_STALL_OPEN);
	}
}

#endif

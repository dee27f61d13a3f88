// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* sched_waking, sched_switch: which task a CPU has, and the activations of its ksoftirqd (and ktimers). */
#include "activation.bpf.h"
#include "lockup.bpf.h"
#include "pause.bpf.h"
#include "wait.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

/* DOZES: it does not sleep, and will be woken: it was preempted on its way to sleep, or waits for a lock (PREEMPT_RT). */
enum leaving { PREEMPTED, DOZES, SLEEPS };

inline_always enum leaving leaves_how(struct task_struct *task, bool preempt)
{
	u64 state = state_of(task);

	if (!state)
		return PREEMPTED;
	return preempt || !is_to_sleep(state) ? DOZES : SLEEPS;
}

/* The oldest raise that waits. */
inline_always void find_raise(struct wire_cpu_state *cpu, struct wire_activation *one)
{
	u32 vector;

	one->raised_ns = 0;
	for (vector = 0; vector < WIRE_VECTORS; vector++) {
		u64 raised = cpu->raised_ns[vector];

		if (raised && (!one->raised_ns || raised < one->raised_ns)) {
			one->raised_ns = raised;
			one->raised_vector = vector;
		}
	}
}

/* itself: it is the current task. */
static __attribute__((noinline)) int activation_begins(struct wire_cpu_state *cpu, u32 number, u64 now, bool itself)
{
	struct wire_threads *all = this_cpus_threads();
	struct wire_evidence *evidence;
	struct wire_activation *one;
	bool active;
	u32 i;

	if (!cpu || !all || number >= WIRE_THREADS)
		return 0;
	one = &all->threads[number];
	evidence = &all->evidence[number];
	if (itself || (one->woken_ns && one->dozing))
		return 0; /* woken on its way to sleep, or as the lock's next owner */
	active = is_active(all);
	if (config.activations) {
		/* What the current task has had up to now is of interest to those that wait already, and to them only. */
		settle_totals(cpu, now);
		if (active)
			charge_task(cpu, (void *)bpf_get_current_task(), (u32)bpf_get_current_pid_tgid(), false);
	}
	if (one->woken_ns)
		sleep_was_unseen(cpu, number, now);
	if (config.activations) {
		one->at_woken = cpu->totals;
		all->task_mark_ns = cpu->totals.ns[WIRE_CLASS_TASK];
		read_softnet(cpu, &one->softnet);
		find_raise(cpu, one);
		bpf_probe_read_kernel(&all->at_woken[number], sizeof(all->at_woken[number]), &all->sums);
		for (i = 0; i < WIRE_TASK_SHARES; i++)
			evidence->tasks[i].pid = 0;
		for (i = 0; i < WIRE_SOURCES; i++) {
			evidence->devices[i].address = 0;
			evidence->timers[i].address = 0;
		}
		evidence->other_tasks_ns = 0;
		evidence->other_devices_ns = 0;
		evidence->other_timers_ns = 0;
		if (!active)
			all->source_start_ns = 0;
	}
	one->first_run_ns = 0;
	one->on_ns = 0;
	one->run_ns = 0;
	one->preemptions = 0;
	one->dozing = 0;
	one->woken_ns = now;
	return 0;
}

/*
 * Its own CPU wakes it, with interrupts off (kernel/softirq.c, wakeup_softirqd), and only when it sleeps or is about to:
 * a thread that runs is not waking (kernel/sched/core.c, try_to_wake_up).
 */
SEC("tp_btf/sched_waking")
int BPF_PROG(sched_waking, struct task_struct *task)
{
	struct wire_cpu_state *cpu = this_cpu();
	u64 woken;
	u32 number;

	if (!cpu)
		return 0;
	woken = address_of(task, &cpu->switch_address);
	number = thread_of(cpu, woken);
	if (unlikely(number < WIRE_THREADS))
		activation_begins(cpu, number, bpf_ktime_get_ns(), woken == bpf_get_current_task());
	return 0;
}

static __attribute__((noinline)) int thread_runs(struct wire_cpu_state *cpu, u32 number, u64 now)
{
	struct wire_threads *all = this_cpus_threads();
	struct wire_activation *one;

	if (!cpu || !all || number >= WIRE_THREADS)
		return 0;
	one = &all->threads[number];
	one->on_ns = now;
	one->on_interrupt_ns = cpu->interrupt_ns;
	one->dozing = 0;
	if (!one->woken_ns && one->slept && (config.ksoftirqd_latency || config.ksoftirqd_run)) /* sched_waking is on */
		cpu->lost[WIRE_LOST_KSOFTIRQD_WAKING]++;
	if (!one->woken_ns || one->first_run_ns)
		return 0;
	one->first_run_ns = now;
	if (config.ksoftirqd_latency)
		wait_count(cpu, WIRE_HIST_KSOFTIRQD_LATENCY + number, one->woken_ns, now - one->woken_ns, 0);
	return 0;
}

static __attribute__((noinline)) int thread_leaves(void *ctx, struct wire_cpu_state *cpu, u32 number, u64 now,
						   enum leaving how)
{
	struct wire_threads *all = this_cpus_threads();
	struct wire_activation *one;
	u64 ns;

	if (!cpu || !all || number >= WIRE_THREADS)
		return 0;
	one = &all->threads[number];
	if (one->on_ns) {
		ns = now - one->on_ns;
		if (config.ksoftirqd_run)
			wait_count(cpu, WIRE_HIST_KSOFTIRQD_RUN + number, one->on_ns, ns,
				   cpu->interrupt_ns - one->on_interrupt_ns);
		one->run_ns += ns;
		one->on_ns = 0;
	}
	one->slept |= how == SLEEPS;
	if (!one->woken_ns)
		return 0;
	if (how != SLEEPS) {
		one->preemptions++;
		one->dozing = how == DOZES;
		return 0;
	}
	if (config.activations &&
	    (now - one->woken_ns >= config.stall_ns[WIRE_STALL_KSOFTIRQD] || *told_of_thread(cpu, number)))
		activation_tell(ctx, cpu, number, now, WIRE_STALL_ENDED);
	one->woken_ns = 0;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	struct wire_cpu_state *cpu = this_cpu();
	u32 from, to, pid;
	u64 now, leaving;

	if (!cpu)
		return 0;
	now = bpf_ktime_get_ns();
	leaving = address_of(previous, &cpu->switch_address);
	if (unlikely(leaving != cpu->current_task && cpu->current_task))
		switch_was_unseen(cpu, now, false);
	else
		flight_task(cpu, previous, now);
	from = thread_of(cpu, leaving);
	cpu->current_task = address_of(next, &cpu->switch_address);
	to = thread_of(cpu, cpu->current_task);
	if (config.pauses && unlikely(cpu->softirq.start_ns))
		softirq_pauses(cpu, leaving, now);
	if (config.totals) {
		task_ends_at(cpu, now, cpu->interrupt_ns);
		task_begins(cpu, now, cpu->interrupt_ns, class_of_thread(to, BPF_CORE_READ(next, pid)));
		settle_totals(cpu, now);
	}
	if (unlikely(cpu->lockup.since_ns))
		lockup_ends(ctx, cpu, now, WIRE_STALL_ENDED);
	if (config.pauses && unlikely(cpu->paused_task) && cpu->paused_task == cpu->current_task)
		softirq_resumes(cpu, now);
	if (config.activations) {
		pid = BPF_CORE_READ(previous, pid);
		if (pid && from == WIRE_THREADS)
			charge_task(cpu, previous, pid, true);
	}
	if (unlikely(from < WIRE_THREADS))
		thread_leaves(ctx, cpu, from, now, leaves_how(previous, preempt));
	if (unlikely(to < WIRE_THREADS))
		thread_runs(cpu, to, now);
	return 0;
}

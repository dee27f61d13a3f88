/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the made-up kernel needs the BPF side's own types and functions. */
#include "histogram.bpf.h"

#include "fake_types.h"

/* A CPU's run queue, and its word of pending softirqs somewhere behind it, as in the kernel's per-CPU area. */
static struct {
	struct rq rq;
	char between[100];
	__u32 pending;
	__u32 preempt_count;
	struct pt_regs *irq_regs;
	struct task_struct *ksoftirqd;
} per_cpu __attribute__((aligned(8)));
static struct cfs_rq fair = { &per_cpu.rq };
static struct task_struct current_task = { { &fair } };

__u64 bpf_get_current_task(void)
{
	return (__u64)&current_task;
}

void fake_set_run_queue_cpu(int cpu)
{
	per_cpu.rq.cpu = cpu;
}

__u32 *fake_pending_word(void)
{
	return &per_cpu.pending;
}

long long fake_pending_from_rq(void)
{
	return (char *)&per_cpu.pending - (char *)&per_cpu.rq;
}

__u32 *fake_preempt_count(void)
{
	return &per_cpu.preempt_count;
}

long long fake_preempt_from_rq(void)
{
	return (char *)&per_cpu.preempt_count - (char *)&per_cpu.rq;
}

void fake_set_clock(unsigned long long clock)
{
	per_cpu.rq.clock = clock;
}

void fake_set_steal(__u64 ns)
{
	per_cpu.rq.prev_steal_time_rq = ns;
}

static struct hrtimer_cpu_base timer_cpu;
static struct hrtimer_clock_base timer_clock = { &timer_cpu };

void *fake_event(unsigned number, __u64 function, __u64 config1)
{
	static struct perf_event events[4];
	struct perf_event *event = &events[number % 4];

	event->attr.config1 = config1;
	event->hw.hrtimer.function = (void *)function;
	event->hw.hrtimer.base = &timer_clock;
	event->hw.hrtimer.is_soft = 0;
	return &event->hw.hrtimer;
}

void fake_set_expires(void *timer, long long ns)
{
	((struct hrtimer *)timer)->node.expires = ns;
}

void *fake_task(unsigned number, int pid)
{
	static struct task_struct tasks[4];
	struct task_struct *task = &tasks[number % 4];

	task->se.cfs_rq = &fair;
	task->pid = pid;
	return task;
}

void *fake_ksoftirqd(void)
{
	per_cpu.ksoftirqd = fake_task(3, 14);
	return per_cpu.ksoftirqd;
}

long long fake_ksoftirqd_from_rq(void)
{
	return (char *)&per_cpu.ksoftirqd - (char *)&per_cpu.rq;
}

void fake_set_soft(void *timer, int soft)
{
	((struct hrtimer *)timer)->is_soft = soft;
}

void fake_set_interrupted(const __u8 *code, unsigned short cs)
{
	static struct pt_regs regs;

	regs.ip = (unsigned long)(code + WIRE_CODE / 2);
	regs.cs = cs;
	per_cpu.irq_regs = code ? &regs : 0;
}

long long fake_regs_from_rq(void)
{
	return (char *)&per_cpu.irq_regs - (char *)&per_cpu.rq;
}

void fake_set_nr_hangs(unsigned short hangs)
{
	timer_cpu.nr_hangs = hangs;
}

void *fake_action(const char *name)
{
	static struct irqaction actions[256];
	static unsigned used;
	struct irqaction *action = &actions[used++ % 256];

	action->name = name;
	return action;
}

unsigned fake_bucket_of(unsigned long long ns)
{
	return bucket_of(ns);
}

void fake_histogram_count(struct wire_histogram *histogram, unsigned long long ns, unsigned long long nested_ns)
{
	histogram_count(histogram, ns, nested_ns);
}

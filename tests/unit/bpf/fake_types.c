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

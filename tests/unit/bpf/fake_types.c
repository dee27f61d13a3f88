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
	struct task_struct *ktimers;
	struct softnet_data softnet;
	unsigned long touched;
} per_cpu __attribute__((aligned(8)));
static struct cfs_rq fair = { &per_cpu.rq };
static struct task_struct first_task = { { &fair } };
static struct task_struct *current_task = &first_task;

__u64 bpf_get_current_task(void)
{
	return (__u64)current_task;
}

void *fake_current(void)
{
	return current_task;
}

void fake_set_current(void *task)
{
	current_task = task ? task : &first_task;
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

void fake_set_running(unsigned count)
{
	per_cpu.rq.nr_running = count;
}

void fake_set_stopper(void *task)
{
	per_cpu.rq.stop = task;
}

void fake_set_touched(__u64 second)
{
	per_cpu.touched = second;
}

long long fake_touched_from_rq(void)
{
	return (char *)&per_cpu.touched - (char *)&per_cpu.rq;
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
	static struct task_struct tasks[16];
	struct task_struct *task = &tasks[number % 16];

	task->se.cfs_rq = &fair;
	task->pid = pid;
	task->prio = 120;
	task->policy = 0;
	task->__state = 0;
	fake_name_task(task, "task-0");
	task->comm[5] = '0' + number % 4;
	return task;
}

void fake_name_task(void *task, const char *comm)
{
	struct task_struct *to = task;
	unsigned i;

	for (i = 0; i < sizeof(to->comm) - 1 && comm[i]; i++)
		to->comm[i] = comm[i];
	for (; i < sizeof(to->comm); i++)
		to->comm[i] = 0;
}

void fake_set_task_class(void *task, unsigned policy, int prio)
{
	((struct task_struct *)task)->policy = policy;
	((struct task_struct *)task)->prio = prio;
}

void fake_set_task_state(void *task, unsigned state)
{
	((struct task_struct *)task)->__state = state;
}

int fake_pid_of(void *task)
{
	return ((struct task_struct *)task)->pid;
}

const char *fake_comm_of(void *task)
{
	return ((struct task_struct *)task)->comm;
}

void *fake_ksoftirqd(void)
{
	per_cpu.ksoftirqd = fake_task(14, 14);
	fake_name_task(per_cpu.ksoftirqd, "ksoftirqd/0");
	return per_cpu.ksoftirqd;
}

void *fake_ktimers(void)
{
	per_cpu.ktimers = fake_task(15, 15);
	fake_name_task(per_cpu.ktimers, "ktimers/0");
	return per_cpu.ktimers;
}

long long fake_ktimers_from_rq(void)
{
	return (char *)&per_cpu.ktimers - (char *)&per_cpu.rq;
}

long long fake_softnet_from_rq(void)
{
	return (char *)&per_cpu.softnet - (char *)&per_cpu.rq;
}

void fake_set_softnet(unsigned processed, unsigned time_squeeze, unsigned dropped, unsigned dropped_too)
{
	per_cpu.softnet.processed = processed;
	per_cpu.softnet.time_squeeze = time_squeeze;
	per_cpu.softnet.drop_counters.drops0.counter = (int)dropped;
	per_cpu.softnet.drop_counters.drops1.counter = (int)dropped_too;
}

static struct net_device devices[16];

static struct net_device *fake_device(unsigned number, const char *name)
{
	struct net_device *device = &devices[number % 16];
	unsigned i;

	for (i = 0; i < sizeof(device->name); i++)
		device->name[i] = 0;
	for (i = 0; i < sizeof(device->name) - 1 && name[i]; i++)
		device->name[i] = name[i];
	return device;
}

void *fake_napi(unsigned number, const char *name)
{
	static struct napi_struct napis[16], backlog;

	if (!name)
		return &backlog;
	napis[number % 16].dev = fake_device(number, name);
	return &napis[number % 16];
}

void fake_set_backlog(unsigned number, const char *name)
{
	static struct sk_buff packet;

	if (name) {
		packet.next = (struct sk_buff *)&per_cpu.softnet.process_queue;
		packet.dev = fake_device(number, name);
		per_cpu.softnet.process_queue.next = &packet;
	} else {
		per_cpu.softnet.process_queue.next = (struct sk_buff *)&per_cpu.softnet.process_queue;
	}
}

void *fake_timer(unsigned number, __u64 function)
{
	static struct timer_list timers[16];
	struct timer_list *timer = &timers[number % 16];

	timer->function = (void *)function;
	return timer;
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

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Holds a CPU for a known time and writes down the truth. Not part of the tracer: an object of its own, of which the
 * loader loads one kind's programs at a time (user/probe/injector.hpp). Needs bpf_loop (5.17).
 *
 * What keeps it harmless: one CPU, a length with a limit of its own here, a count of injections that only goes down, and
 * programs that go with the process. Each program says what is held while it spins.
 */
#include "compat.bpf.h"
#include "inject_wire.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct inject_config config SEC(".rodata");

struct inject_order order = {};
__u32 taken = 0;   /* injections that have begun */
__u32 written = 0; /* and those that have ended: truths[0 .. written) are there */
__u32 net_rx_waits = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, INJECT_TRUTHS);
	__type(key, u32);
	__type(value, struct inject_truth);
} truths SEC(".maps");

struct spin {
	u64 until_ns;
	u64 now_ns;
	u64 away_ns;
};

#define AWAY_NS 20000 /* a turn takes some 30 ns: whoever misses so many has not been there */

static long turn(u32 index, void *context)
{
	struct spin *spin = context;
	u64 now_ns = bpf_ktime_get_ns();

	if (now_ns - spin->now_ns > AWAY_NS)
		spin->away_ns += now_ns - spin->now_ns;
	spin->now_ns = now_ns;
	return spin->now_ns >= spin->until_ns;
}

#define MOST_TURNS (1 << 23) /* BPF_MAX_LOOPS: some 200 ms of clock reads */

/*
 * From start_ns, which is now, until then, or for so many turns that the clock must be broken. Returns the time at the
 * end. *away_ns: the CPU ran something else meanwhile: the hypervisor's, firmware's, and where interrupts are on theirs.
 */
static __attribute__((noinline)) u64 spin_until(u64 start_ns, u64 until_ns, u64 *away_ns)
{
	struct spin spin = { .until_ns = until_ns, .now_ns = start_ns };
	int i;

	for (i = 0; i < 8 && spin.now_ns < until_ns; i++)
		bpf_loop(MOST_TURNS, turn, &spin, 0);
	if (away_ns)
		*away_ns = spin.away_ns;
	return spin.now_ns;
}

/* Whether an injection is due on this CPU. One runs at a time: it is one CPU, and a program does not interrupt itself. */
inline_always bool is_due(void)
{
	return READ_ONCE(order.left) && READ_ONCE(order.cpu) == bpf_get_smp_processor_id();
}

inline_always u32 current_thread(void)
{
	return bpf_get_current_pid_tgid();
}

static __attribute__((noinline)) void hold(struct irqaction *action, u32 irq, u64 limit_ns)
{
	u64 length_ns = READ_ONCE(order.length_ns), away_ns = 0, start_ns, end_ns;
	struct inject_truth *truth;
	u32 slot = taken;

	WRITE_ONCE(order.left, order.left - 1);
	if (length_ns > limit_ns)
		length_ns = limit_ns;
	truth = bpf_map_lookup_elem(&truths, &slot);
	if (!truth)
		return; /* no truth, no injection */
	WRITE_ONCE(taken, slot + 1);
	truth->cpu = bpf_get_smp_processor_id();
	truth->thread = current_thread();
	truth->irq = irq;
	truth->name[0] = 0;
	if (action)
		bpf_probe_read_kernel_str(truth->name, sizeof(truth->name), BPF_CORE_READ(action, name));
	start_ns = bpf_ktime_get_ns();
	end_ns = spin_until(start_ns, start_ns + length_ns, &away_ns);
	truth->start_ns = start_ns;
	truth->end_ns = end_ns;
	truth->away_ns = away_ns;
	WRITE_ONCE(written, slot + 1);
}

/* The number of the calling thread as the programs see it; a container shows other numbers. Run, never attached. */
SEC("raw_tp/who")
int who(void *ctx)
{
	return current_thread();
}

/*
 * order.thread is being woken: the waker has interrupts off, the lock of the pipe's wait queue and the wakee's pi_lock
 * (try_to_wake_up). The thread sleeps on a pipe of its own: nobody else wants either lock.
 */
SEC("tp_btf/sched_waking")
int BPF_PROG(hold_waking, struct task_struct *wakee)
{
	if (is_due() && (u32)wakee->pid == order.thread)
		hold(0, 0, INJECT_MAX_NS);
	return 0;
}

/*
 * order.thread has sent a packet over loopback: bottom halves are off, NET_RX is raised (__dev_queue_xmit,
 * loopback_xmit), interrupts are on. Loopback has no queue and no lock.
 */
SEC("tp_btf/net_dev_xmit")
int BPF_PROG(hold_xmit, void *packet, int rc, struct net_device *device)
{
	if (is_due() && current_thread() == order.thread && (u32)device->ifindex == order.ifindex)
		hold(0, 0, INJECT_MAX_NS);
	return 0;
}

/* A cpu-clock event of ours has expired on the CPU: the local timer's interrupt, which does nothing else meanwhile. */
SEC("perf_event")
int hold_timer_interrupt(void *ctx)
{
	if (is_due())
		hold(0, 0, INJECT_MAX_NS);
	return 0;
}

#define IRQF_PERCPU 0x400 /* include/linux/interrupt.h: on arm64 the CPUs' timers and what they send each other */

/* Some device's interrupt: attached behind the tracer's program, so that it counts as the handler's run. */
SEC("tp_btf/irq_handler_entry")
int BPF_PROG(hold_device_interrupt, int irq, struct irqaction *action)
{
	if (is_due() && !(BPF_CORE_READ(action, flags) & IRQF_PERCPU))
		hold(action, irq, INJECT_MAX_NS);
	return 0;
}

/* NET_RX serves a packet that order.thread has just sent, in that thread's own local_bh_enable(). Interrupts are on. */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(hold_receive, void *packet)
{
	if (is_due() && current_thread() == order.thread)
		hold(0, 0, INJECT_MAX_NS);
	return 0;
}

/*
 * The timer that ends a sleep of order.thread expires: a hold in another hrtimer's turn, within the timer interrupt. It
 * takes place on an idle CPU too, where the kernel may run no program of a perf event. The timer base is not locked
 * (__run_hrtimer).
 */
SEC("tp_btf/hrtimer_expire_entry")
int BPF_PROG(hold_expiry, struct hrtimer *timer)
{
	struct hrtimer_sleeper *sleeper = (void *)timer;

	if (is_due() && (u64)timer->function == config.sleeper_function &&
	    (u32)BPF_CORE_READ(sleeper, task, pid) == order.thread)
		hold(0, 0, INJECT_MAX_NS);
	return 0;
}

#define NET_RX_SOFTIRQ 3
#define TIMER_SOFTIRQ 1
#define WIDEN_NS 50000

/*
 * A TIMER softirq behind which NET_RX waits in the same pass: the tick must come between a packet of order.thread's and
 * the end of its bottom-half section, which is short. So each is made longer, by far less than a stall.
 */
SEC("tp_btf/net_dev_xmit")
int BPF_PROG(widen_xmit, void *packet, int rc, struct net_device *device)
{
	if (is_due() && current_thread() == order.thread && (u32)device->ifindex == order.ifindex) {
		u64 now = bpf_ktime_get_ns();

		WRITE_ONCE(net_rx_waits, 1);
		spin_until(now, now + WIDEN_NS, 0);
	}
	return 0;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(hold_timer_softirq, unsigned int vector)
{
	if (!is_due() || current_thread() != order.thread)
		return 0;
	if (vector == NET_RX_SOFTIRQ)
		WRITE_ONCE(net_rx_waits, 0);
	if (vector == TIMER_SOFTIRQ && READ_ONCE(net_rx_waits))
		hold(0, 0, INJECT_MAX_NS);
	return 0;
}

/*
 * The CPU goes idle, or leaves idle: interrupts are off, and the runqueue's lock is held (__schedule). Who wants to wake
 * a task there from another CPU spins for the lock, with interrupts off: kept short.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(hold_idle_entry, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	if (is_due() && next->pid == 0)
		hold(0, 0, INJECT_MAX_LOCKED_NS);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(hold_idle_leave, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	if (is_due() && previous->pid == 0)
		hold(0, 0, INJECT_MAX_LOCKED_NS);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes ksoftirqd's work slow, and takes its time: spins of known length in each packet of one interface, in a cpu-clock
 * event's timer interrupt, in a device's interrupt handler. The latter two from the first packet on, and what they took is
 * written down. Needs bpf_loop (5.17). Goes with the process.
 */
#include "compat.bpf.h"
#include "storm_wire.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct storm_config config SEC(".rodata");

__u32 spins = 0;   /* written down so far; those that found no room are counted too */
__u32 packets = 0; /* slowed down */
__u32 held = 0;	   /* interrupts */
__u64 timer_start_ns = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STORM_SPINS);
	__type(key, u32);
	__type(value, struct storm_spin);
} written SEC(".maps");

struct spin {
	u64 until_ns;
	u64 now_ns;
};

static long turn(u32 index, void *context)
{
	struct spin *spin = context;

	spin->now_ns = bpf_ktime_get_ns();
	return spin->now_ns >= spin->until_ns;
}

static __attribute__((noinline)) u64 spin_for(u64 start_ns, u64 ns)
{
	struct spin spin = { .until_ns = start_ns + ns, .now_ns = start_ns };

	bpf_loop(1 << 20, turn, &spin, 0);
	return spin.now_ns;
}

inline_always bool is_here(void)
{
	return bpf_get_smp_processor_id() == config.cpu;
}

inline_always bool is_due(void)
{
	return is_here() && READ_ONCE(packets) && held < config.most_interrupts;
}

static __attribute__((noinline)) void write_down(u64 start_ns, u64 end_ns, u32 irq)
{
	u32 slot = spins;
	struct storm_spin *room = bpf_map_lookup_elem(&written, &slot);

	WRITE_ONCE(spins, slot + 1);
	if (!room)
		return;
	room->irq = irq;
	room->start_ns = start_ns;
	room->end_ns = end_ns;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(slow_packet, struct sk_buff *packet)
{
	if (!is_here() || (u32)packet->dev->ifindex != config.ifindex)
		return 0;
	packets++;
	spin_for(bpf_ktime_get_ns(), config.packet_ns);
	return 0;
}

SEC("perf_event")
int slow_timer(void *ctx)
{
	if (!is_due())
		return 0;
	held++;
	spin_for(bpf_ktime_get_ns(), config.interrupt_ns);
	return 0;
}

/* Each whole timer interrupt, the spins in it and those without: what the tracer cannot tell apart. */
SEC("tp_btf/local_timer_entry")
int timer_begins(void *ctx)
{
	if (is_here() && READ_ONCE(packets))
		timer_start_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/local_timer_exit")
int timer_ends(void *ctx)
{
	if (is_here() && timer_start_ns)
		write_down(timer_start_ns, bpf_ktime_get_ns(), 0);
	timer_start_ns = is_here() ? 0 : timer_start_ns;
	return 0;
}

/* Attached behind the tracer's program, so that it counts as the handler's run. */
SEC("tp_btf/irq_handler_entry")
int BPF_PROG(slow_device, int irq, struct irqaction *action)
{
	u64 start_ns;

	if (!is_due() || (u32)irq != config.irq)
		return 0;
	held++;
	start_ns = bpf_ktime_get_ns();
	write_down(start_ns, spin_for(start_ns, config.interrupt_ns), irq);
	return 0;
}

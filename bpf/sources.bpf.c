// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a vector serves while ksoftirqd is active: napi_poll tells of NET_RX's devices, timer_expire_entry and
 * timer_expire_exit of TIMER's functions. In softirqs, with interrupts on; nothing else writes what they write while an
 * activation goes on.
 */
#include "threads.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

struct source {
	u64 address;
	u64 ns;
	u64 items;
	struct net_device *device;
	bool backlog;
};

/* A place in a table of eight: the source's own, or the first that is empty. */
inline_always void add_source(struct wire_source *places, u64 *other_ns, const struct source *from)
{
	u32 i;

	for (i = 0; i < WIRE_SOURCES; i++) {
		struct wire_source *one = &places[i];

		/* a device's own polls and those of its packets in the backlog are two */
		if (one->address && (one->address != from->address || one->backlog != from->backlog))
			continue;
		if (!one->address) {
			one->address = from->address;
			one->backlog = from->backlog;
			one->ns = 0;
			one->count = 0;
			one->items = 0;
			one->name[0] = 0;
			if (from->device)
				bpf_probe_read_kernel(one->name, sizeof(one->name), from->device->name);
		}
		one->ns += from->ns;
		one->count++;
		one->items += from->items;
		return;
	}
	*other_ns += from->ns;
}

/* Since the last one, or since the softirq began; net of interrupts. */
inline_always u64 source_ns(struct wire_cpu_state *cpu, struct wire_threads *all, u64 now, u64 interrupt_ns)
{
	u64 start = all->source_start_ns, interrupts = all->source_interrupt_ns, gross, nested;

	if (start < cpu->softirq.start_ns) {
		start = cpu->softirq.start_ns;
		interrupts = cpu->softirq.interrupt_ns;
	}
	gross = now > start ? now - start : 0;
	nested = interrupt_ns - interrupts;
	return gross > nested ? gross - nested : 0;
}

/*
 * The device whose packet is next in a CPU's backlog: it is the queue's when the poll ends before it is empty. Only the
 * poll itself, on this CPU, takes from that list (net/core/dev.c, process_backlog). An empty one points to itself.
 */
inline_always struct net_device *device_of_backlog(struct wire_cpu_state *cpu)
{
	struct softnet_data *from = softnet_of(cpu);
	struct sk_buff *next;

	if (!from)
		return 0;
	next = BPF_CORE_READ(from, process_queue.next);
	if (!next || (void *)next == (void *)&from->process_queue)
		return 0;
	return BPF_CORE_READ(next, dev);
}

/* A poll has ended (net/core/dev.c, __napi_poll). */
SEC("tp_btf/napi_poll")
int BPF_PROG(napi_poll, struct napi_struct *napi, int work)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_threads *all = config.activations ? this_cpus_threads() : 0;
	struct source from = {};
	u64 now, interrupt_ns;
	u32 i;

	if (!cpu || !all || !is_active(all) || !cpu->softirq.start_ns)
		return 0;
	now = now_with_interrupts(cpu, &interrupt_ns);
	from.ns = source_ns(cpu, all, now, interrupt_ns);
	all->source_start_ns = now;
	all->source_interrupt_ns = interrupt_ns;
	from.items = work > 0 ? work : 0;
	from.device = BPF_CORE_READ(napi, dev);
	from.backlog = !from.device;
	if (from.backlog)
		from.device = device_of_backlog(cpu);
	from.address =
		from.device ? address_of(from.device, &all->room) : 1; /* 1: the backlog, and nobody knows whose */
	for (i = 0; i < WIRE_THREADS; i++)
		if (all->threads[i].woken_ns)
			add_source(all->evidence[i].devices, &all->evidence[i].other_devices_ns, &from);
	return 0;
}

SEC("tp_btf/timer_expire_entry")
int BPF_PROG(timer_expire_entry, struct timer_list *timer)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_threads *all = config.activations ? this_cpus_threads() : 0;
	u64 interrupt_ns;

	if (!cpu || !all || !is_active(all))
		return 0;
	all->source_address = (u64)BPF_CORE_READ(timer, function);
	all->source_start_ns = now_with_interrupts(cpu, &interrupt_ns);
	all->source_interrupt_ns = interrupt_ns;
	return 0;
}

SEC("tp_btf/timer_expire_exit")
int BPF_PROG(timer_expire_exit, struct timer_list *timer)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_threads *all = config.activations ? this_cpus_threads() : 0;
	struct source from = {};
	u64 now, interrupt_ns;
	u32 i;

	if (!cpu || !all || !is_active(all) || !all->source_address)
		return 0;
	now = now_with_interrupts(cpu, &interrupt_ns);
	from.ns = source_ns(cpu, all, now, interrupt_ns);
	from.address = all->source_address;
	all->source_address = 0;
	all->source_start_ns = now;
	all->source_interrupt_ns = interrupt_ns;
	for (i = 0; i < WIRE_THREADS; i++)
		if (all->threads[i].woken_ns)
			add_source(all->evidence[i].timers, &all->evidence[i].other_timers_ns, &from);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of a CPU's softirq threads (ksoftirqd, ktimers), and what it is known by. */
#ifndef IRQSCOPE_THREADS_BPF_H
#define IRQSCOPE_THREADS_BPF_H

#include "runqueue.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wire_threads);
} softirq_threads __attribute__((weak)) SEC(".maps");

inline_always struct wire_threads *this_cpus_threads(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&softirq_threads, &zero);
}

inline_always bool is_active(const struct wire_threads *all)
{
	return all->threads[WIRE_THREAD_KSOFTIRQD].woken_ns || all->threads[WIRE_THREAD_KTIMERS].woken_ns;
}

/* An interrupt (a histogram from WIRE_HIST_SYSVEC_RUN on) is over. */
inline_always void sum_interrupt(u32 histogram, u64 net_ns)
{
	struct wire_threads *all = config.activations ? this_cpus_threads() : 0;
	u32 index = histogram - WIRE_HIST_SYSVEC_RUN;

	if (!all || index >= WIRE_INTERRUPT_SUMS)
		return;
	all->sums.interrupts[index].ns += net_ns;
	all->sums.interrupts[index].count++;
}

inline_always void sum_softirq(u32 vector, u64 net_ns)
{
	struct wire_threads *all = config.activations ? this_cpus_threads() : 0;

	if (!all || vector >= WIRE_VECTORS)
		return;
	all->sums.softirqs[vector].ns += net_ns;
	all->sums.softirqs[vector].count++;
}

inline_always struct softnet_data *softnet_of(struct wire_cpu_state *cpu)
{
	u64 rq = config.softnet ? run_queue(cpu) : 0;

	return rq ? (struct softnet_data *)(rq + config.softnet_from_rq) : 0;
}

/* net/core/net-procfs.c, softnet_seq_show. */
inline_always void read_softnet(struct wire_cpu_state *cpu, struct wire_softnet *to)
{
	struct softnet_data *from = softnet_of(cpu);
	struct softnet_data___before_6_18 *counted = (void *)from;
	struct softnet_data___before_6_10 *plain = (void *)from;

	to->known = !!from;
	to->processed = 0;
	to->time_squeeze = 0;
	to->dropped = 0;
	if (!from)
		return;
	to->processed = BPF_CORE_READ(from, processed);
	to->time_squeeze = BPF_CORE_READ(from, time_squeeze);
	if (bpf_core_field_exists(from->drop_counters))
		to->dropped = BPF_CORE_READ(from, drop_counters.drops0.counter) +
			      BPF_CORE_READ(from, drop_counters.drops1.counter);
	else if (bpf_core_field_exists(counted->dropped))
		to->dropped = BPF_CORE_READ(counted, dropped.counter);
	else if (bpf_core_field_exists(plain->dropped))
		to->dropped = BPF_CORE_READ(plain, dropped);
}

#endif

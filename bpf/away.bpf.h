/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Time in which the CPU itself was away. No event tells of a hypervisor that counts no steal for us (one below ours), of
 * firmware (SMI), of an NMI; but where two events are apart by a few straight lines of the kernel's, time between them is
 * nobody's else. And where a late beat came to tells whether anybody had masked interrupts.
 */
#ifndef IRQSCOPE_AWAY_BPF_H
#define IRQSCOPE_AWAY_BPF_H

#include "ring.bpf.h"
#include "runqueue.bpf.h"

static __attribute__((noinline)) int tell_away(struct wire_cpu_state *cpu, u64 start, u64 end)
{
	struct wire_away record = {};

	if (!cpu)
		return 0;
	record.kind = WIRE_RECORD_AWAY;
	record.cpu = bpf_get_smp_processor_id();
	record.start_ns = start;
	record.end_ns = end;
	if (!ring_send(cpu, record.cpu, &record, sizeof(record)))
		cpu->lost[WIRE_LOST_STALL]++;
	return 0;
}

inline_always bool is_away(u64 start, u64 end)
{
	return config.stall_rate && end > start && end - start >= WIRE_AWAY_NS;
}

/* The kernel instruction before which the running interrupt came; 0: it was user code, or it is not known. x86. */
inline_always u64 interrupted_ip(struct wire_cpu_state *cpu)
{
	u64 rq = config.regs ? run_queue(cpu) : 0;
	struct pt_regs *regs = 0;

	if (!rq || bpf_probe_read_kernel(&regs, sizeof(regs), (void *)(rq + config.regs_from_rq)) || !regs)
		return 0;
	if (!bpf_core_field_exists(regs->ip) || !bpf_core_field_exists(regs->cs) || BPF_CORE_READ(regs, cs) & 3)
		return 0;
	return BPF_CORE_READ(regs, ip);
}

/* With the code around it: a context that had masked interrupts is found just behind what unmasked them. */
inline_always void read_interrupted(struct wire_cpu_state *cpu, struct wire_stall *stall)
{
	u64 ip = interrupted_ip(cpu);

	if (ip && !bpf_probe_read_kernel(stall->code, sizeof(stall->code), (void *)(ip - WIRE_CODE / 2)))
		stall->ip = ip;
}

/*
 * From the end of an interrupt, or of a softirq, to the first line with interrupts on in the softirq loop
 * (handle_softirqs), where the interrupt that began at `begun` came.
 */
inline_always void away_before_softirq(struct wire_cpu_state *cpu, u64 begun)
{
	u64 edge = cpu->interrupt_end_ns > cpu->softirq_end_ns ? cpu->interrupt_end_ns : cpu->softirq_end_ns;

	if (!config.stall_rate || !config.softirq_loop_size || cpu->softirq.start_ns || !is_serving(cpu))
		return;
	if (edge && interrupted_ip(cpu) - config.softirq_loop < config.softirq_loop_size &&
	    unlikely(is_away(edge, begun)))
		tell_away(cpu, edge, begun);
}

#endif

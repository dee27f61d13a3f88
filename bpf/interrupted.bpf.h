/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the running interrupt came to. */
#ifndef IRQSCOPE_INTERRUPTED_BPF_H
#define IRQSCOPE_INTERRUPTED_BPF_H

#include "runqueue.bpf.h"

/*
 * The instruction before which it came, and the code around that: a context that had masked interrupts is found just behind
 * the instruction that unmasked them. x86; other architectures' pt_regs have other names.
 */
inline_always void read_interrupted(struct wire_cpu_state *cpu, struct wire_stall *stall)
{
	u64 rq = config.regs ? run_queue(cpu) : 0, ip;
	struct pt_regs *regs = 0;

	if (!rq || bpf_probe_read_kernel(&regs, sizeof(regs), (void *)(rq + config.regs_from_rq)) || !regs)
		return;
	if (!bpf_core_field_exists(regs->ip) || !bpf_core_field_exists(regs->cs) || BPF_CORE_READ(regs, cs) & 3)
		return; /* user code */
	ip = BPF_CORE_READ(regs, ip);
	if (!bpf_probe_read_kernel(stall->code, sizeof(stall->code), (void *)(ip - WIRE_CODE / 2)))
		stall->ip = ip;
}

#endif

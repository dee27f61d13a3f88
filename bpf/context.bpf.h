/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who called the softirq function? The tracepoint does not say, and neither the current task nor what ran before
 * tells: a softirq at the end of an interrupt that hit ksoftirqd is not ksoftirqd's own run. The caller's return
 * address does. It lies a constant distance above the program's context (the tracepoint's arguments, on the stack
 * that the softirq function runs on), as long as nobody else attaches to or leaves the tracepoint. So the distance is
 * learnt with the unwinder once a CPU, and each softirq then costs one read of eight bytes; an address that is in no
 * known caller sends us back to the unwinder, and so does every 8192nd softirq, to check. docs/CONTEXTS.md.
 */
#ifndef IRQSCOPE_CONTEXT_BPF_H
#define IRQSCOPE_CONTEXT_BPF_H

#include "state.bpf.h"

#define CONTEXT_WORDS 96    /* how far above the program's context the return address may lie */
#define CONTEXT_CHECK 8192  /* a power of two */
#define CONTEXT_FAILURES 64 /* in a row, then the unwinder is asked at checks only */

inline_always u32 caller_context(u64 address)
{
	u32 i;

#pragma unroll
	for (i = 0; i < WIRE_CALLERS; i++)
		if (address - config.callers[i].start < config.callers[i].size)
			return config.callers[i].context;
	return WIRE_CONTEXT_UNKNOWN;
}

/* Out of line: seldom run, and its code must not fill the hot path's cache lines. */
static __attribute__((noinline)) u32 learn_caller(void *ctx, struct wire_cpu_state *cpu)
{
	u64 caller = 0, word = 0, base;
	u32 context = WIRE_CONTEXT_UNKNOWN, i;
	long bytes;

	if (!cpu)
		return context;
	cpu->caller_offset = 0;
	bytes = bpf_get_stack(ctx, cpu->frames, sizeof(cpu->frames), 0);
	for (i = 0; i < WIRE_STACK; i++) {
		if ((long)(i * sizeof(u64)) >= bytes)
			break;
		caller = cpu->frames[i];
		context = caller_context(caller);
		if (context)
			break;
	}
	if (!context) {
		cpu->caller_failures++;
		return context;
	}
	base = address_of(ctx, &cpu->probe_address);
	for (i = 1; i < CONTEXT_WORDS; i++) {
		if (bpf_probe_read_kernel(&word, sizeof(word), (void *)(base + i * sizeof(u64))))
			break;
		/* The last one: a copy further down would be what an earlier call left there. */
		if (word == caller)
			cpu->caller_offset = i * sizeof(u64);
	}
	cpu->caller_failures = 0;
	return context;
}

inline_always u32 softirq_context(void *ctx, struct wire_cpu_state *cpu)
{
	u64 address = 0;
	u32 context = WIRE_CONTEXT_UNKNOWN, truth;
	bool check = (++cpu->caller_checks & (CONTEXT_CHECK - 1)) == 0;

	if (likely(cpu->caller_offset)) {
		bpf_probe_read_kernel(&address, sizeof(address),
				      (void *)(address_of(ctx, &cpu->probe_address) + cpu->caller_offset));
		context = caller_context(address);
		if (likely(context && !check))
			return context;
	} else if (cpu->caller_failures >= CONTEXT_FAILURES && !check) {
		goto out;
	}
	truth = learn_caller(ctx, cpu);
	if (context && truth && truth != context)
		cpu->lost[WIRE_LOST_CONTEXT_MISREAD]++;
	context = truth;
out:
	if (unlikely(!context))
		cpu->lost[WIRE_LOST_CONTEXT]++;
	return context;
}

#endif

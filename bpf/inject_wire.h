/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every byte that crosses between the injector's BPF programs and its loader. The tracer has no part in it: the truth
 * is written down by programs that share nothing with those that measure.
 */
#ifndef IRQSCOPE_INJECT_WIRE_H
#define IRQSCOPE_INJECT_WIRE_H

#ifdef __bpf__
#define INJECT_ASSERT _Static_assert
#else
#include <linux/types.h>
#define INJECT_ASSERT static_assert
#endif

#define INJECT_TRUTHS 4096
#define INJECT_MAX_NS 200000000ULL	 /* the programs hold no CPU longer, whatever the order says */
#define INJECT_MAX_LOCKED_NS 20000000ULL /* those that hold a runqueue lock */
#define INJECT_NAME 32

/* What is to be done. The loader writes `left` last, and only while no injection runs. */
struct inject_order {
	__u64 length_ns;
	__u32 cpu;     /* only there */
	__u32 thread;  /* the thread whose doing brings the event about; see each program */
	__u32 ifindex; /* of the loopback interface */
	__u32 left;    /* injections that are still to be done */
};

/* One CPU was held from start_ns to end_ns (CLOCK_MONOTONIC). */
struct inject_truth {
	__u64 start_ns;
	__u64 end_ns;
	__u64 away_ns; /* of it, in which the loop did not run: see spin_until() */
	__u32 cpu;
	__u32 thread;		/* that was current, 0: an idle task */
	__u32 irq;		/* of a device interrupt */
	char name[INJECT_NAME]; /* of its action: the start of it, always terminated */
	__u32 pad;
};

/* Decided at load. */
struct inject_config {
	__u64 sleeper_function; /* hrtimer_wakeup: the function of a sleeping thread's timer */
};

INJECT_ASSERT(sizeof(struct inject_truth) == 72, "no hole");
INJECT_ASSERT(sizeof(struct inject_order) == 24, "no hole");

#endif

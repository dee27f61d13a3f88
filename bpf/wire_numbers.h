/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the numbers that cross stand for; a part of wire.h. Append-only. */
#ifndef IRQSCOPE_WIRE_NUMBERS_H
#define IRQSCOPE_WIRE_NUMBERS_H

#ifdef __bpf__
#define WIRE_ASSERT _Static_assert
#else
#include <linux/types.h>
#define WIRE_ASSERT static_assert
#endif

/* The softirqs of include/linux/interrupt.h, HI_SOFTIRQ to RCU_SOFTIRQ; the order is kernel ABI (see /proc/softirqs). */
#define WIRE_VECTORS 10

/* Who called the softirq function; docs/CONTEXTS.md says how they are told apart. */
enum wire_context {
	WIRE_CONTEXT_UNKNOWN = 0,   /* the caller was not found */
	WIRE_CONTEXT_IRQ_EXIT = 1,  /* at the end of a hard interrupt */
	WIRE_CONTEXT_BH_ENABLE = 2, /* do_softirq() in a task's own path: local_bh_enable() and its like */
	WIRE_CONTEXT_KSOFTIRQD = 3, /* ksoftirqd's own run */
	WIRE_CONTEXT_KTIMERS = 4,   /* ktimers/N's own run (PREEMPT_RT; since 6.13 also threadirqs) */
	WIRE_CONTEXT_INLINE = 5,    /* IRQ_EXIT or BH_ENABLE: a kernel in which the two have one caller (before 5.12) */
	WIRE_CONTEXTS = 6,
};

/*
 * The x86 system vectors that have tracepoints (arch/x86/include/asm/trace/irq_vectors.h), and what ipi_entry tells of
 * where there are none (arch/arm64/kernel/smp.c, arch/arm/kernel/smp.c: ipi_types).
 */
enum wire_sysvec {
	WIRE_SYSVEC_LOCAL_TIMER = 0,
	WIRE_SYSVEC_RESCHEDULE = 1,
	WIRE_SYSVEC_CALL_FUNCTION = 2,
	WIRE_SYSVEC_CALL_FUNCTION_SINGLE = 3,
	WIRE_SYSVEC_IRQ_WORK = 4,
	WIRE_SYSVEC_X86_PLATFORM_IPI = 5,
	WIRE_SYSVEC_SPURIOUS_APIC = 6,
	WIRE_SYSVEC_ERROR_APIC = 7,
	WIRE_SYSVEC_THERMAL_APIC = 8,
	WIRE_SYSVEC_THRESHOLD_APIC = 9,
	WIRE_SYSVEC_DEFERRED_ERROR_APIC = 10,
	WIRE_SYSVEC_TIMER_BROADCAST = 11,
	WIRE_SYSVEC_OTHER_IPI = 12,
	WIRE_SYSVECS = 13,
};

/* Histograms are log-linear: WIRE_LINEAR linear steps to each power of two up to 2^WIRE_MAX_LOG2 ns, then overflow. */
#define WIRE_LINEAR_LOG2 3
#define WIRE_LINEAR (1 << WIRE_LINEAR_LOG2)
#define WIRE_MAX_LOG2 36
#define WIRE_OVERFLOW_BUCKET ((WIRE_MAX_LOG2 - WIRE_LINEAR_LOG2 + 1) * WIRE_LINEAR)
#define WIRE_BUCKETS (WIRE_OVERFLOW_BUCKET + 1)

/* Where each histogram stands in the map of histograms. One map entry a histogram, one value a CPU. */
#define WIRE_IRQ_SLOTS 96
#define WIRE_IRQ_LIMIT 8192 /* IRQ numbers from here on are counted under `other` */
#define WIRE_ACTION_CHAIN 8 /* actions of one shared IRQ that are told apart */
enum wire_histogram_index {
	WIRE_HIST_SOFTIRQ_RUN = 0, /* + vector * WIRE_CONTEXTS + context */
	WIRE_HIST_SOFTIRQ_LATENCY = WIRE_HIST_SOFTIRQ_RUN + WIRE_VECTORS * WIRE_CONTEXTS, /* + vector */
	WIRE_HIST_SYSVEC_RUN = WIRE_HIST_SOFTIRQ_LATENCY + WIRE_VECTORS,		  /* + sysvec */
	WIRE_HIST_HARDIRQ_RUN = WIRE_HIST_SYSVEC_RUN + 16,				  /* + slot */
	WIRE_HIST_HARDIRQ_OTHER = WIRE_HIST_HARDIRQ_RUN + WIRE_IRQ_SLOTS,
	WIRE_HIST_IRQ_OFF,
	WIRE_HIST_IDLE_EXIT,
	WIRE_HIST_SOFTIRQ_OFF,
	WIRE_HIST_KSOFTIRQD_LATENCY,				   /* + enum wire_thread */
	WIRE_HIST_KSOFTIRQD_RUN = WIRE_HIST_KSOFTIRQD_LATENCY + 2, /* + enum wire_thread */
	WIRE_HISTS = WIRE_HIST_KSOFTIRQD_RUN + 2,
};

/* Anything that was due to be seen and was not, per CPU. */
enum wire_lost {
	WIRE_LOST_HARDIRQ_ENTRY = 0, /* an entry whose exit was never seen */
	WIRE_LOST_HARDIRQ_EXIT = 1,  /* an exit without an entry */
	WIRE_LOST_SYSVEC_ENTRY = 2,
	WIRE_LOST_SYSVEC_EXIT = 3,
	WIRE_LOST_SOFTIRQ_ENTRY = 4,
	WIRE_LOST_SOFTIRQ_EXIT = 5,
	WIRE_LOST_SOFTIRQ_RAISE = 6,	 /* a softirq that was entered, and its raise never seen */
	WIRE_LOST_INTERRUPT_DEPTH = 7,	 /* interrupts nested deeper than WIRE_INTERRUPT_DEPTH */
	WIRE_LOST_CONTEXT = 8,		 /* a softirq whose caller was not found */
	WIRE_LOST_CONTEXT_MISREAD = 9,	 /* the cheap way to the caller disagreed with the unwinder */
	WIRE_LOST_SOFTIRQ_UNSERVED = 10, /* a raise that the kernel has served, and the entry never seen */
	WIRE_LOST_STALL = 11,		 /* a stall's record found the ring full */
	WIRE_LOST_KSOFTIRQD_SLEEP = 12,	 /* a thread is woken that had not been seen to sleep */
	WIRE_LOST_KSOFTIRQD_WAKING = 13, /* a thread runs that had not been seen to be woken */
	WIRE_LOST_SWITCH = 14,		 /* another task leaves the CPU than the one that got it */
	WIRE_LOST_KINDS = 15,
};

/* Kinds of stalls; those from 1 on can be reported while they are open. */
enum wire_stall_kind {
	WIRE_STALL_IRQ_OFF = 0,
	WIRE_STALL_SOFTIRQ_OFF = 1,
	WIRE_STALL_SOFTIRQ_LATENCY = 2,
	WIRE_STALL_SOFTIRQ_RUN = 3,
	WIRE_STALL_HARDIRQ_RUN = 4,
	WIRE_STALL_KSOFTIRQD = 5, /* struct wire_activation_record */
	WIRE_STALL_LOCKUP = 6,	  /* the countdown to a soft lockup */
	WIRE_STALL_KINDS = 7,
};

/* Beats that were too late, and yet no interrupts were off. */
enum wire_aside_kind {
	WIRE_ASIDE_IDLE_EXIT = 0, /* nothing but idle ran */
	WIRE_ASIDE_HANG = 1,	  /* the kernel's own back-off: hrtimer_cpu_base.nr_hangs grew */
	WIRE_ASIDES = 2,
};

#endif

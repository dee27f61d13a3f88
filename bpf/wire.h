/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every byte that crosses between the BPF programs and the loader. Both sides include this header and no other of the
 * other side. Numbers that may be written to a file one day (kinds, contexts, sysvecs) are append-only.
 */
#ifndef IRQSCOPE_WIRE_H
#define IRQSCOPE_WIRE_H

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

/* The x86 system vectors that have tracepoints (arch/x86/include/asm/trace/irq_vectors.h). */
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
	WIRE_SYSVECS = 11,
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
	WIRE_HISTS,
};

struct wire_histogram {
	/* the first cache line holds all that a sample touches, its bucket aside */
	__u64 count;
	__u64 sum_ns;
	__u64 nested_ns; /* of sum_ns, time that interrupts took in the middle of these runs */
	__u64 min_ns;	 /* in `epoch` */
	__u64 max_ns;	 /* in `epoch` */
	__u64 action;	 /* hardirq: the irqaction that owns this histogram, 0 while it is free */
	__u32 epoch;	 /* of min_ns and max_ns; the loader starts one with each interval */
	__u16 next;	 /* hardirq: 1 + slot of the IRQ's next action, 0 at the end */
	__u16 pad;
	__u64 dropped;	       /* --stream: samples that found the ring full */
	__u64 previous_min_ns; /* of the epoch before, for a reader who came late */
	__u64 previous_max_ns;
	__u32 previous_epoch;
	__u32 buckets[WIRE_BUCKETS]; /* wrap; the loader widens them */
};

/* What a CPU's hardirq slot stands for; written once, when the slot is claimed. */
#define WIRE_NAME 64
struct wire_irq_slot {
	__u32 irq;
	__u32 claimed;
	char name[WIRE_NAME]; /* irqaction.name: the start of it, always terminated */
};

struct wire_irq_index {
	__u16 slot[WIRE_IRQ_LIMIT]; /* 1 + slot of the IRQ's first action, 0: none yet */
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
	WIRE_LOST_KINDS = 11,
};

#define WIRE_INTERRUPT_DEPTH 4
struct wire_interrupt_frame {
	__u64 start_ns;
	__u64 interrupt_ns; /* wire_cpu_state.interrupt_ns at the start */
	__u64 action;	    /* 0 for a sysvec */
	__u32 key;	    /* IRQ number or enum wire_sysvec */
	__u32 pad;
};

struct wire_softirq_frame {
	__u64 start_ns; /* 0: none runs */
	__u64 interrupt_ns;
	__u64 latency_ns; /* WIRE_NO_LATENCY: its raise was not seen */
	__u32 vector;
	__u32 context;
};
#define WIRE_NO_LATENCY (~0ULL)

#define WIRE_STACK 16
struct wire_cpu_state {
	/* cold */
	__u64 lost[WIRE_LOST_KINDS];
	__u64 rq_address;	  /* of this CPU's struct rq, 0 until it is known */
	__u64 frames[WIRE_STACK]; /* room for one unwinding */
	__u32 caller_failures;
	__u32 slots_used;
	__u32 unwoken_bytes; /* sent to the ring since the reader was last woken */
	__u32 pad;
	/* hot: interrupts */
	struct wire_interrupt_frame interrupts[WIRE_INTERRUPT_DEPTH];
	/* hot: softirqs */
	__u64 raised_ns[WIRE_VECTORS];	 /* oldest raise that no entry has served */
	__u64 reraised_ns[WIRE_VECTORS]; /* oldest raise since the kernel took that one into its present pass */
	__u64 raises;
	__u64 probe_address; /* room to turn a stack pointer into a number */
	struct wire_softirq_frame softirq;
	__u32 caller_offset; /* from the program's context to the softirq function's return address; 0: not known */
	__u32 caller_checks;
	__u64 interrupt_ns; /* net time of all interrupt spans that have ended here: each nanosecond once */
	__u32 depth;	    /* of interrupts[] */
	/* Last, so that a whole-value update by the loader opens the gate when all the rest is in place. */
	__u32 enabled;
};

/* Ring buffer records (--stream), one ring a CPU. */
enum wire_record_kind {
	WIRE_RECORD_INTERRUPT = 1, /* struct wire_span: a device interrupt or a sysvec */
	WIRE_RECORD_SOFTIRQ = 2,   /* struct wire_softirq_span */
};

struct wire_span {
	__u16 kind;
	__u16 histogram; /* enum wire_histogram_index: metric and key, and of a hardirq the CPU's slot */
	__u32 cpu;
	__u64 start_ns;
	__u64 duration_ns;
	__u64 nested_ns;
};

struct wire_softirq_span {
	struct wire_span span;
	__u64 latency_ns;
};

/* Decided at load. */
#define WIRE_CALLERS 12
struct wire_caller {
	__u64 start; /* of a kernel function that calls the softirq function */
	__u32 size;
	__u32 context; /* enum wire_context; 0 ends the list */
};

struct wire_config {
	__u8 histograms; /* aggregate in the kernel */
	__u8 stream;	 /* send every completed span */
	__u8 latency;	 /* softirq_latency is wanted */
	__u8 run;	 /* softirq_run is wanted */
	__u8 pending;	 /* pending_from_rq is known */
	__u8 serving;	 /* preempt_from_rq is known */
	__u8 pad[2];
	__u32 wake_bytes; /* wake the reader when a ring holds so much */
	__u32 pad2;
	__s64 pending_from_rq; /* bytes from a CPU's struct rq to its word of pending softirqs */
	__s64 preempt_from_rq; /* and to its preempt count */
	struct wire_caller callers[WIRE_CALLERS];
};

WIRE_ASSERT(WIRE_BUCKETS == 273, "8 steps for each of 33 powers of two, 8 below, and the overflow");
WIRE_ASSERT(sizeof(struct wire_histogram) % 8 == 0, "a per-CPU value is copied by words");
WIRE_ASSERT(sizeof(struct wire_irq_index) <= 32768, "a per-CPU value is limited to 32 KiB");
WIRE_ASSERT(sizeof(struct wire_histogram) * WIRE_HISTS + sizeof(struct wire_irq_index) +
			    sizeof(struct wire_irq_slot) * WIRE_IRQ_SLOTS + sizeof(struct wire_cpu_state) <=
		    1 << 20,
	    "at most 1 MiB a CPU");
WIRE_ASSERT(sizeof(struct wire_span) == 32, "no hole");
WIRE_ASSERT(sizeof(struct wire_softirq_span) == 40, "no hole");
WIRE_ASSERT(__builtin_offsetof(struct wire_cpu_state, enabled) + 4 == sizeof(struct wire_cpu_state),
	    "the gate is last");

#endif

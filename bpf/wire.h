/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every byte that crosses between the BPF programs and the loader. Both sides include this header and no other of the
 * other side. Numbers that may be written to a file one day (kinds, contexts, sysvecs) are append-only.
 */
#ifndef IRQSCOPE_WIRE_H
#define IRQSCOPE_WIRE_H

#include "wire_numbers.h"

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

struct wire_aside {
	__u64 count;
	__u64 total_ns;
	__u64 max_ns;
};

/* The hard heartbeat of a CPU. Its timer's expiries are a grid of config.beat_ns as long as nobody restarts it. */
struct wire_beats {
	__u64 generation; /* of the perf event that beats: its attr.config1 */
	__u64 first_ns;	  /* its first expiry */
	__u64 past_due;	  /* beats that were due in the generations before */
	__u64 seen;
	__u64 late;	     /* of those, served a whole period late or later */
	__u64 skipped;	     /* left out by the kernel: one was so late that these were due already */
	__u64 unseen;	     /* served by the kernel, and no program of ours ran */
	__u64 late_ns;	     /* their lateness in sum, where it was WIRE_LATE_NS or more */
	__u64 restarts;	     /* the kernel stopped and started the timer */
	__u64 last_ns;	     /* when the last one was served */
	__u64 own_end_ns;    /* when that interrupt ended, if the next one was due by then; else 0 */
	__u64 hole_start_ns; /* when the first and the last of those that went unseen of late were due */
	__u64 hole_end_ns;
	__u32 hangs; /* hrtimer_cpu_base.nr_hangs at the last beat */
	__u32 pad;
};

/* What a CPU does, each nanosecond of it one thing: that which is innermost. */
enum wire_class {
	WIRE_CLASS_UNEXPLAINED = 0, /* known to be misattributed: begins and ends that went unseen */
	WIRE_CLASS_HARDIRQ = 1,
	WIRE_CLASS_SYSVEC = 2,
	WIRE_CLASS_SOFTIRQ = 3,
	WIRE_CLASS_KSOFTIRQD = 4, /* ksoftirqd (and ktimers), with the softirqs of its own run */
	WIRE_CLASS_TASK = 5,
	WIRE_CLASS_IDLE = 6,
	WIRE_CLASS_AWAY = 7, /* nothing here: the CPU was away in the middle of a timer interrupt (bpf/timers.bpf.h) */
	WIRE_CLASSES = 8,
};

/* Time by class since this CPU's first event, up to at_ns; 0: there was none. */
struct wire_totals {
	__u64 ns[WIRE_CLASSES];
	__u64 at_ns;
};

/* The hard hrtimers of the last interrupt that had any. */
struct wire_timers {
	__u64 interrupt_ns; /* when that began */
	__u64 timer;	    /* the one that runs; 0: none does */
	__u64 function;	    /* its function */
	__u64 start_ns;
	__u64 last_ns;		/* when the one before it ended, or the interrupt began */
	__u64 away_ns;		/* of the interrupt, while the CPU was away between its timers */
	__u64 longest_function; /* of those that are over */
	__u64 longest_ns;
};

#define WIRE_INTERRUPT_DEPTH 4
struct wire_interrupt_frame {
	__u64 start_ns;
	__u64 interrupt_ns; /* wire_cpu_state.interrupt_ns at the start */
	__u64 action;	    /* 0 for a sysvec */
	__u32 key;	    /* IRQ number or enum wire_sysvec */
	__u32 pad;
	/* wire_cpu_state.done_ns at the start */
	__u64 hardirq_ns;
	__u64 unexplained_ns;
};

struct wire_softirq_frame {
	__u64 start_ns; /* 0: none runs */
	__u64 interrupt_ns;
	__u64 latency_ns; /* WIRE_NO_LATENCY: its raise was not seen */
	__u64 off_ns;	  /* --stream: that its entry ended; WIRE_NO_LATENCY: none */
	__u32 vector;
	__u32 context;
	/* time by class: see softirqs_done() */
	__u64 over_ns; /* when it ended; 0: it has not */
	__u64 net_ns;
	__u64 done_before_ns; /* softirqs_ns of its class without it */
	/* done_ns when it began */
	__u64 hardirq_ns;
	__u64 away_ns;
	__u64 unexplained_ns;
};
#define WIRE_NO_LATENCY (~0ULL)

/* PREEMPT_RT: what a softirq had done before its present stretch (bpf/pause.bpf.h). */
struct wire_softirq_stretches {
	__u64 first_ns; /* when it began; 0: it has not paused */
	__u64 ran_ns;
	__u64 nested_ns;
	__u64 hardirq_ns;
	__u64 away_ns;
	__u64 unexplained_ns;
};

/* wire_cpu_state.told: where each open stall stands, and what is said there. */
#define WIRE_TOLD 1
#define WIRE_TOLD_SUPPRESSED 2
#define WIRE_TOLD_OFF 10
#define WIRE_TOLD_RUN 11
#define WIRE_TOLD_KSOFTIRQD 12 /* + enum wire_thread */

/* Somebody waits for a CPU that does not switch (bpf/lockup.bpf.h). */
#define WIRE_LOCKUP_STEPS 4 /* of the threshold; the last is the lockup itself, which the kernel tells */
struct wire_lockup {
	__u64 since_ns;	 /* when a beat saw it first; 0: nobody waits */
	__u64 before_ns; /* so much before that it may have begun */
	__u64 ahead_ns;	 /* of the time since then the count, when it was told last */
	__u32 step;	 /* that was told last */
	__u32 pad;
	struct wire_totals at_since;
};

#define WIRE_STACK 16
struct wire_cpu_state {
	/* cold */
	__u64 lost[WIRE_LOST_KINDS];
	__u64 rq_address;	  /* of this CPU's struct rq, 0 until it is known */
	__u64 frames[WIRE_STACK]; /* room for one unwinding */
	__u32 caller_failures;
	__u32 slots_used;
	__u32 unwoken_bytes; /* sent to the ring since the reader was last woken */
	__u32 rate_used;     /* stalls told in this second, and of those */
	__u32 rate_activations;
	__u32 watchdog;			    /* the kernel's soft lockup watchdog looks at this CPU; the loader's */
	__u64 rate_ns;			    /* when it began */
	__u64 suppressed[WIRE_STALL_KINDS]; /* by the rate limit */
	struct wire_aside asides[WIRE_ASIDES];
	__u64 steal_ns;	      /* the hypervisor's, at the last beat: rq.prev_steal_time_rq */
	__u64 first_steal_ns; /* and at the first one */
	/* what settles the stalls told: those up to until_ns once the runqueue's clock has moved from settle_clock */
	__u64 settle_until_ns; /* 0: not begun */
	__u64 settle_clock;
	__u64 unsettled_ns; /* the oldest stall that is not settled; 0: none */
	__u64 last_stall_ns;
	__u64 idle_enter_ns; /* the idle loop's last way into a C-state, and out of it; 0: it is in */
	__u64 idle_leave_ns;
	struct wire_timers timers;
	__u64 timer_address; /* rooms to turn a timer's and a task's address into a number */
	__u64 switch_address;
	/* the longest interrupt of the beats before, if it was long at all */
	__u64 long_ns;
	__u64 long_start_ns;
	__u32 long_histogram;
	__u32 steal_known; /* that steal_ns could be read */
	struct wire_beats beats;
	struct wire_softirq_frame paused; /* the softirq whose task has lost the CPU */
	__u64 paused_task;		  /* 0: none */
	struct wire_softirq_stretches stretches;
	/* the totals when each wait or run began */
	struct wire_totals at_beat; /* the last one */
	struct wire_totals at_off;
	struct wire_totals at_waited; /* rooms of the softirq programs: of the raise that is being served, and of now */
	struct wire_totals at_now;
	struct wire_totals at_raise[WIRE_VECTORS];
	struct wire_totals at_reraise[WIRE_VECTORS];
	__u64 current_task;   /* that got the CPU last; 0: no switch was seen yet */
	__u64 ksoftirqd_task; /* this CPU's, and ktimers; 0: not looked for, 1: none */
	__u64 ktimers_task;
	struct wire_lockup lockup;
	__u8 told[16]; /* open stalls that were told: a vector's latency each, WIRE_TOLD_OFF, WIRE_TOLD_RUN */
	/* time by class (bpf/totals.bpf.h) */
	struct wire_totals totals; /* when they were last asked for */
	/* hot: what is over; the task's and idle's only up to when they last got the CPU */
	__u64 done_ns[WIRE_CLASSES + 1];
	__u64 softirqs_ns[WIRE_CLASSES + 1]; /* the softirq programs': SOFTIRQ, KSOFTIRQD, UNEXPLAINED */
	__u64 task_since_ns;		     /* the task has the CPU since; 0: nobody has asked yet */
	__u64 task_interrupt_ns;	     /* interrupt_ns then */
	__u64 task_softirqs_ns;		     /* softirqs that were over then */
	__u64 task_unexplained_ns;	     /* of its time */
	__u32 task_class;
	__u32 number;	   /* of this CPU; the loader's */
	__u64 flight_next; /* the number of the next span of interrupts and tasks, less one */
	__u64 flight_softirq_next;
	/* hot: interrupts */
	struct wire_interrupt_frame interrupts[WIRE_INTERRUPT_DEPTH];
	/* hot: softirqs */
	__u64 off_ns;	      /* oldest raise from outside softirq context since which no softirq has begun */
	__u64 softirq_end_ns; /* of the last softirq */
	__u32 off_vector;
	__u32 pad;
	__u64 raised_ns[WIRE_VECTORS];	 /* oldest raise that no entry has served */
	__u64 reraised_ns[WIRE_VECTORS]; /* oldest raise since the kernel took that one into its present pass */
	__u64 raises;
	__u64 probe_address; /* room to turn a stack pointer into a number */
	struct wire_softirq_frame softirq;
	__u32 caller_offset; /* from the program's context to the softirq function's return address; 0: not known */
	__u32 caller_checks;
	/* the longest interrupt since the next beat was due, from then on */
	__u64 longest_ns;
	__u64 longest_start_ns;
	__u32 longest_histogram;
	__u32 pad2;
	/* the first interrupt that came when the next beat was due, and the one before it */
	__u64 served_ns;
	__u64 before_served_ns;
	__u64 due_ns;		/* of the next beat */
	__u64 interrupt_ns;	/* net time of all interrupt spans that have ended here: each nanosecond once */
	__u64 interrupt_end_ns; /* when the last of them ended */
	__u32 depth;		/* of interrupts[] */
	/* Last, so that a whole-value update by the loader opens the gate when all the rest is in place. */
	__u32 enabled;
};

/*
 * The flight recorder: the last spans of each CPU, overwritten for ever, in the order of their ends. Two rings in one
 * array, each with one writer that nothing can interrupt for another: config.flight entries for what ends with interrupts
 * off (interrupts, tasks), then half as many for softirqs.
 */
#define WIRE_FLIGHT_TASK 0xffff
#define WIRE_COMM 16
#define WIRE_FLIGHT_SPANS 4096 /* config.flight, where nobody says otherwise */
struct wire_flight {
	__u64 number; /* from 1 on, written last, and 0 first: an entry that is being written has none */
	__u64 start_ns;
	__u64 end_ns;
	__u16 what;	 /* enum wire_histogram_index of its run, or WIRE_FLIGHT_TASK, of which is all that follows */
	__u8 task_class; /* enum wire_class */
	__u8 policy;
	__s16 prio; /* task_struct.prio */
	__u16 pad;
	__u32 pid;
	__u32 pad2;
	char comm[WIRE_COMM];
	__u64 pad3; /* a cache line */
};

/* Ring buffer records, one ring a CPU. The first three come with --stream. */
enum wire_record_kind {
	WIRE_RECORD_INTERRUPT = 1,  /* struct wire_span: a device interrupt or a sysvec */
	WIRE_RECORD_SOFTIRQ = 2,    /* struct wire_softirq_span */
	WIRE_RECORD_WAIT = 3,	    /* struct wire_span: a beat's lateness, or a stretch of ksoftirqd */
	WIRE_RECORD_STALL = 4,	    /* struct wire_stall */
	WIRE_RECORD_SETTLED = 5,    /* struct wire_settled */
	WIRE_RECORD_AWAY = 6,	    /* struct wire_away */
	WIRE_RECORD_ACTIVATION = 7, /* struct wire_activation_record */
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
	__u64 latency_ns; /* WIRE_NO_LATENCY: its raise was not seen */
	__u64 off_ns;	  /* its entry ended so long an off-time of softirqs; WIRE_NO_LATENCY: none */
};

enum wire_stall_state {
	WIRE_STALL_ENDED = 0,
	WIRE_STALL_OPEN = 1,
	WIRE_STALL_GONE = 2, /* told as open, and its end went unseen */
};

enum wire_stack_kind {
	WIRE_STACK_POST_HOC = 0,    /* taken when it was over, of the context that held */
	WIRE_STACK_ONGOING = 1,	    /* of who runs while it goes on */
	WIRE_STACK_INTERRUPTED = 2, /* of the context that the culprit interrupted */
};

/* An interrupt that had not ended. */
struct wire_open {
	__u64 start_ns;
	__u32 key;    /* IRQ number or enum wire_sysvec */
	__u32 device; /* it is an IRQ number */
};

#define WIRE_NO_CULPRIT 0xffff
#define WIRE_STALL_FRAMES 48
#define WIRE_CODE 256
struct wire_stall {
	__u16 kind; /* WIRE_RECORD_STALL */
	__u8 what;  /* enum wire_stall_kind */
	__u8 state; /* enum wire_stall_state */
	__u32 cpu;
	__u64 start_ns;
	__u64 duration_ns;
	__u64 less_than_ns; /* what bounds the true length from above; 0: duration_ns is exact */
	__u16 histogram;    /* of what waited or ran; of irq_off and softirq_off their own */
	__u16 culprit;	    /* histogram of the interrupt that filled it, or of the softirq in which it was, or none */
	__u8 stack;	    /* enum wire_stack_kind */
	__u8 steal_known;
	__u8 beats_known; /* this CPU has a heartbeat */
	__u8 lockup_step; /* lockup: of WIRE_LOCKUP_STEPS */
	__u64 culprit_ns;
	__u64 timer_function; /* the longest hrtimer before ours in the timer interrupt that filled it */
	__u64 steal_ns;	      /* wire_cpu_state's, at the beat before */
	__u64 late_ns;	      /* wire_beats', this one's own included */
	__u32 pid;	      /* of the thread that ran when the stack was taken */
	__u32 depth;
	char comm[16];
	/* irq_off: the kernel instruction that was interrupted, with as much code before it as from it on; 0: not known */
	__u64 ip;
	__u64 breakdown_start_ns; /* of the time by class; 0: not known */
	__u64 breakdown_end_ns;
	__u64 breakdown_ns[WIRE_CLASSES];
	/* what ran when it was told, and is in no flight recorder yet: the task, a softirq, interrupts */
	__u64 task_since_ns;	/* 0: no switch has been seen */
	__u64 softirq_since_ns; /* 0: none ran */
	__u16 softirq;		/* its histogram */
	__u8 interrupts;
	__u8 task_class; /* enum wire_class */
	__u8 policy;
	__u8 watchdog; /* lockup: it is the watchdog's count; else there is none, and another task waits */
	__s16 prio;
	__u64 lockup_count_ns;			     /* lockup: how much of the threshold is over */
	__u64 lockup_ns;			     /* which is that */
	struct wire_open open[WIRE_INTERRUPT_DEPTH]; /* outermost first */
	__u8 code[WIRE_CODE];
	__u64 frames[WIRE_STALL_FRAMES];
};

/*
 * Between two events that we saw the kernel runs a few straight lines and nothing else, and yet so much time passed: the
 * CPU was away. Less than WIRE_AWAY_NS of it is no news.
 */
#define WIRE_AWAY_NS 50000
struct wire_away {
	__u16 kind;
	__u16 pad;
	__u32 cpu;
	__u64 start_ns;
	__u64 end_ns;
};

/*
 * What was not known when a stall was told. The steal counter is as old as the runqueue's clock: a beat after the stall
 * remembers the clock, and the first one that finds it moved tells; where it stands still, after WIRE_SETTLE_NS.
 */
#define WIRE_SETTLE_NS 10000000
#define WIRE_LATE_NS 100000
struct wire_settled {
	__u16 kind;
	__u16 steal_known;
	__u32 cpu;
	__u64 until_ns; /* stalls that ended before are settled */
	__u64 steal_ns;
	__u64 late_ns;
	__u64 hole_start_ns;
	__u64 hole_end_ns;
};

#include "wire_activation.h"
#include "wire_mark.h"

/* Decided at load. */
#define WIRE_CALLERS 12
struct wire_caller {
	__u64 start; /* of a kernel function that calls the softirq function */
	__u32 size;
	__u32 context; /* enum wire_context; 0 ends the list */
};

struct wire_config {
	__u8 histograms;	/* aggregate in the kernel */
	__u8 stream;		/* send every completed span */
	__u8 latency;		/* softirq_latency is wanted */
	__u8 run;		/* softirq_run is wanted */
	__u8 pending;		/* pending_from_rq is known */
	__u8 serving;		/* preempt_from_rq is known */
	__u8 off;		/* softirq_off is wanted */
	__u8 soft_beat;		/* each beat makes a raise */
	__u8 totals;		/* time by class is wanted */
	__u8 ksoftirqd;		/* ksoftirqd_from_rq is known */
	__u8 ktimers;		/* ktimers_from_rq is known */
	__u8 regs;		/* regs_from_rq is known, and interrupts are masked as the CPU does it */
	__u8 ksoftirqd_latency; /* ksoftirqd_latency is wanted */
	__u8 ksoftirqd_run;	/* ksoftirqd_run is wanted */
	__u8 activations;	/* and what an activation is told with */
	__u8 softnet;		/* softnet_from_rq is known */
	__u8 pauses;		/* softirqs run in tasks that can be preempted */
	__u8 touched;		/* touched_from_rq is known */
	__u8 mark_perf;		/* stalls go into perf's events, too */
	__u8 mark_printk;	/* and into the trace buffer */
	__u8 pad[4];
	__u32 flight;			  /* entries of the flight recorder's first ring, a power of two; 0: none */
	__u32 wake_bytes;		  /* wake the reader when a ring holds so much */
	__u32 stall_rate;		  /* stalls a second and CPU that are told */
	__u64 stall_ns[WIRE_STALL_KINDS]; /* thresholds; ~0: not wanted */
	__u64 beat_ns;			  /* period of the hard heartbeat */
	__u64 beat_function;		  /* perf_swevent_hrtimer */
	__u64 beat_mark;		  /* attr.config1 of our perf events, without the generation */
	__u64 soft_beat_flags;		  /* BPF_F_TIMER_CPU_PIN where the kernel has it */
	__s64 pending_from_rq;		  /* bytes from a CPU's struct rq to its word of pending softirqs */
	__s64 preempt_from_rq;		  /* and to its preempt count */
	__s64 regs_from_rq;		  /* and to the registers that the running interrupt has saved (__irq_regs) */
	__u64 softirq_loop;		  /* the function around the softirq tracepoints */
	__u64 softirq_loop_size;	  /* 0: not known */
	__s64 ksoftirqd_from_rq;	  /* and to the pointers to its ksoftirqd */
	__s64 ktimers_from_rq;		  /* and ktimers */
	__s64 softnet_from_rq;		  /* and to its softnet_data */
	__s64 touched_from_rq;		  /* and to the second since which the watchdog counts */
	struct wire_caller callers[WIRE_CALLERS];
};

WIRE_ASSERT(WIRE_BUCKETS == 273, "8 steps for each of 33 powers of two, 8 below, and the overflow");
WIRE_ASSERT(sizeof(struct wire_histogram) % 8 == 0, "a per-CPU value is copied by words");
WIRE_ASSERT(sizeof(struct wire_irq_index) <= 32768, "a per-CPU value is limited to 32 KiB");
WIRE_ASSERT(sizeof(struct wire_histogram) * WIRE_HISTS + sizeof(struct wire_irq_index) +
			    sizeof(struct wire_irq_slot) * WIRE_IRQ_SLOTS + sizeof(struct wire_cpu_state) +
			    sizeof(struct wire_threads) + sizeof(struct wire_flight) * WIRE_FLIGHT_SPANS * 3 / 2 <=
		    1 << 20,
	    "at most 1 MiB a CPU");
/* The context of init_soft_beat. */
struct wire_init_soft_beat {
	__u32 cpu;
};
#define WIRE_CLOCK_MONOTONIC 1 /* include/uapi/linux/time.h */

/* attr.config1 of a heartbeat: a number of this run of irqscope's above, a generation below. */
#define WIRE_BEAT_GENERATIONS 0xffffULL

WIRE_ASSERT(sizeof(struct wire_span) == 32, "no hole");
WIRE_ASSERT(sizeof(struct wire_settled) == 48, "no hole");
WIRE_ASSERT(sizeof(struct wire_away) == 24, "no hole");
WIRE_ASSERT(sizeof(struct wire_flight) == 64, "a cache line");
WIRE_ASSERT(sizeof(struct wire_stall) ==
		    160 + WIRE_CLASSES * 8 + WIRE_INTERRUPT_DEPTH * 16 + WIRE_CODE + WIRE_STALL_FRAMES * 8,
	    "no hole");
WIRE_ASSERT(sizeof(struct wire_softirq_span) == 48, "no hole");
WIRE_ASSERT(__builtin_offsetof(struct wire_cpu_state, enabled) + 4 == sizeof(struct wire_cpu_state),
	    "the gate is last");

#endif

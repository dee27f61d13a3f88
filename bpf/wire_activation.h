/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Activations of ksoftirqd: what is kept while one goes on, and told of it; a part of wire.h. */
#ifndef IRQSCOPE_WIRE_ACTIVATION_H
#define IRQSCOPE_WIRE_ACTIVATION_H

/* A CPU's threads that serve softirqs. */
enum wire_thread {
	WIRE_THREAD_KSOFTIRQD = 0,
	WIRE_THREAD_KTIMERS = 1, /* PREEMPT_RT, and since 6.13 threadirqs */
	WIRE_THREADS = 2,
};

/* Net of what was nested in it. */
struct wire_share {
	__u64 ns;
	__u64 count;
};

#define WIRE_INTERRUPT_SUMS (WIRE_HIST_IRQ_OFF - WIRE_HIST_SYSVEC_RUN)
struct wire_sums {
	struct wire_share interrupts[WIRE_INTERRUPT_SUMS]; /* by histogram - WIRE_HIST_SYSVEC_RUN */
	struct wire_share softirqs[WIRE_VECTORS];
};

struct wire_task_share {
	__u64 ns;    /* net of interrupts and softirqs */
	__u32 times; /* that it left the CPU */
	__u32 pid;   /* the thread's; 0: an empty place */
	__s32 prio;  /* task_struct.prio, as it was last seen */
	__u32 policy;
	char comm[16];
};

/* What a vector served: a NAPI device's polls, a timer function's calls. */
struct wire_source {
	__u64 address; /* of the function, or of the device; 0: an empty place */
	__u64 ns;      /* net of interrupts */
	__u64 count;   /* polls, calls */
	__u64 items;   /* packets */
	char name[16]; /* of the device */
	__u32 backlog; /* it is the CPU's own queue, and the device is that of the packets that were left in it */
	__u32 pad;
};

#define WIRE_TASK_SHARES 8
#define WIRE_SOURCES 8
struct wire_evidence {
	struct wire_task_share tasks[WIRE_TASK_SHARES]; /* that ran instead; what finds no place is in other_tasks_ns */
	struct wire_source devices[WIRE_SOURCES];
	struct wire_source timers[WIRE_SOURCES];
	__u64 other_tasks_ns;
	__u64 other_devices_ns;
	__u64 other_timers_ns;
};

/* /proc/net/softnet_stat's, of one CPU; they wrap. */
struct wire_softnet {
	__u32 known;
	__u32 processed;
	__u32 time_squeeze;
	__u32 dropped;
};

/* From the thread's being woken until it sleeps. */
struct wire_activation {
	__u64 woken_ns;	       /* 0: it sleeps */
	__u64 raised_ns;       /* the oldest raise that waited then; 0: none that was seen */
	__u64 first_run_ns;    /* 0: not yet */
	__u64 on_ns;	       /* it has the CPU since; 0: it has not */
	__u64 on_interrupt_ns; /* wire_cpu_state.interrupt_ns then */
	__u64 run_ns;	       /* that it has had the CPU, interrupts included, in the stretches that are over */
	__u32 raised_vector;
	__u32 preemptions;
	__u32 dozing; /* preempted on its way to sleep, or waits for a lock: it may be woken */
	__u32 slept;  /* it has been seen to */
	struct wire_totals at_woken;
	struct wire_softnet softnet; /* when it was woken */
};

/* In a map of its own: only those programs look it up that need it. */
struct wire_threads {
	struct wire_activation threads[WIRE_THREADS];
	struct wire_evidence evidence[WIRE_THREADS];
	struct wire_sums sums;			 /* since the start */
	struct wire_sums at_woken[WIRE_THREADS]; /* the same when it was woken */
	__u64 task_mark_ns;			 /* of totals.ns[WIRE_CLASS_TASK]: up to here it is charged to tasks */
	__u64 source_start_ns;			 /* the poll or the timer that runs */
	__u64 source_interrupt_ns;		 /* wire_cpu_state.interrupt_ns then */
	__u64 source_address;			 /* of the timer's function */
	__u64 room;				 /* to turn an address into a number */
};

struct wire_activation_record {
	struct wire_stall stall; /* .kind is WIRE_RECORD_ACTIVATION, .histogram that of the thread's run */
	__u64 raised_ns;
	__u64 first_run_ns;
	__u64 run_ns;
	__u32 raised_vector;
	__u32 preemptions;
	struct wire_softnet softnet; /* what it has grown */
	struct wire_sums sums;	     /* since it was woken */
	struct wire_evidence evidence;
};

WIRE_ASSERT(sizeof(struct wire_task_share) == 40, "no hole");
WIRE_ASSERT(sizeof(struct wire_source) == 56, "no hole");
WIRE_ASSERT(sizeof(struct wire_activation_record) ==
		    sizeof(struct wire_stall) + 48 + sizeof(struct wire_sums) + sizeof(struct wire_evidence),
	    "no hole");

#endif

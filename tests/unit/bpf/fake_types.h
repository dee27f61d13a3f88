/* SPDX-License-Identifier: BSD-2-Clause */
/* The C half of the made-up kernel, seen from both languages. */
#ifndef IRQSCOPE_TESTS_UNIT_FAKE_TYPES_H
#define IRQSCOPE_TESTS_UNIT_FAKE_TYPES_H

#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

void fake_set_run_queue_cpu(int cpu); /* whose run queue the current task is on */
__u32 *fake_pending_word(void);	      /* the pending softirqs */
long long fake_pending_from_rq(void); /* wire_config.pending_from_rq that leads there */
__u32 *fake_preempt_count(void);
long long fake_preempt_from_rq(void);	       /* wire_config.preempt_from_rq that leads there */
void fake_set_clock(unsigned long long clock); /* rq.clock */
void fake_set_steal(__u64 ns);		       /* of the run queue's CPU: rq.prev_steal_time_rq */
void fake_set_running(unsigned count);	       /* rq.nr_running */
void fake_set_stopper(void *task);	       /* rq.stop; 0: none */
void fake_set_touched(__u64 second);	       /* the watchdog's */
long long fake_touched_from_rq(void);	       /* wire_config.touched_from_rq that leads there */
void *fake_action(const char *name);	       /* a struct irqaction; the name must outlive it; 256 at a time */

/* Four struct perf_event, each with its hrtimer, which are all on one hrtimer_cpu_base. */
void *fake_event(unsigned number, __u64 function, __u64 config1); /* the hrtimer in it */
void fake_set_expires(void *timer, long long ns);
void fake_set_soft(void *timer, int soft); /* whether it expires in a softirq */
void fake_set_nr_hangs(unsigned short hangs);

void *fake_task(unsigned number, int pid); /* one of 14: SCHED_NORMAL, nice 0, runnable */
void fake_name_task(void *task, const char *comm);
void fake_set_task_class(void *task, unsigned policy, int prio);
void fake_set_task_state(void *task, unsigned state); /* __state */
int fake_pid_of(void *task);
const char *fake_comm_of(void *task);
void *fake_current(void);
void fake_set_current(void *task);	/* 0: one that is none of these */
void *fake_ksoftirqd(void);		/* the CPU's */
long long fake_ksoftirqd_from_rq(void); /* wire_config.ksoftirqd_from_rq that leads there */
void *fake_ktimers(void);
long long fake_ktimers_from_rq(void);

long long fake_softnet_from_rq(void); /* wire_config.softnet_from_rq that leads to softnet_data */
void fake_set_softnet(unsigned processed, unsigned time_squeeze, unsigned dropped, unsigned dropped_too);
void *fake_napi(unsigned number, const char *name);	  /* of one of 16 devices; without a name: the CPU's backlog */
void fake_set_backlog(unsigned number, const char *name); /* its next packet's device; without a name: it is empty */
void *fake_timer(unsigned number, __u64 function);	  /* one of 16 struct timer_list */

/* Where the running interrupt came to: 256 bytes of code, with the instruction in their middle; 0: no interrupt runs. */
void fake_set_interrupted(const __u8 *code, unsigned short cs);
long long fake_regs_from_rq(void); /* wire_config.regs_from_rq that leads there */

/* The BPF side's own, from bpf/histogram.bpf.h. */
unsigned fake_bucket_of(unsigned long long ns);
void fake_histogram_count(struct wire_histogram *histogram, unsigned long long ns, unsigned long long nested_ns);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types and fields that irqscope's BPF programs read, and no others. Kept by hand, so that a build needs
 * no running kernel's BTF; preserve_access_index makes libbpf find the real offsets when the programs are loaded.
 */
#ifndef IRQSCOPE_VMLINUX_H
#define IRQSCOPE_VMLINUX_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

typedef _Bool bool;
enum { false = 0, true = 1 };

/* include/uapi/linux/bpf.h: the values are ABI. */
enum bpf_map_type {
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_F_NUMA_NODE = 1U << 2,
	BPF_F_MMAPABLE = 1U << 10,
};

#define BPF_F_CURRENT_CPU 0xffffffffULL

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

/* include/uapi/linux/bpf.h: a map value that holds one is known by this type's name. */
struct bpf_timer {
	__u64 opaque[2];
} __attribute__((aligned(8)));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* kernel/sched/sched.h */
struct rq {
	int cpu;
	unsigned int nr_running;
	struct task_struct *stop;
	__u64 clock;
	__u64 prev_steal_time_rq; /* CONFIG_PARAVIRT_TIME_ACCOUNTING */
};

struct cfs_rq {
	struct rq *rq; /* CONFIG_FAIR_GROUP_SCHED */
};

/* include/linux/sched.h */
struct sched_entity {
	struct cfs_rq *cfs_rq; /* CONFIG_FAIR_GROUP_SCHED */
};

struct task_struct {
	struct sched_entity se;
	int pid;
	int prio;
	unsigned int policy;
	char comm[16];
	unsigned int __state; /* `state` before 5.14 */
};

struct task_struct___before_5_14 {
	long state;
};

/* include/linux/timer.h */
struct timer_list {
	void *function;
};

/* include/linux/netdevice.h */
struct net_device {
	char name[16];
	int ifindex; /* the injector's */
};

struct napi_struct {
	struct net_device *dev; /* none: a CPU's backlog */
};

struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
};

struct sk_buff_head {
	struct sk_buff *next;
};

typedef struct {
	int counter;
} atomic_t;

struct numa_drop_counters {
	atomic_t drops0;
	atomic_t drops1;
};

struct softnet_data {
	struct sk_buff_head process_queue;
	unsigned int processed;
	unsigned int time_squeeze;
	struct numa_drop_counters drop_counters; /* since 6.18 */
};

struct softnet_data___before_6_10 {
	unsigned int dropped;
};

struct softnet_data___before_6_18 {
	atomic_t dropped;
};

/* arch/x86/include/asm/ptrace.h */
struct pt_regs {
	unsigned long ip;
	__u16 cs; /* in an unnamed union since 6.9 */
};

/* include/linux/interrupt.h */
struct irqaction {
	unsigned int flags;
	const char *name;
};

/* include/linux/timerqueue.h (linux/timerqueue_types.h since 6.8) */
typedef __s64 ktime_t;

struct timerqueue_node {
	ktime_t expires;
};

/* include/linux/hrtimer.h, hrtimer_defs.h, hrtimer_types.h */
struct hrtimer_cpu_base {
	unsigned short nr_hangs; /* CONFIG_HIGH_RES_TIMERS; unsigned int before 4.16 */
};

struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
};

struct hrtimer {
	struct timerqueue_node node;
	void *function;
	struct hrtimer_clock_base *base;
	__u8 is_soft;
};

/* include/linux/perf_event.h */
struct hw_perf_event {
	struct hrtimer hrtimer; /* in an unnamed union */
};

struct perf_event_attr {
	__u64 config1; /* in an unnamed union */
};

struct perf_event {
	struct perf_event_attr attr;
	struct hw_perf_event hw;
};

/* What the injector reads beside these (bpf/inject.bpf.c). */

/* include/linux/hrtimer.h */
struct hrtimer_sleeper {
	struct hrtimer timer;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif

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
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* kernel/sched/sched.h */
struct rq {
	int cpu;
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
};

/* include/linux/interrupt.h */
struct irqaction {
	const char *name;
};

/*
 * What the injector reads (bpf/inject.bpf.c). The part from ___ on is no part of the kernel's name: these stand beside
 * the same types above.
 */
struct task_struct___inject {
	int pid;
};

struct net_device___inject {
	int ifindex;
};

struct hrtimer___inject {
	void *function;
};

struct hrtimer_sleeper___inject {
	struct hrtimer___inject timer;
	struct task_struct___inject *task;
};

#pragma clang attribute pop

#endif

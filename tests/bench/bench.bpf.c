// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What no tracer of softirqs can be cheaper than: empty programs, and the floor (one clock read and one add each). */
#include "compat.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} sums SEC(".maps");

#define EMPTY(tracepoint)                                                                                              \
	SEC("tp_btf/" #tracepoint)                                                                                     \
	int empty_##tracepoint(void *ctx)                                                                              \
	{                                                                                                              \
		return 0;                                                                                              \
	}

#define FLOOR(tracepoint)                                                                                              \
	SEC("tp_btf/" #tracepoint)                                                                                     \
	int floor_##tracepoint(void *ctx)                                                                              \
	{                                                                                                              \
		u32 zero = 0;                                                                                          \
		u64 *sum = bpf_map_lookup_elem(&sums, &zero);                                                          \
                                                                                                                       \
		if (sum)                                                                                               \
			*sum += bpf_ktime_get_ns();                                                                    \
		return 0;                                                                                              \
	}

EMPTY(softirq_raise)
EMPTY(softirq_entry)
EMPTY(softirq_exit)
FLOOR(softirq_raise)
FLOOR(softirq_entry)
FLOOR(softirq_exit)

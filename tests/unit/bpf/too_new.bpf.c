// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each function but the first two holds one thing that kernel 5.10 does not have. Compiled, read, and never loaded. */
#include "compat.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

extern void bpf_rcu_read_lock(void) __ksym;

u64 counter;

static __attribute__((noinline)) u64 old_enough_part(u64 start)
{
	return bpf_ktime_get_ns() - start;
}

SEC("tp_btf/softirq_entry")
int old_enough(void *ctx)
{
	__sync_fetch_and_add(&counter, old_enough_part((u64)ctx));
	return 0;
}

/* In .text, where libbpf's bpf_program__insns() does not look before the object is loaded. */
static __attribute__((noinline)) u64 too_new_part(u64 start)
{
	return bpf_ktime_get_coarse_ns() - start;
}

SEC("tp_btf/softirq_exit")
int calls_too_new_part(void *ctx)
{
	counter = too_new_part((u64)ctx);
	return 0;
}

SEC("tp_btf/softirq_exit")
int fetches(void *ctx)
{
	return __sync_fetch_and_add(&counter, 3) == 7;
}

int (*volatile callback)(u32 index, void *data);

static int each(u32 index, void *data)
{
	return index == 3;
}

SEC("tp_btf/softirq_exit")
int passes_callback(void *ctx)
{
	callback = each;
	return 0;
}

SEC("tp_btf/softirq_exit")
int calls_kfunc(void *ctx)
{
	bpf_rcu_read_lock();
	return 0;
}

SEC("syscall")
int of_a_new_type(void *ctx)
{
	return 0;
}

struct {
	__uint(type, 30); /* BPF_MAP_TYPE_BLOOM_FILTER, 5.16 */
	__uint(max_entries, 1);
	__uint(value_size, sizeof(u32));
} too_new_map SEC(".maps");

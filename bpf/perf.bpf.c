// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Never attached: the loader runs it on each CPU to find which of perf's descriptors is that CPU's bpf-output event. Each
 * that is leaves one sample in perf's buffer, which says that it is a marker.
 */
#include "mark_text.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} mark_candidate SEC(".maps");

SEC("raw_tp/mark_candidate")
int try_perf_event(void *ctx)
{
	char text[WIRE_MARK_BYTES] = {};

	put_word(text, "irqscope marker", 15);
	return bpf_perf_event_output(ctx, &mark_candidate, 0, text, sizeof(text));
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A stall, as it is told, for a running perf (into its own events) and the trace buffer. Nothing of it is loaded unasked. */
#ifndef IRQSCOPE_MARK_BPF_H
#define IRQSCOPE_MARK_BPF_H

#include "mark_text.bpf.h"
#include "state.bpf.h"

#ifndef ENOENT
#define ENOENT 2
#endif
#ifndef ENOSPC
#define ENOSPC 28
#endif
#ifndef EOPNOTSUPP
#define EOPNOTSUPP 95
#endif

/* By CPU: descriptors of perf's bpf-output events. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 1); /* the loader sets the number of CPU ids */
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} mark_events __attribute__((weak)) SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wire_mark_counts);
} mark_counts __attribute__((weak)) SEC(".maps");

/* perf has events that are not in mark_events, since they were disabled when the loader looked. */
volatile __u32 marks_wait __attribute__((weak)) = 0;

/* One whose end went unseen has been marked while it was open, and is none at its end. Out of line: rare. */
static __attribute__((noinline)) int mark(void *ctx, u32 what, u32 state, u64 start, u64 duration)
{
	static const char format[] = "%pks";
	char text[WIRE_MARK_BYTES] = {};
	struct wire_mark_counts *counts;
	u32 zero = 0;
	long failed;

	counts = bpf_map_lookup_elem(&mark_counts, &zero);
	if (!counts || !ctx || state == WIRE_STALL_GONE)
		return 0;
	put_word(text, "irqscope ", WIRE_MARK_KIND);
	put_kind(text + WIRE_MARK_KIND, what);
	if (state == WIRE_STALL_OPEN)
		put_word(text + WIRE_MARK_STATE, "open  ", 6);
	else
		put_word(text + WIRE_MARK_STATE, "ended ", 6);
	put_number(text + WIRE_MARK_DURATION, duration, WIRE_MARK_DURATION_DIGITS);
	put_word(text + WIRE_MARK_DURATION + WIRE_MARK_DURATION_DIGITS, " ns since ", 10);
	put_number(text + WIRE_MARK_START, start, WIRE_MARK_START_DIGITS);
	if (config.mark_perf) {
		failed = bpf_perf_event_output(ctx, &mark_events, BPF_F_CURRENT_CPU, text, sizeof(text));
		if (!failed)
			counts->sent++;
		else if (failed == -ENOSPC)
			counts->full++;
		else if (failed == -EOPNOTSUPP || (failed == -ENOENT && marks_wait))
			counts->off++;
		else
			counts->absent++;
	}
	if (config.mark_printk && bpf_trace_printk(format, sizeof(format), text) >= 0)
		counts->printed++;
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A stall as a line of text for those who watch beside us: perf's bpf-output event, and the kernel's trace buffer. Columns
 * of fixed width, numbers right-aligned in decimal; docs/PERF.md says the same to their readers:
 *
 *	irqscope softirq_latency ended        20123456 ns since       40669705771123
 *	irqscope marker
 */
#ifndef IRQSCOPE_WIRE_MARK_H
#define IRQSCOPE_WIRE_MARK_H

#define WIRE_MARK_KIND 9      /* where the kind of the stall stands, or "marker" */
#define WIRE_MARK_STATE 25    /* "ended" or "open" */
#define WIRE_MARK_DURATION 31 /* the kernel before 5.13 prints 63 bytes: up to its end at least */
#define WIRE_MARK_DURATION_DIGITS 15
#define WIRE_MARK_START 56
#define WIRE_MARK_START_DIGITS 19
#define WIRE_MARK_BYTES                                                                                                \
	84 /* the rest is 0; with the length that perf puts before it a multiple of 8, or it ends in what it finds */

/* What became of those of a CPU that were made. */
struct wire_mark_counts {
	__u64 sent;    /* perf has them in its buffer */
	__u64 full;    /* its buffer was full, since perf did not read it, or has just gone */
	__u64 off;     /* its event was disabled, or had been until now */
	__u64 absent;  /* it has no event on that CPU, or nobody's buffer is behind it any more */
	__u64 printed; /* into the trace buffer */
};

#endif

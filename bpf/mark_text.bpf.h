/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words and numbers of wire_mark.h. Unrolled: the verifier follows no loop. */
#ifndef IRQSCOPE_MARK_TEXT_BPF_H
#define IRQSCOPE_MARK_TEXT_BPF_H

#include "compat.bpf.h"
#include "wire.h"

inline_always void put_word(char *text, const char *word, u32 width)
{
	u32 i;

#pragma unroll
	for (i = 0; i < width; i++)
		text[i] = word[i];
}

/* Right-aligned; what has more digits loses the first ones. */
inline_always void put_number(char *text, u64 value, u32 digits)
{
	u32 i;

#pragma unroll
	for (i = 0; i < digits; i++) {
		text[digits - 1 - i] = value || !i ? '0' + value % 10 : ' ';
		value /= 10;
	}
}

/* 16 columns each. */
inline_always void put_kind(char *text, u32 what)
{
	switch (what) {
	case WIRE_STALL_SOFTIRQ_OFF:
		return put_word(text, "softirq_off     ", 16);
	case WIRE_STALL_SOFTIRQ_LATENCY:
		return put_word(text, "softirq_latency ", 16);
	case WIRE_STALL_SOFTIRQ_RUN:
		return put_word(text, "softirq_run     ", 16);
	case WIRE_STALL_HARDIRQ_RUN:
		return put_word(text, "hardirq_run     ", 16);
	case WIRE_STALL_KSOFTIRQD:
		return put_word(text, "ksoftirqd       ", 16);
	case WIRE_STALL_LOCKUP:
		return put_word(text, "lockup          ", 16);
	default:
		return put_word(text, "irq_off         ", 16);
	}
}

#endif

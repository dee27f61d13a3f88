/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The log-linear histogram: where a value belongs, and its count. user/model/histogram.cpp is the same scale. */
#ifndef IRQSCOPE_HISTOGRAM_BPF_H
#define IRQSCOPE_HISTOGRAM_BPF_H

#include "state.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_HISTS);
	__type(key, u32);
	__type(value, struct wire_histogram);
} histograms __attribute__((weak)) SEC(".maps");

/* The interval that minima and maxima belong to; the loader adds one at each interval's end. */
volatile __u32 epoch __attribute__((weak)) SEC(".bss");

inline_always struct wire_histogram *histogram_at(u32 index)
{
	return bpf_map_lookup_elem(&histograms, &index);
}

inline_always u32 log2_floor(u64 value)
{
	u32 log = 0, low;

	if (value >> 32) {
		value >>= 32;
		log = 32;
	}
	low = value;
	if (low >> 16) {
		low >>= 16;
		log += 16;
	}
	if (low >> 8) {
		low >>= 8;
		log += 8;
	}
	if (low >> 4) {
		low >>= 4;
		log += 4;
	}
	if (low >> 2) {
		low >>= 2;
		log += 2;
	}
	return log + (low >> 1);
}

inline_always u32 bucket_of(u64 ns)
{
	u32 log;

	if (ns < WIRE_LINEAR)
		return ns;
	if (ns >> WIRE_MAX_LOG2)
		return WIRE_OVERFLOW_BUCKET;
	log = log2_floor(ns) - WIRE_LINEAR_LOG2;
	/* ns >> log is WIRE_LINEAR plus the step */
	return log * WIRE_LINEAR + (u32)(ns >> log);
}

inline_always void histogram_count(struct wire_histogram *histogram, u64 ns, u64 nested_ns)
{
	u32 bucket = bucket_of(ns), now = epoch;

	if (unlikely(histogram->epoch != now)) {
		histogram->previous_epoch = histogram->epoch;
		histogram->previous_min_ns = histogram->min_ns;
		histogram->previous_max_ns = histogram->max_ns;
		histogram->epoch = now;
		histogram->min_ns = ~0ULL;
		histogram->max_ns = 0;
	}
	histogram->count++;
	histogram->sum_ns += ns;
	histogram->nested_ns += nested_ns;
	if (ns < histogram->min_ns)
		histogram->min_ns = ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
	if (bucket < WIRE_BUCKETS) /* for the verifier */
		histogram->buckets[bucket]++;
}

#endif

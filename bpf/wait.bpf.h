/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One wait that ended: a beat's lateness, how long softirqs were held off; and a stretch of ksoftirqd. */
#ifndef IRQSCOPE_WAIT_BPF_H
#define IRQSCOPE_WAIT_BPF_H

#include "histogram.bpf.h"
#include "ring.bpf.h"

inline_always void wait_count(struct wire_cpu_state *cpu, u32 index, u64 start, u64 ns, u64 nested_ns)
{
	struct wire_histogram *histogram = histogram_at(index);
	struct wire_span span = {};

	if (!histogram)
		return;
	if (config.histograms)
		histogram_count(histogram, ns, nested_ns);
	if (config.stream) {
		span.kind = WIRE_RECORD_WAIT;
		span.histogram = index;
		span.cpu = bpf_get_smp_processor_id();
		span.start_ns = start;
		span.duration_ns = ns;
		span.nested_ns = nested_ns;
		if (unlikely(!ring_send(cpu, span.cpu, &span, sizeof(span))))
			histogram->dropped++;
	}
}

#endif

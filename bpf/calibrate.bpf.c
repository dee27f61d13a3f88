// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Never attached: the loader runs it once to learn what a call of the programs costs on this host, without the
 * tracepoint's own dispatch. An iteration does what a call does: find the state, read the clock, count.
 */
#include "histogram.bpf.h"
#include "ring.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

#define CALIBRATE_CALLS 64

volatile __u64 calibrated_ns_per_call = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wire_histogram);
} calibration SEC(".maps");

SEC("raw_tp/calibrate")
int calibrate(void *ctx)
{
	u64 start = bpf_ktime_get_ns(), last = start;
	struct wire_cpu_state *cpu;
	u32 zero = 0, i;

	for (i = 0; i < CALIBRATE_CALLS; i++) {
		struct wire_histogram *histogram;
		u64 now = bpf_ktime_get_ns();

		cpu = bpf_map_lookup_elem(&cpu_states, &zero);
		histogram = bpf_map_lookup_elem(&calibration, &zero);
		if (!cpu || !histogram)
			return 0;
		histogram_count(histogram, now - last + READ_ONCE(cpu->enabled), 0);
		last = now;
	}
	calibrated_ns_per_call = (last - start) / CALIBRATE_CALLS;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* sched_switch: which task a CPU has, and whether it is its ksoftirqd. */
#include "edges.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	struct wire_cpu_state *cpu = this_cpu();
	u32 class;

	if (!cpu || !config.totals)
		return 0;
	class = class_of_task(cpu, address_of(next, &cpu->switch_address), BPF_CORE_READ(next, pid));
	cpu->class_task = class;
	cpu->class_below = class;
	edge(cpu, bpf_ktime_get_ns(), class);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The x86 system vectors that have tracepoints: sysvec_run. The loader loads those that the kernel has. */
#include "interrupt.bpf.h"
#include "timers.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

inline_always int sysvec_exit(u32 sysvec)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_histogram *histogram;
	struct wire_span span;

	if (!cpu)
		return 0;
	if (unlikely(!interrupt_end(cpu, 0, sysvec, WIRE_LOST_SYSVEC_ENTRY, &span))) {
		cpu->lost[WIRE_LOST_SYSVEC_EXIT]++;
		return 0;
	}
	if (sysvec == WIRE_SYSVEC_LOCAL_TIMER)
		timer_interrupt_ends(cpu, span.start_ns, span.start_ns + span.duration_ns);
	histogram = histogram_at(WIRE_HIST_SYSVEC_RUN + sysvec);
	if (histogram)
		interrupt_count(cpu, histogram, WIRE_HIST_SYSVEC_RUN + sysvec, &span);
	return 0;
}

#define SYSVEC(name, sysvec)                                                                                           \
	SEC("tp_btf/" #name "_entry")                                                                                  \
	int name##_entry(void *ctx)                                                                                    \
	{                                                                                                              \
		struct wire_cpu_state *cpu = this_cpu();                                                               \
		if (cpu)                                                                                               \
			interrupt_begin(cpu, 0, sysvec);                                                               \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("tp_btf/" #name "_exit")                                                                                   \
	int name##_exit(void *ctx)                                                                                     \
	{                                                                                                              \
		return sysvec_exit(sysvec);                                                                            \
	}

SYSVEC(local_timer, WIRE_SYSVEC_LOCAL_TIMER)
SYSVEC(reschedule, WIRE_SYSVEC_RESCHEDULE)
SYSVEC(call_function, WIRE_SYSVEC_CALL_FUNCTION)
SYSVEC(call_function_single, WIRE_SYSVEC_CALL_FUNCTION_SINGLE)
SYSVEC(irq_work, WIRE_SYSVEC_IRQ_WORK)
SYSVEC(x86_platform_ipi, WIRE_SYSVEC_X86_PLATFORM_IPI)
SYSVEC(spurious_apic, WIRE_SYSVEC_SPURIOUS_APIC)
SYSVEC(error_apic, WIRE_SYSVEC_ERROR_APIC)
SYSVEC(thermal_apic, WIRE_SYSVEC_THERMAL_APIC)
SYSVEC(threshold_apic, WIRE_SYSVEC_THRESHOLD_APIC)
SYSVEC(deferred_error_apic, WIRE_SYSVEC_DEFERRED_ERROR_APIC)

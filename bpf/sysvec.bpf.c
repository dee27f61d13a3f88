// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The x86 system vectors that have tracepoints, or the interprocessor interrupts of arm64 and arm: sysvec_run. The loader
 * loads what the kernel has.
 */
#include "interrupt.bpf.h"
#include "timers.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

inline_always int sysvec_exit(u32 sysvec)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_histogram *histogram;
	struct wire_span span;
	u64 now;

	if (!cpu)
		return 0;
	now = bpf_ktime_get_ns();
	if (sysvec == WIRE_SYSVEC_LOCAL_TIMER)
		timer_interrupt_ends(cpu, now);
	if (unlikely(!interrupt_end(cpu, now, 0, sysvec, WIRE_LOST_SYSVEC_ENTRY, &span))) {
		cpu->lost[WIRE_LOST_SYSVEC_EXIT]++;
		return 0;
	}
	histogram = histogram_at(WIRE_HIST_SYSVEC_RUN + sysvec);
	if (histogram)
		interrupt_count(cpu, histogram, WIRE_HIST_SYSVEC_RUN + sysvec, &span);
	return 0;
}

inline_always int sysvec_entry(u32 sysvec)
{
	struct wire_cpu_state *cpu = this_cpu();

	if (cpu)
		interrupt_begin(cpu, 0, sysvec);
	return 0;
}

#define SYSVEC(name, sysvec)                                                                                           \
	SEC("tp_btf/" #name "_entry")                                                                                  \
	int name##_entry(void *ctx)                                                                                    \
	{                                                                                                              \
		return sysvec_entry(sysvec);                                                                           \
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

#define FOUR_LETTERS(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)

/* ipi_entry and ipi_exit give the text of /proc/interrupts; its beginning tells them apart. */
inline_always u32 sysvec_of_ipi(const char *reason)
{
	u32 begins = 0;

	bpf_probe_read_kernel(&begins, sizeof(begins), reason);
	switch (begins) {
	case FOUR_LETTERS('R', 'e', 's', 'c'): /* Rescheduling interrupts */
		return WIRE_SYSVEC_RESCHEDULE;
	case FOUR_LETTERS('F', 'u', 'n', 'c'): /* Function call interrupts, single or not */
		return WIRE_SYSVEC_CALL_FUNCTION;
	case FOUR_LETTERS('I', 'R', 'Q', ' '): /* IRQ work interrupts */
		return WIRE_SYSVEC_IRQ_WORK;
	case FOUR_LETTERS('T', 'i', 'm', 'e'): /* Timer broadcast interrupts */
		return WIRE_SYSVEC_TIMER_BROADCAST;
	default:
		return WIRE_SYSVEC_OTHER_IPI;
	}
}

SEC("tp_btf/ipi_entry")
int BPF_PROG(ipi_entry, const char *reason)
{
	return sysvec_entry(sysvec_of_ipi(reason));
}

SEC("tp_btf/ipi_exit")
int BPF_PROG(ipi_exit, const char *reason)
{
	return sysvec_exit(sysvec_of_ipi(reason));
}

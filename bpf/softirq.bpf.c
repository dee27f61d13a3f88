// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* softirq_raise, softirq_entry, softirq_exit: softirq_latency and softirq_run. */
#include "context.bpf.h"
#include "histogram.bpf.h"
#include "ring.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

/*
 * The per-CPU words of the kernel's that a raise may ask are in no symbol table that BPF may use without KALLSYMS_ALL,
 * but BTF knows how far they lie from the CPU's runqueue, and a task knows that.
 */
inline_always u64 run_queue(struct wire_cpu_state *cpu)
{
	if (unlikely(!cpu->rq_address)) {
		struct task_struct *task = (void *)bpf_get_current_task();
		struct rq *rq = BPF_CORE_READ(task, se.cfs_rq, rq);

		if (rq && BPF_CORE_READ(rq, cpu) == (int)bpf_get_smp_processor_id())
			cpu->rq_address = (u64)rq;
	}
	return cpu->rq_address;
}

/*
 * Whether the vector is pending already, so that this raise adds nothing. When it cannot be told: yes; then a raise while
 * the vector waits in the present pass goes unseen (and is counted when it is served), but none is ever made up.
 */
inline_always bool is_pending(struct wire_cpu_state *cpu, u32 vector)
{
	u16 pending = 0xffff; /* ten vectors; little-endian, and 2 or 4 bytes wide */
	u64 rq = config.pending ? run_queue(cpu) : 0;

	if (rq)
		bpf_probe_read_kernel(&pending, sizeof(pending), (void *)(rq + config.pending_from_rq));
	return pending & (1U << vector);
}

#define SOFTIRQ_OFFSET                                                                                                 \
	0x100 /* include/linux/preempt.h: set from before the pending word is taken until the pass ends */

/* Whether softirqs are being served here, between two of them included; without the preempt count, in one of them. */
inline_always bool is_serving(struct wire_cpu_state *cpu)
{
	u64 rq = config.serving ? run_queue(cpu) : 0;
	u32 count = 0;

	if (!rq || bpf_probe_read_kernel(&count, sizeof(count), (void *)(rq + config.preempt_from_rq)))
		return cpu->softirq.start_ns;
	return count & SOFTIRQ_OFFSET;
}

SEC("tp_btf/softirq_raise")
int BPF_PROG(softirq_raise, unsigned int vector)
{
	struct wire_cpu_state *cpu = this_cpu();

	if (!cpu || vector >= WIRE_VECTORS)
		return 0;
	cpu->raises++;
	/* The oldest raise counts. The tracepoint comes before the pending bit is set (__raise_softirq_irqoff). */
	if (likely(!cpu->raised_ns[vector])) {
		cpu->raised_ns[vector] = bpf_ktime_get_ns();
	} else if (!is_pending(cpu, vector)) {
		/* The kernel has taken that raise: into the present pass, where the vector still waits for its turn, */
		if (is_serving(cpu)) {
			if (!cpu->reraised_ns[vector])
				cpu->reraised_ns[vector] = bpf_ktime_get_ns();
			return 0;
		}
		/* or it has served it, and we have not seen it (docs/LOST.md). It must not grow into a long wait. */
		cpu->lost[WIRE_LOST_SOFTIRQ_UNSERVED]++;
		cpu->raised_ns[vector] = bpf_ktime_get_ns();
		cpu->reraised_ns[vector] = 0;
	}
	return 0;
}

/* Takes the raise that this entry serves; interrupts may raise the vector again at any point of it. */
inline_always u64 take_raise(struct wire_cpu_state *cpu, u32 vector)
{
	u64 raised = READ_ONCE(cpu->raised_ns[vector]), again;

	WRITE_ONCE(cpu->raised_ns[vector], 0);
	again = READ_ONCE(cpu->reraised_ns[vector]);
	if (unlikely(again)) {
		WRITE_ONCE(cpu->raised_ns[vector], again);
		WRITE_ONCE(cpu->reraised_ns[vector], 0);
	}
	return raised;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(softirq_entry, unsigned int vector)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_histogram *histogram;
	u64 now, interrupt_ns, raised;

	if (!cpu || vector >= WIRE_VECTORS)
		return 0;
	now = now_with_interrupts(cpu, &interrupt_ns);
	if (unlikely(cpu->softirq.start_ns))
		cpu->lost[WIRE_LOST_SOFTIRQ_ENTRY]++;
	cpu->softirq.start_ns = now; /* early: a raise from an interrupt asks whether a pass goes on */
	cpu->softirq.latency_ns = WIRE_NO_LATENCY;
	if (config.latency) {
		raised = take_raise(cpu, vector);
		if (likely(raised)) {
			/* an interrupt between our clock and take_raise may have been what raised it */
			u64 latency = now > raised ? now - raised : 0;

			cpu->softirq.latency_ns = latency;
			if (config.histograms) {
				histogram = histogram_at(WIRE_HIST_SOFTIRQ_LATENCY + vector);
				if (histogram)
					histogram_count(histogram, latency, 0);
			}
		} else {
			cpu->lost[WIRE_LOST_SOFTIRQ_RAISE]++;
		}
	}
	if (config.run)
		cpu->softirq.context = softirq_context(ctx, cpu);
	cpu->softirq.vector = vector;
	cpu->softirq.interrupt_ns = interrupt_ns;
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(softirq_exit, unsigned int vector)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_histogram *histogram;
	struct wire_softirq_span record;
	u64 now, interrupt_ns;
	u32 index;

	if (!cpu || vector >= WIRE_VECTORS)
		return 0;
	if (unlikely(!cpu->softirq.start_ns || cpu->softirq.vector != vector)) {
		cpu->lost[WIRE_LOST_SOFTIRQ_EXIT]++;
		return 0;
	}
	now = now_with_interrupts(cpu, &interrupt_ns);
	record.span.start_ns = cpu->softirq.start_ns;
	record.span.duration_ns = now - cpu->softirq.start_ns;
	record.span.nested_ns = interrupt_ns - cpu->softirq.interrupt_ns;
	cpu->softirq.start_ns = 0;
	index = WIRE_HIST_SOFTIRQ_RUN + vector * WIRE_CONTEXTS + cpu->softirq.context;
	if (config.histograms && config.run) {
		histogram = histogram_at(index);
		if (histogram)
			histogram_count(histogram, record.span.duration_ns, record.span.nested_ns);
	}
	if (config.stream) {
		record.span.kind = WIRE_RECORD_SOFTIRQ;
		record.span.histogram = index;
		record.span.cpu = bpf_get_smp_processor_id();
		record.latency_ns = cpu->softirq.latency_ns;
		if (unlikely(!ring_send(cpu, record.span.cpu, &record, sizeof(record)))) {
			histogram = histogram_at(index);
			if (histogram)
				histogram->dropped++;
			histogram = histogram_at(WIRE_HIST_SOFTIRQ_LATENCY + vector);
			if (histogram && record.latency_ns != WIRE_NO_LATENCY)
				histogram->dropped++;
		}
	}
	return 0;
}

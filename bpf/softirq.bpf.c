// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* softirq_raise, softirq_entry, softirq_exit: softirq_latency, softirq_off and softirq_run. */
#include "context.bpf.h"
#include "histogram.bpf.h"
#include "pause.bpf.h"
#include "runqueue.bpf.h"
#include "stall.bpf.h"
#include "threads.bpf.h"
#include "wait.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

#define OFF_CHECK_NS 100000 /* a raise that waits longer is looked after at the next one */

/* A raise from outside softirq context begins the wait for the first softirq entry, of whatever vector. */
inline_always void off_begin(void *ctx, struct wire_cpu_state *cpu, u32 vector, u64 now)
{
	if (cpu->softirq.start_ns)
		return;
	if (likely(!cpu->off_ns)) {
		cpu->off_ns = now;
		cpu->off_vector = vector;
		if (config.totals)
			cpu->at_off = cpu->at_raise[vector];
	} else if (now - cpu->off_ns > OFF_CHECK_NS && !is_pending(cpu, cpu->off_vector) && !is_serving(cpu)) {
		/*
		 * The kernel has served it and we have not seen it (docs/LOST.md): the wait is this raise's. It is
		 * counted by its vector.
		 */
		stall_is_gone(ctx, cpu, WIRE_TOLD_OFF, cpu->off_ns, ROOM_INTERRUPT);
		cpu->off_ns = now;
		cpu->off_vector = vector;
		if (config.totals)
			cpu->at_off = cpu->at_raise[vector];
	}
}

inline_always void raise_begins(struct wire_cpu_state *cpu, u64 vector, u64 now)
{
	cpu->raised_ns[vector] = now;
	settle_totals_in(cpu, now, &cpu->at_raise[vector]);
}

SEC("tp_btf/softirq_raise")
int BPF_PROG(softirq_raise, unsigned int number)
{
	struct wire_cpu_state *cpu = this_cpu();
	u64 vector = opaque(number);
	u64 now;

	if (!cpu || vector >= WIRE_VECTORS)
		return 0;
	cpu->raises++;
	/* The oldest raise counts. The tracepoint comes before the pending bit is set (__raise_softirq_irqoff). */
	if (likely(!cpu->raised_ns[vector])) {
		now = bpf_ktime_get_ns();
		raise_begins(cpu, vector, now);
		if (config.off)
			off_begin(ctx, cpu, vector, now);
	} else if (!is_pending(cpu, vector)) {
		/* The kernel has taken that raise: into the present pass, where the vector still waits for its turn, */
		if (is_serving(cpu)) {
			if (!cpu->reraised_ns[vector]) {
				now = bpf_ktime_get_ns();
				cpu->reraised_ns[vector] = now;
				settle_totals_in(cpu, now, &cpu->at_reraise[vector]);
			}
			return 0;
		}
		/* or it has served it, and we have not seen it (docs/LOST.md). It must not grow into a long wait. */
		cpu->lost[WIRE_LOST_SOFTIRQ_UNSERVED]++;
		stall_is_gone(ctx, cpu, vector, cpu->raised_ns[vector], ROOM_INTERRUPT);
		now = bpf_ktime_get_ns();
		raise_begins(cpu, vector, now);
		cpu->reraised_ns[vector] = 0;
		if (config.off)
			off_begin(ctx, cpu, vector, now);
	}
	return 0;
}

/* Whether its end will be told: it has waited too long, or a beat has told of it. */
inline_always bool is_stall(struct wire_cpu_state *cpu, u64 vector, u64 raised, u64 now)
{
	return raised &&
	       ((now > raised && now - raised >= config.stall_ns[WIRE_STALL_SOFTIRQ_LATENCY]) || cpu->told[vector]);
}

/* Takes the raise that this entry serves; interrupts may raise the vector again at any point of it. */
inline_always u64 take_raise(struct wire_cpu_state *cpu, u64 vector, u64 now)
{
	u64 raised = READ_ONCE(cpu->raised_ns[vector]), again;

	if (config.totals && unlikely(is_stall(cpu, vector, raised, now)))
		cpu->at_waited = cpu->at_raise[vector];
	WRITE_ONCE(cpu->raised_ns[vector], 0);
	again = READ_ONCE(cpu->reraised_ns[vector]);
	if (unlikely(again)) {
		WRITE_ONCE(cpu->raised_ns[vector], again);
		if (config.totals)
			cpu->at_raise[vector] = cpu->at_reraise[vector];
		WRITE_ONCE(cpu->reraised_ns[vector], 0);
	}
	return raised;
}

/* A stall of softirqs that ended, by its place in told[]. Out of line: rare. */
static __attribute__((noinline)) int softirq_stall(void *ctx, struct wire_cpu_state *cpu, u32 slot, u64 start, u64 end)
{
	u64 interrupt_ns =
		cpu ? cpu->softirq.interrupt_ns : 0; /* that belongs to `end`, when it is the softirq's begin */
	struct wire_stall *stall;
	u8 told;

	if (!cpu || slot >= sizeof(cpu->told))
		return 0;
	told = cpu->told[slot];
	cpu->told[slot] = 0;
	stall = stall_room(ROOM_SOFTIRQ, stall_of_slot(slot), start, end - start);
	if (!stall)
		return 0;
	stall->histogram = histogram_of_slot(cpu, slot);
	/* softirqs were not held off when the last one ended */
	if (slot == WIRE_TOLD_OFF && cpu->softirq_end_ns)
		stall->less_than_ns = end - cpu->softirq_end_ns;
	if (slot != WIRE_TOLD_RUN)
		blame_interrupt(cpu, stall);
	else if (cpu->softirq.context == WIRE_CONTEXT_IRQ_EXIT)
		stall->stack = WIRE_STACK_INTERRUPTED;
	if (config.totals && slot == WIRE_TOLD_RUN) {
		breakdown_of_softirq(cpu, start, end, end - start - cpu->softirq.net_ns - softirq_ran_net(cpu), stall);
	} else if (config.totals) {
		copy_totals(cpu, end, interrupt_ns, &cpu->at_now);
		breakdown(slot == WIRE_TOLD_OFF ? &cpu->at_off : &cpu->at_waited, &cpu->at_now, stall);
	}
	stall_tell(ctx, cpu, stall, told);
	return 0;
}

/* The first softirq since that raise: they are no longer held off. */
inline_always void off_end(void *ctx, struct wire_cpu_state *cpu, u64 now)
{
	u64 start = READ_ONCE(cpu->off_ns), off;

	if (!start)
		return;
	WRITE_ONCE(cpu->off_ns, 0);
	off = now > start ? now - start : 0;
	if (config.histograms) {
		struct wire_histogram *histogram = histogram_at(WIRE_HIST_SOFTIRQ_OFF);

		if (histogram)
			histogram_count(histogram, off, 0);
	}
	if (config.stream)
		cpu->softirq.off_ns = off; /* goes with the softirq's record: one is cheaper than two */
	if (unlikely(off >= config.stall_ns[WIRE_STALL_SOFTIRQ_OFF] || cpu->told[WIRE_TOLD_OFF]))
		softirq_stall(ctx, cpu, WIRE_TOLD_OFF, start, now);
}

/* Its latency and off-time were to go with its record, and there will be none. */
inline_always void drop_waits(struct wire_cpu_state *cpu, u64 vector)
{
	struct wire_histogram *histogram;

	if (cpu->softirq.latency_ns != WIRE_NO_LATENCY && vector < WIRE_VECTORS) {
		histogram = histogram_at(WIRE_HIST_SOFTIRQ_LATENCY + vector);
		if (histogram)
			histogram->dropped++;
	}
	if (cpu->softirq.off_ns != WIRE_NO_LATENCY) {
		histogram = histogram_at(WIRE_HIST_SOFTIRQ_OFF);
		if (histogram)
			histogram->dropped++;
	}
}

/* The sum and the softirq's being over are two writes, and interrupts may look in between: see softirqs_done(). */
inline_always void softirq_done(struct wire_cpu_state *cpu, u64 now, u64 net)
{
	u32 class = class_of_softirq(cpu->softirq.context);
	u64 before = cpu->softirqs_ns[class];

	cpu->softirq.net_ns = net;
	cpu->softirq.done_before_ns = before;
	barrier();
	WRITE_ONCE(cpu->softirq.over_ns, now);
	WRITE_ONCE(cpu->softirqs_ns[class], before + net);
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(softirq_entry, unsigned int number)
{
	struct wire_cpu_state *cpu = this_cpu();
	u64 vector = opaque(number);
	struct wire_histogram *histogram;
	u64 now, interrupt_ns, raised = 0;

	if (!cpu || vector >= WIRE_VECTORS)
		return 0;
	now = now_with_interrupts(cpu, &interrupt_ns);
	if (unlikely(cpu->softirq.start_ns)) {
		cpu->lost[WIRE_LOST_SOFTIRQ_ENTRY]++;
		if (config.stream)
			drop_waits(cpu, opaque(cpu->softirq.vector));
		stall_is_gone(ctx, cpu, WIRE_TOLD_RUN, cpu->softirq.start_ns, ROOM_SOFTIRQ);
		if (config.totals) /* its exit went unseen: nobody knows how much of the time was its own */
			cpu->softirqs_ns[WIRE_CLASS_UNEXPLAINED] += softirq_net(cpu, now, interrupt_ns);
	}
	if (config.totals) {
		cpu->softirq.over_ns = 0;
		cpu->softirq.hardirq_ns = cpu->done_ns[WIRE_CLASS_HARDIRQ];
		cpu->softirq.away_ns = cpu->done_ns[WIRE_CLASS_AWAY];
		cpu->softirq.unexplained_ns = cpu->done_ns[WIRE_CLASS_UNEXPLAINED];
		/* Interrupts find it open from here on: all that they ask of it stands. */
		cpu->softirq.context = WIRE_CONTEXT_UNKNOWN;
	}
	WRITE_ONCE(cpu->softirq.interrupt_ns, interrupt_ns);
	if (config.pauses)
		cpu->stretches = (struct wire_softirq_stretches){};
	WRITE_ONCE(cpu->softirq.start_ns, now); /* early: a raise from an interrupt asks whether a pass goes on */
	if (config.pauses && unlikely(cpu->task_since_ns > now)) { /* it was preempted since it read the clock */
		cpu->softirq.interrupt_ns = cpu->task_interrupt_ns;
		WRITE_ONCE(cpu->softirq.start_ns, cpu->task_since_ns);
	}
	cpu->softirq.latency_ns = WIRE_NO_LATENCY;
	if (config.stream)
		cpu->softirq.off_ns = WIRE_NO_LATENCY;
	cpu->softirq.vector = vector;
	if (config.run)
		cpu->softirq.context = softirq_context(ctx, cpu);
	if (config.latency || config.off)
		raised = take_raise(cpu, vector, now);
	if (config.latency) {
		if (likely(raised)) {
			/* an interrupt between our clock and take_raise may have been what raised it */
			u64 latency = now > raised ? now - raised : 0;

			cpu->softirq.latency_ns = latency;
			if (config.histograms) {
				histogram = histogram_at(WIRE_HIST_SOFTIRQ_LATENCY + vector);
				if (histogram)
					histogram_count(histogram, latency, 0);
			}
			/* told: a beat between our clock and take_raise found it older than we do */
			if (unlikely(latency >= config.stall_ns[WIRE_STALL_SOFTIRQ_LATENCY] || cpu->told[vector]))
				softirq_stall(ctx, cpu, vector, raised, now);
		} else {
			cpu->lost[WIRE_LOST_SOFTIRQ_RAISE]++;
		}
	}
	if (config.off)
		off_end(ctx, cpu, now);
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(softirq_exit, unsigned int number)
{
	struct wire_cpu_state *cpu = this_cpu();
	u64 vector = opaque(number);
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
	if (config.pauses && unlikely(cpu->softirq.start_ns > now)) { /* as at the entry */
		now = cpu->softirq.start_ns;
		interrupt_ns = cpu->softirq.interrupt_ns;
	}
	record.span.start_ns = cpu->softirq.start_ns;
	record.span.duration_ns = now - cpu->softirq.start_ns;
	record.span.nested_ns = interrupt_ns - cpu->softirq.interrupt_ns;
	if (config.totals)
		softirq_done(cpu, now, record.span.duration_ns - record.span.nested_ns);
	flight_softirq(cpu, now);
	if (config.pauses && unlikely(cpu->stretches.first_ns)) {
		record.span.start_ns = cpu->stretches.first_ns;
		record.span.duration_ns += cpu->stretches.ran_ns;
		record.span.nested_ns += cpu->stretches.nested_ns;
	}
	WRITE_ONCE(cpu->softirq.start_ns, 0); /* before told is read: from here on no beat finds it open */
	if (unlikely(record.span.duration_ns >= config.stall_ns[WIRE_STALL_SOFTIRQ_RUN] || cpu->told[WIRE_TOLD_RUN]))
		softirq_stall(ctx, cpu, WIRE_TOLD_RUN, record.span.start_ns,
			      record.span.start_ns + record.span.duration_ns);
	cpu->softirq_end_ns = now;
	sum_softirq(vector, record.span.duration_ns - record.span.nested_ns);
	index = histogram_of_softirq(cpu);
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
		record.off_ns = cpu->softirq.off_ns;
		if (unlikely(!ring_send(cpu, record.span.cpu, &record, sizeof(record)))) {
			histogram = histogram_at(index);
			if (histogram)
				histogram->dropped++;
			drop_waits(cpu, vector);
		}
	}
	return 0;
}

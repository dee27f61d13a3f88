// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* irq_handler_entry, irq_handler_exit: hardirq_run, per IRQ and action. */
#include "interrupt.bpf.h"
#include "slots.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_IRQ_SLOTS);
	__type(key, u32);
	__type(value, struct wire_irq_slot);
} irq_slots SEC(".maps");

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(irq_handler_entry, int irq, struct irqaction *action)
{
	struct wire_cpu_state *cpu = this_cpu();

	if (cpu)
		interrupt_begin(cpu, (u64)action, irq);
	return 0;
}

/* First sight of an action on this CPU: a slot of its own, or none when all are taken. */
static __attribute__((noinline)) u32 claim_slot(struct wire_cpu_state *cpu, struct irqaction *action, u32 irq)
{
	struct wire_histogram *histogram;
	struct wire_irq_index *index;
	struct wire_irq_slot *info;
	u32 zero = 0, slot;

	if (!cpu)
		return WIRE_HIST_HARDIRQ_OTHER;
	slot = cpu->slots_used;
	if (slot >= WIRE_IRQ_SLOTS || irq >= WIRE_IRQ_LIMIT)
		return WIRE_HIST_HARDIRQ_OTHER;
	index = bpf_map_lookup_elem(&irq_index, &zero);
	info = bpf_map_lookup_elem(&irq_slots, &slot);
	histogram = histogram_at(WIRE_HIST_HARDIRQ_RUN + slot);
	if (!index || !info || !histogram)
		return WIRE_HIST_HARDIRQ_OTHER;
	cpu->slots_used = slot + 1;
	info->irq = irq;
	bpf_probe_read_kernel_str(info->name, sizeof(info->name), BPF_CORE_READ(action, name));
	info->claimed = 1;
	histogram->action = (u64)action;
	histogram->next = index->slot[irq];
	index->slot[irq] = slot + 1;
	return WIRE_HIST_HARDIRQ_RUN + slot;
}

static __attribute__((noinline)) int handler_was_long(void *ctx, struct wire_cpu_state *cpu, struct wire_span *span)
{
	struct wire_interrupt_frame *frame;
	struct wire_stall *stall;
	u64 own;

	if (!cpu || !span)
		return 0;
	stall = stall_room(ROOM_INTERRUPT, WIRE_STALL_HARDIRQ_RUN, span->start_ns, span->duration_ns);
	if (!stall)
		return 0;
	stall->histogram = span->histogram;
	stall->stack = WIRE_STACK_INTERRUPTED;
	frame = open_interrupt(cpu, cpu->depth); /* the one that has ended */
	own = span->duration_ns - span->nested_ns;
	breakdown_of_run(WIRE_CLASS_HARDIRQ, span->start_ns, span->duration_ns, span->nested_ns,
			 cpu->done_ns[WIRE_CLASS_HARDIRQ] - frame->hardirq_ns - own,
			 cpu->timers.interrupt_ns == span->start_ns ? cpu->timers.away_ns : 0,
			 cpu->done_ns[WIRE_CLASS_UNEXPLAINED] - frame->unexplained_ns, stall);
	stall_tell(ctx, cpu, stall, 0);
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(irq_handler_exit, int irq, struct irqaction *action)
{
	struct wire_cpu_state *cpu = this_cpu();
	struct wire_irq_index *slots;
	struct slot found = {};
	struct wire_span span;
	u32 zero = 0, number = irq;

	if (!cpu)
		return 0;
	if (unlikely(!interrupt_end(cpu, bpf_ktime_get_ns(), (u64)action, irq, WIRE_LOST_HARDIRQ_ENTRY, &span))) {
		cpu->lost[WIRE_LOST_HARDIRQ_EXIT]++;
		return 0;
	}
	slots = bpf_map_lookup_elem(&irq_index, &zero);
	if (!slots)
		return 0;
	find_slot(slots, (u64)action, number, &found);
	if (unlikely(!found.histogram)) {
		/* a chain that is full already gets no slots that nobody would find again */
		found.index = found.full ? WIRE_HIST_HARDIRQ_OTHER : claim_slot(cpu, action, number);
		found.histogram = histogram_at(found.index);
		if (!found.histogram)
			return 0;
	}
	interrupt_count(cpu, found.histogram, found.index, &span);
	if (unlikely(span.duration_ns >= config.stall_ns[WIRE_STALL_HARDIRQ_RUN])) {
		span.histogram = found.index;
		handler_was_long(ctx, cpu, &span);
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The heartbeats. Hard: on each CPU a perf event of the loader's, whose only purpose is its pinned hard hrtimer
 * (kernel/events/core.c, perf_swevent_hrtimer); how late that is served is how long interrupts were off. Soft: each
 * hard beat makes a raise, so that softirqs that are held off are noticed within a period.
 */
#include "activation.bpf.h"
#include "away.bpf.h"
#include "beat.bpf.h"
#include "lockup.bpf.h"
#include "stall.bpf.h"
#include "timers.bpf.h"
#include "wait.bpf.h"

char LICENSE[] __attribute__((weak)) SEC("license") = "Dual BSD/GPL";

struct soft_beat {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the loader sets the number of CPU ids */
	__type(key, u32);
	__type(value, struct soft_beat);
} soft_beats SEC(".maps");

static int soft_beat_expired(void *map, u32 *number, struct soft_beat *soft)
{
	return 0; /* that it was raised is all */
}

/* Run by the loader, once for each CPU number, on whatever CPU. bpf_timer is from 5.15. */
SEC("syscall")
int init_soft_beat(struct wire_init_soft_beat *which)
{
	u32 number = which->cpu;
	struct soft_beat *soft = bpf_map_lookup_elem(&soft_beats, &number);

	if (!soft || bpf_timer_init(&soft->timer, &soft_beats, WIRE_CLOCK_MONOTONIC))
		return 1;
	return bpf_timer_set_callback(&soft->timer, soft_beat_expired) ? 1 : 0;
}

/*
 * A timer that has expired when it is started, from the hard timer interrupt: hrtimer_interrupt() looks again before
 * it returns, finds it and raises HRTIMER_SOFTIRQ. It needs no interrupt of its own, and its CPU is this one, also
 * where timers cannot be pinned (before 6.7): one that is due at once is never moved to another (hrtimer_check_target).
 */
inline_always void raise_softirq(u32 number)
{
	struct soft_beat *soft;

	if (!config.soft_beat)
		return;
	soft = bpf_map_lookup_elem(&soft_beats, &number);
	if (soft)
		bpf_timer_start(&soft->timer, 0, config.soft_beat_flags);
}

/* Our own perf event's timer, of whatever generation; other people's cpu-clock events have the same function. */
inline_always u64 mark_of(struct wire_cpu_state *cpu, struct hrtimer *timer)
{
	u64 offset = __builtin_preserve_field_info(((struct perf_event *)0)->hw.hrtimer, BPF_FIELD_BYTE_OFFSET);
	struct perf_event *event = (void *)(address_of(timer, &cpu->timer_address) - offset);

	return BPF_CORE_READ(event, attr.config1);
}

inline_always u64 nr_hangs(struct hrtimer *timer)
{
	struct hrtimer_cpu_base *base = BPF_CORE_READ(timer, base, cpu_base);

	return bpf_core_field_exists(base->nr_hangs) ? BPF_CORE_READ(base, nr_hangs) : 0;
}

/*
 * When the interrupt began that runs: the innermost, for one below it may have lost its exit and stay there. Without a
 * tracepoint at its entry, a timer interrupt's own look at the clock.
 */
inline_always u64 interrupt_begun(struct wire_cpu_state *cpu, ktime_t *batch_now)
{
	u32 depth = cpu->depth;
	u64 begun = 0;

	if (depth)
		return open_interrupt(cpu, depth - 1)->start_ns;
	bpf_probe_read_kernel(&begun, sizeof(begun), batch_now);
	return begun;
}

#define LONG_INTERRUPT_NS 100000

/* From our look at the clock to the kernel's (hrtimer_forward_now), with the rest of our program, stacks, and others'. */
#define FORWARD_NS 50000

/* The timer's grid: what was due, what came, what went unseen. */
inline_always void follow_grid(struct wire_cpu_state *cpu, struct beat *beat, u64 expires, u64 mark)
{
	struct wire_beats *beats = &cpu->beats;
	u64 period = config.beat_ns, missing, skipped;

	beat->due = expires;
	if (unlikely(beats->generation != mark)) {
		if (beats->generation)
			beats->past_due += (cpu->due_ns - beats->first_ns) / period;
		beats->generation = mark;
		beats->first_ns = expires;
		return;
	}
	if (likely(expires == cpu->due_ns))
		return;
	missing = expires > cpu->due_ns ? (expires - cpu->due_ns) / period : 0;
	if (expires > cpu->due_ns && (expires - cpu->due_ns) % period == 0) {
		skipped = 0;
		/* Skipped like those before it: it was due when the last beat's own interrupt ended, or must have been. */
		if (beats->own_end_ns >= cpu->due_ns)
			skipped = (beats->own_end_ns - cpu->due_ns) / period + 1;
		else if (cpu->due_ns - beats->last_ns < FORWARD_NS)
			skipped = 1;
		skipped = skipped < missing ? skipped : missing;
		beats->skipped += skipped;
		missing -= skipped;
		if (!missing)
			return;
		/* The kernel served these, and ran none of our programs (docs/LOST.md); */
		beats->unseen += missing;
		/*
		 * or only this one was skipped, since it ran there already, for a soft timer: then the interrupt was seen,
		 * and what else went on there.
		 */
		if (missing == 1 && cpu->served_ns && cpu->served_ns < expires && cpu->served_ns != beat->begun)
			return;
		beats->hole_start_ns = expires - missing * period;
		beats->hole_end_ns = expires - period;
		return;
	}
	/*
	 * Off the grid: perf stopped and started the timer (ctx_resched; kernel/events/core.c, perf_swevent_cancel_hrtimer
	 * keeps the time that was left). One that was overdue is started anew and has lost its lateness: the first
	 * interrupt since tells it, if it came when the timer was still armed.
	 */
	beats->restarts++;
	if (cpu->served_ns > cpu->due_ns && expires >= cpu->served_ns && expires - cpu->served_ns < period)
		beat->due = cpu->due_ns;
	beats->skipped += missing;
	beats->past_due += (cpu->due_ns - beats->first_ns) / period + missing;
	beats->first_ns = expires;
}

/*
 * Whether nothing but idle ran when the beat was due. That the idle task is current does not say so: handlers and
 * softirqs on an idle CPU run in its name, and the idle loop masks interrupts. It must have been in its C-state.
 */
inline_always bool is_idle_exit(struct wire_cpu_state *cpu, const struct beat *beat)
{
	u64 left = cpu->idle_leave_ns ? cpu->idle_leave_ns : beat->now;
	u32 depth = cpu->depth;

	if ((u32)bpf_get_current_pid_tgid() || cpu->softirq.start_ns || beat->culprit_ns)
		return false;
	/* in a handler; one from before the idle loop has lost its exit */
	if (depth > 1 && open_interrupt(cpu, depth - 2)->start_ns >= cpu->idle_enter_ns)
		return false;
	/* Between an interrupt's end and its first softirq too the idle task is current, and the loop has not been left. */
	return cpu->idle_enter_ns && cpu->idle_enter_ns <= beat->due &&
	       (left > beat->now || beat->now - left <= beat->late / 2) && !is_serving(cpu);
}

static __attribute__((noinline)) int irq_off_stall(void *ctx, struct wire_cpu_state *cpu, struct beat *beat)
{
	struct wire_stall *stall;
	u64 before;

	if (!cpu || !beat)
		return 0;
	stall = stall_room(ROOM_INTERRUPT, WIRE_STALL_IRQ_OFF, beat->due, beat->off);
	if (!stall)
		return 0;
	/*
	 * Interrupts were on when the one before was accepted, and when the beat before was due: one that masks them
	 * for the whole period in between would have made that one late.
	 */
	before = cpu->served_ns ? cpu->before_served_ns : cpu->interrupts[0].start_ns;
	stall->less_than_ns = beat->late + config.beat_ns;
	if (before && before < beat->due && beat->due + beat->late - before < stall->less_than_ns)
		stall->less_than_ns = beat->due + beat->late - before;
	stall->histogram = WIRE_HIST_IRQ_OFF;
	if (beat->culprit != WIRE_NO_CULPRIT) {
		stall->culprit = beat->culprit;
		stall->culprit_ns = beat->culprit_ns;
		stall->stack = WIRE_STACK_INTERRUPTED;
		if (beat->own)
			stall->timer_function = cpu->timers.longest_function;
	} else { /* it may have begun when a restarted beat's lateness was over */
		blame_softirq(cpu, stall, beat->due, beat->due + beat->late, beat->now);
	}
	breakdown(&cpu->at_beat, &cpu->totals, stall);
	read_interrupted(cpu, stall);
	stall_tell(ctx, cpu, stall, 0);
	return 0;
}

inline_always void set_aside(struct wire_cpu_state *cpu, u32 kind, u64 ns)
{
	struct wire_aside *aside = &cpu->asides[kind];

	aside->count++;
	aside->total_ns += ns;
	if (ns > aside->max_ns)
		aside->max_ns = ns;
}

/*
 * What is open for too long, each once. What the kernel is done with, and nobody saw it (docs/LOST.md), is dropped: it
 * must not grow.
 */
static __attribute__((noinline)) int look_for_open(void *ctx, struct wire_cpu_state *cpu, u64 now)
{
	bool serving;
	u16 pending;
	u32 vector;
	u64 start;

	if (!cpu)
		return 0;
	pending = pending_vectors(cpu);
	serving = is_serving(cpu);
	start = cpu->off_ns;
	if (start && !serving && now - start >= config.stall_ns[WIRE_STALL_SOFTIRQ_OFF]) {
		if (!pending == !!cpu->told[WIRE_TOLD_OFF])
			stall_tell_open(ctx, cpu, WIRE_TOLD_OFF, start, ROOM_INTERRUPT);
		if (!pending)
			cpu->off_ns = 0;
	}
	for (vector = 0; vector < WIRE_VECTORS; vector++) {
		bool waits = serving || (pending & (1U << vector));

		start = cpu->raised_ns[vector];
		if (!start || now - start < config.stall_ns[WIRE_STALL_SOFTIRQ_LATENCY])
			continue;
		if (waits != !!cpu->told[vector])
			stall_tell_open(ctx, cpu, vector, start, ROOM_INTERRUPT);
		if (!waits) {
			cpu->lost[WIRE_LOST_SOFTIRQ_UNSERVED]++;
			cpu->raised_ns[vector] = 0;
			cpu->reraised_ns[vector] = 0; /* served as well, or it would be pending */
		}
	}
	start = cpu->softirq.start_ns;
	if (start && now - start + softirq_ran(cpu) >= config.stall_ns[WIRE_STALL_SOFTIRQ_RUN]) {
		if (serving != !!cpu->told[WIRE_TOLD_RUN])
			stall_tell_open(ctx, cpu, WIRE_TOLD_RUN, start, ROOM_INTERRUPT);
		if (!serving) {
			cpu->lost[WIRE_LOST_SOFTIRQ_ENTRY]++;
			/* no softirq program runs now */
			if (config.totals)
				cpu->softirqs_ns[WIRE_CLASS_UNEXPLAINED] += softirq_net(cpu, now, cpu->interrupt_ns);
			cpu->softirq.start_ns = 0;
		}
	}
	return 0;
}

/* What settles the stalls that were told: the steal that came around them, and whether beats went unseen. */
static __attribute__((noinline)) int settle(struct wire_cpu_state *cpu, u32 number, u64 now)
{
	struct wire_settled record = {};
	u64 clock = 0;

	if (!cpu)
		return 0;
	read_clock(cpu, &clock);
	if (!cpu->settle_until_ns) {
		cpu->settle_until_ns = now;
		cpu->settle_clock = clock;
		return 0;
	}
	if (clock == cpu->settle_clock && now - cpu->settle_until_ns < WIRE_SETTLE_NS)
		return 0;
	record.kind = WIRE_RECORD_SETTLED;
	record.cpu = number;
	record.until_ns = cpu->settle_until_ns;
	record.steal_known = cpu->steal_known;
	record.steal_ns = cpu->steal_ns;
	record.late_ns = cpu->beats.late_ns;
	record.hole_start_ns = cpu->beats.hole_start_ns;
	record.hole_end_ns = cpu->beats.hole_end_ns;
	cpu->unsettled_ns = cpu->last_stall_ns > cpu->settle_until_ns ? cpu->last_stall_ns : 0;
	cpu->settle_until_ns = 0;
	ring_send(cpu, number, &record, sizeof(record));
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int BPF_PROG(hrtimer_expire_entry, struct hrtimer *timer, ktime_t *batch_now)
{
	struct wire_cpu_state *cpu = this_cpu();
	u64 function, mark = 0, expires, now, begun;
	u32 number, hangs, zero = 0;
	struct beat *beat;
	bool steal_known;

	if (!cpu)
		return 0;
	/* Soft ones, ours among them, expire in a softirq, with interrupts on (hrtimer_run_softirq). */
	if (BPF_CORE_READ(timer, is_soft))
		return 0;
	function = (u64)BPF_CORE_READ(timer, function);
	if (function == config.beat_function)
		mark = mark_of(cpu, timer);
	/* The clock, not the tracepoint's `now`: that one serves the whole batch of expired timers. */
	now = bpf_ktime_get_ns();
	begun = interrupt_begun(cpu, batch_now);
	timer_begins(cpu, timer, function, begun, now);
	if ((mark & ~WIRE_BEAT_GENERATIONS) != config.beat_mark)
		return 0;
	beat = bpf_map_lookup_elem(&beat_room, &zero);
	if (!beat)
		return 0;
	*beat = (struct beat){ .now = now, .begun = begun };
	away_before_softirq(cpu, beat->begun);
	if (config.totals && unlikely(cpu->current_task && cpu->current_task != bpf_get_current_task()))
		switch_was_unseen(cpu, beat->now, true);
	settle_totals(cpu, beat->now);
	expires = BPF_CORE_READ(timer, node.expires);
	number = bpf_get_smp_processor_id();
	hangs = nr_hangs(timer);

	follow_grid(cpu, beat, expires, mark);
	cpu->beats.seen++;
	/* of a restarted timer the first interrupt that was served, of all others the clock */
	beat->late = beat->due != expires ? cpu->served_ns - beat->due : beat->now > expires ? beat->now - expires : 0;
	if (unlikely(beat->late >= WIRE_LATE_NS))
		cpu->beats.late_ns += beat->late;
	beat->hang = hangs != cpu->beats.hangs && cpu->beats.last_ns;
	find_culprit(cpu, beat);
	if (is_idle_exit(cpu, beat)) {
		wait_count(cpu, WIRE_HIST_IDLE_EXIT, beat->due, beat->late, 0);
		if (unlikely(beat->late >= config.stall_ns[WIRE_STALL_IRQ_OFF]))
			set_aside(cpu, WIRE_ASIDE_IDLE_EXIT, beat->late);
	} else {
		wait_count(cpu, WIRE_HIST_IRQ_OFF, beat->due, beat->late, 0);
		if (unlikely(beat->off >= config.stall_ns[WIRE_STALL_IRQ_OFF])) {
			if (beat->hang && beat->culprit == WIRE_NO_CULPRIT)
				set_aside(cpu, WIRE_ASIDE_HANG, beat->late);
			else
				irq_off_stall(ctx, cpu, beat);
		}
	}
	/* The timer is forwarded over what is due already (perf_swevent_hrtimer: hrtimer_forward_now). */
	cpu->due_ns = expires + config.beat_ns;
	if (unlikely(beat->now >= cpu->due_ns)) {
		u64 skipped = (beat->now - expires) / config.beat_ns;

		cpu->beats.skipped += skipped;
		cpu->due_ns += skipped * config.beat_ns;
	}
	if (unlikely(beat->late >= config.beat_ns))
		cpu->beats.late++;
	cpu->beats.last_ns = beat->now;
	cpu->beats.own_end_ns = 0;
	cpu->beats.hangs = hangs;
	cpu->served_ns = 0;
	if (cpu->longest_ns >= LONG_INTERRUPT_NS) {
		cpu->long_ns = cpu->longest_ns;
		cpu->long_start_ns = cpu->longest_start_ns;
		cpu->long_histogram = cpu->longest_histogram;
	}
	cpu->longest_ns = 0;
	if (config.totals)
		cpu->at_beat = cpu->totals;
	steal_known = read_steal(cpu, &cpu->steal_ns);
	if (unlikely(steal_known && !cpu->steal_known))
		cpu->first_steal_ns = cpu->steal_ns;
	cpu->steal_known = steal_known;
	if (config.stall_rate) {
		look_for_open(ctx, cpu, beat->now);
		look_at_threads(ctx, cpu, beat->now);
		look_for_lockup(ctx, cpu, beat->now);
	}
	if (unlikely(cpu->unsettled_ns && beat->now > cpu->unsettled_ns))
		settle(cpu, number, beat->now);
	raise_softirq(number);
	return 0;
}

SEC("tp_btf/hrtimer_expire_exit")
int BPF_PROG(hrtimer_expire_exit, struct hrtimer *timer)
{
	struct wire_cpu_state *cpu = this_cpu();

	if (cpu && cpu->timers.timer)
		timer_ends(cpu, timer, bpf_ktime_get_ns());
	return 0;
}

#define PWR_EVENT_EXIT 0xffffffffU /* include/trace/events/power.h */

SEC("tp_btf/cpu_idle")
int BPF_PROG(cpu_idle, unsigned int state)
{
	struct wire_cpu_state *cpu = this_cpu();

	if (!cpu)
		return 0;
	if (state == PWR_EVENT_EXIT) {
		cpu->idle_leave_ns = bpf_ktime_get_ns();
	} else {
		cpu->idle_enter_ns = bpf_ktime_get_ns();
		cpu->idle_leave_ns = 0;
		if (config.totals && unlikely(cpu->current_task && cpu->current_task != bpf_get_current_task()))
			switch_was_unseen(cpu, cpu->idle_enter_ns, true);
	}
	return 0;
}

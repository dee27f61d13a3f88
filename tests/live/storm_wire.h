/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What crosses between storm.bpf.c and its loader. */
#ifndef IRQSCOPE_TESTS_LIVE_STORM_WIRE_H
#define IRQSCOPE_TESTS_LIVE_STORM_WIRE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define STORM_SPINS 4096

/* Decided at load. */
struct storm_config {
	__u64 packet_ns;    /* each packet of ifindex that is received on the CPU */
	__u64 interrupt_ns; /* each interrupt there, from the first packet on */
	__u32 cpu;
	__u32 ifindex;
	__u32 irq;
	__u32 most_interrupts; /* that are held */
};

struct storm_spin { /* CLOCK_MONOTONIC */
	__u64 start_ns;
	__u64 end_ns; /* 0: it has not ended */
	__u32 irq;    /* 0: the timer's */
	__u32 pad;
};

#endif

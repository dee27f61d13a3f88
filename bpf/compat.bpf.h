/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What differs between kernels, each with the change that made the difference. Programs that every kernel from 5.10 on
 * must load use no helper, instruction or map type that is newer: tests/unit/bpf/object_test.cpp reads the object for
 * it.
 */
#ifndef IRQSCOPE_COMPAT_BPF_H
#define IRQSCOPE_COMPAT_BPF_H

#include "../vmlinux/vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define barrier() asm volatile("" ::: "memory")
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define inline_always static __attribute__((always_inline)) inline
#define out_of_line static __attribute__((noinline, unused)) /* in a header: not each program has a use for it */

/* The value, about which the compiler knows nothing: it must use the one whose bounds the verifier has seen checked. */
inline_always u64 opaque(u64 value)
{
	asm volatile("" : "+r"(value));
	return value;
}

/*
 * A pointer as a number. The verifier refuses arithmetic on a context or stack pointer, and lets a privileged program
 * (CAP_PERFMON, allow_ptr_leaks) store one and read it back as a scalar.
 */
inline_always u64 address_of(void *pointer, u64 *room)
{
	*(volatile u64 *)room = (u64)pointer;
	return *(volatile u64 *)room;
}

#endif

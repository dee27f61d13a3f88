/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for libbpf's header of this name when the BPF sources are compiled for the host. Helpers are functions of
 * tests/unit/bpf/fake_kernel.cpp; a map is looked up with the sizes that its own definition gives.
 */
#ifndef IRQSCOPE_TESTS_UNIT_BPF_HELPERS_H
#define IRQSCOPE_TESTS_UNIT_BPF_HELPERS_H

#include <assert.h> /* static_assert, for wire.h */

#define SEC(name)
#define __uint(name, number) int(*name)[number]
#define __type(name, type) typeof(type) *name
#define __array(name, type) typeof(type) *value

#define __builtin_preserve_access_index(expression) (expression)
/* Every field exists here, and lies where the compiler has put it (BPF_FIELD_EXISTS, BPF_FIELD_BYTE_OFFSET). */
#define __builtin_preserve_field_info(field, kind) ((kind) == BPF_FIELD_EXISTS ? 1 : (__u64) & (field))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define FAKE_NUMBER(member) (sizeof(*(member)) / sizeof(int))
#define bpf_map_lookup_elem(map, key)                                                                                  \
	fake_map_lookup((map), FAKE_NUMBER((map)->type), FAKE_NUMBER((map)->max_entries), sizeof(*(map)->value), (key))

void *fake_map_lookup(void *map, unsigned long type, unsigned long max_entries, unsigned long value_size,
		      const void *key);
__u64 bpf_ktime_get_ns(void);
__u32 bpf_get_smp_processor_id(void);
__u64 bpf_get_current_task(void);
__u64 bpf_get_current_pid_tgid(void);
long bpf_get_current_comm(void *to, __u32 size);
long bpf_get_stack(void *ctx, void *frames, __u32 size, __u64 flags);
long bpf_probe_read_kernel(void *to, __u32 size, const void *from);
long bpf_probe_read_kernel_str(void *to, __u32 size, const void *from);
long bpf_timer_init(void *timer, void *map, __u64 flags);
long bpf_timer_set_callback(void *timer, void *callback);
long bpf_timer_start(void *timer, __u64 ns, __u64 flags);
long bpf_ringbuf_output(void *ring, void *record, __u64 size, __u64 flags);
long bpf_perf_event_output(void *ctx, void *map, __u64 flags, void *data, __u64 size);
long bpf_trace_printk(const char *format, __u32 size, ...);

#endif

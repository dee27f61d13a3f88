// SPDX-License-Identifier: BSD-2-Clause
#include "bpf/fake_kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

struct fake_map; // never complete: only the addresses of the programs' maps matter

extern "C" {
wire_config config;
extern fake_map cpu_states;
extern fake_map histograms;
extern fake_map irq_slots;
extern fake_map irq_index;
extern fake_map rings;
extern fake_map flights;
extern fake_map soft_beats;
extern fake_map mark_counts;
extern fake_map softirq_threads;

// the helpers; prototypes as in bpf/shim/bpf/bpf_helpers.h
void* fake_map_lookup(void* map, unsigned long type, unsigned long max_entries, unsigned long value_size,
                      const void* key);
__u64 bpf_ktime_get_ns();
__u32 bpf_get_smp_processor_id();
__u64 bpf_get_current_pid_tgid();
long bpf_get_current_comm(void* to, __u32 size);
long bpf_timer_init(void* timer, void* map, __u64 flags);
long bpf_timer_set_callback(void* timer, void* callback);
long bpf_timer_start(void* timer, __u64 ns, __u64 flags);
long bpf_get_stack(void* context, void* frames, __u32 size, __u64 flags);
long bpf_probe_read_kernel(void* to, __u32 size, const void* from);
long bpf_probe_read_kernel_str(void* to, __u32 size, const void* from);
long bpf_ringbuf_output(void* ring, void* record, __u64 size, __u64 flags);
long bpf_perf_event_output(void* context, void* map, __u64 flags, void* data, __u64 size);
long bpf_trace_printk(const char* format, __u32 size, ...);
}

namespace irqscope::fake {

namespace {

constexpr unsigned long array = 2;         // BPF_MAP_TYPE_ARRAY
constexpr unsigned long per_cpu_array = 6; // BPF_MAP_TYPE_PERCPU_ARRAY
constexpr unsigned long array_of_maps = 12;
constexpr std::uint32_t no_cpu = ~0U; // whose value an array's is
constexpr std::size_t timer_size = 16;
constexpr __u64 force_wakeup = 2; // BPF_RB_FORCE_WAKEUP

using where = std::tuple<const void*, std::uint32_t, std::uint32_t>; // map, CPU, key

kernel the_kernel;
std::map<where, std::unique_ptr<std::uint64_t[]>> values; // NOLINT(*-c-arrays)

void* value_at(const void* map, std::uint32_t cpu, std::uint32_t key, std::size_t size) {
    auto& value = values[{map, cpu, key}];
    if (!value) value = std::make_unique<std::uint64_t[]>((size + 7) / 8); // zeroed, as an array map's are
    return value.get();
}

} // namespace

kernel& kernel::get() { return the_kernel; }

void kernel::reset() {
    the_kernel = kernel();
    values.clear();
    epoch = 0;
    config = {};
    config.histograms = 1;
    config.latency = 1;
    config.run = 1;
    config.pending = 1;
    config.pending_from_rq = fake_pending_from_rq();
    config.beat_ns = ms;
    std::fill(std::begin(config.stall_ns), std::end(config.stall_ns), never);
    fake_set_run_queue_cpu(0);
    clear_pending();
    *fake_preempt_count() = 0;
    fake_set_steal(0);
    fake_set_nr_hangs(0);
    fake_set_interrupted(nullptr, 0);
    fake_set_current(nullptr);
    fake_set_softnet(0, 0, 0, 0);
    fake_set_stopper(nullptr);
    fake_set_running(0);
    fake_set_touched(0);
    fake_set_backlog(0, nullptr);
    the_kernel.state().enabled = 1;
}

wire_cpu_state& kernel::state(std::uint32_t of_cpu) {
    return *static_cast<wire_cpu_state*>(value_at(&cpu_states, of_cpu, 0, sizeof(wire_cpu_state)));
}

wire_histogram& kernel::histogram(std::uint32_t index, std::uint32_t of_cpu) {
    return *static_cast<wire_histogram*>(value_at(&histograms, of_cpu, index, sizeof(wire_histogram)));
}

wire_irq_slot& kernel::slot(std::uint32_t number, std::uint32_t of_cpu) {
    return *static_cast<wire_irq_slot*>(value_at(&irq_slots, of_cpu, number, sizeof(wire_irq_slot)));
}

wire_mark_counts& kernel::mark_counts(std::uint32_t of_cpu) {
    return *static_cast<wire_mark_counts*>(value_at(&::mark_counts, of_cpu, 0, sizeof(wire_mark_counts)));
}

wire_threads& kernel::threads(std::uint32_t of_cpu) {
    return *static_cast<wire_threads*>(value_at(&softirq_threads, of_cpu, 0, sizeof(wire_threads)));
}

std::vector<wire_flight> kernel::flight(std::uint32_t of_cpu) {
    std::vector<wire_flight> all(config.flight * 3 / 2);
    for (std::uint32_t i = 0; i < all.size(); i++)
        std::memcpy(&all[i], value_at(&flights, of_cpu, i, sizeof(wire_flight)), sizeof(wire_flight));
    return all;
}

const void* kernel::soft_beat(std::uint32_t of_cpu) { return value_at(&soft_beats, no_cpu, of_cpu, timer_size); }

void kernel::raise(std::uint32_t vector) {
    std::array<unsigned long long, 1> context{vector};
    softirq_raise(context.data());
    set_pending(vector);
}

void kernel::enter(std::uint32_t vector) {
    stack[0] = vector;
    softirq_entry(stack.data());
}

void kernel::leave(std::uint32_t vector) {
    std::array<unsigned long long, 1> context{vector};
    softirq_exit(context.data());
}

void kernel::begin_handler(std::uint32_t irq, void* action) {
    std::array<unsigned long long, 2> context{irq, reinterpret_cast<std::uintptr_t>(action)};
    irq_handler_entry(context.data());
}

void kernel::end_handler(std::uint32_t irq, void* action) {
    std::array<unsigned long long, 3> context{irq, reinterpret_cast<std::uintptr_t>(action), 1};
    irq_handler_exit(context.data());
}

void kernel::expire(void* timer, std::uint64_t expires_ns, std::uint64_t batch_ns) {
    fake_set_expires(timer, static_cast<long long>(expires_ns));
    std::array<unsigned long long, 2> context{reinterpret_cast<std::uintptr_t>(timer),
                                              reinterpret_cast<std::uintptr_t>(&batch_ns)};
    hrtimer_expire_entry(context.data());
}

void kernel::expired(void* timer) {
    std::array<unsigned long long, 1> context{reinterpret_cast<std::uintptr_t>(timer)};
    hrtimer_expire_exit(context.data());
}

void kernel::enter_idle(std::uint32_t state) {
    std::array<unsigned long long, 1> context{state};
    cpu_idle(context.data());
}

void kernel::switch_to(void* next, bool preempt, unsigned state) {
    void* previous = fake_current();
    fake_set_task_state(previous, state);
    std::array<unsigned long long, 3> context{preempt ? 1U : 0U, reinterpret_cast<std::uintptr_t>(previous),
                                              reinterpret_cast<std::uintptr_t>(next)};
    sched_switch(context.data());
    switch_unseen(next);
}

void kernel::switch_unseen(void* next) {
    fake_set_current(next);
    const auto pid = static_cast<std::uint64_t>(fake_pid_of(next));
    pid_tgid = (pid << 32U) | pid;
    comm = fake_comm_of(next);
}

void kernel::wake(void* task) {
    std::array<unsigned long long, 1> context{reinterpret_cast<std::uintptr_t>(task)};
    sched_waking(context.data());
    fake_set_task_state(task, 0);
}

void kernel::poll(void* napi, int work) {
    std::array<unsigned long long, 3> context{reinterpret_cast<std::uintptr_t>(napi),
                                              static_cast<unsigned long long>(work), 64};
    napi_poll(context.data());
}

void kernel::begin_timer(void* timer) {
    std::array<unsigned long long, 2> context{reinterpret_cast<std::uintptr_t>(timer), 0};
    timer_expire_entry(context.data());
}

void kernel::end_timer(void* timer) {
    std::array<unsigned long long, 1> context{reinterpret_cast<std::uintptr_t>(timer)};
    timer_expire_exit(context.data());
}

void kernel::leave_idle() { enter_idle(0xffffffff); } // PWR_EVENT_EXIT

} // namespace irqscope::fake

using irqscope::fake::the_kernel;

void* fake_map_lookup(void* map, unsigned long type, unsigned long max_entries, unsigned long value_size,
                      const void* key) {
    std::uint32_t index = 0;
    std::memcpy(&index, key, sizeof(index));
    if (type == irqscope::fake::array_of_maps) return map; // the CPU's own ring, and the tests know one
    if (type == irqscope::fake::array && map == &flights) {
        if (index >= config.flight * 3 / 2) return nullptr;
        if (const auto interrupt = std::exchange(the_kernel.at_flight, nullptr)) interrupt();
        return irqscope::fake::value_at(map, the_kernel.cpu, index, value_size);
    }
    if (type == irqscope::fake::array && map == &soft_beats) {
        if (index >= the_kernel.cpu_ids) return nullptr;
        return irqscope::fake::value_at(map, irqscope::fake::no_cpu, index, value_size);
    }
    EXPECT_EQ(type, irqscope::fake::per_cpu_array) << "a map that is shared by all CPUs";
    if (index >= max_entries) return nullptr;
    return irqscope::fake::value_at(map, the_kernel.cpu, index, value_size);
}

__u64 bpf_ktime_get_ns() {
    const std::uint64_t now = the_kernel.now_ns;
    the_kernel.clock_reads++;
    if (const auto interrupt = std::exchange(the_kernel.after_clock, nullptr)) {
        interrupt();
        the_kernel.after_clock = std::exchange(the_kernel.after_second_clock, nullptr);
    }
    return now;
}

__u32 bpf_get_smp_processor_id() { return the_kernel.cpu; }

__u64 bpf_get_current_pid_tgid() { return the_kernel.pid_tgid; }

long bpf_get_current_comm(void* to, __u32 size) {
    std::memset(to, 0, size);
    std::memcpy(to, the_kernel.comm.data(), std::min<std::size_t>(the_kernel.comm.size(), size - 1));
    return 0;
}

long bpf_timer_init(void* timer, void* map, __u64 flags) {
    EXPECT_EQ(map, &soft_beats);
    EXPECT_EQ(flags, __u64{WIRE_CLOCK_MONOTONIC});
    if (std::find(the_kernel.timers.begin(), the_kernel.timers.end(), timer) != the_kernel.timers.end()) return -EBUSY;
    the_kernel.timers.push_back(timer);
    return 0;
}

long bpf_timer_set_callback(void* timer, void* callback) {
    EXPECT_EQ(the_kernel.timers.back(), timer);
    return callback == nullptr ? -EINVAL : 0;
}

long bpf_timer_start(void* timer, __u64 ns, __u64 flags) {
    the_kernel.timer_starts.push_back({timer, ns, flags});
    return 0;
}

long bpf_get_stack(void*, void* frames, __u32 size, __u64) {
    the_kernel.unwindings++;
    if (const auto interrupt = std::exchange(the_kernel.during_unwinding, nullptr)) interrupt();
    const std::size_t bytes = std::min<std::size_t>(size, the_kernel.unwound.size() * sizeof(std::uint64_t));
    if (bytes == 0) return -EFAULT;
    std::memcpy(frames, the_kernel.unwound.data(), bytes);
    return static_cast<long>(bytes);
}

long bpf_probe_read_kernel(void* to, __u32 size, const void* from) {
    if (from == nullptr) {
        std::memset(to, 0, size);
        return -EFAULT;
    }
    std::memcpy(to, from, size);
    return 0;
}

long bpf_probe_read_kernel_str(void* to, __u32 size, const void* from) {
    if (from == nullptr || size == 0) return -EFAULT;
    const std::size_t length = std::min<std::size_t>(std::strlen(static_cast<const char*>(from)), size - 1);
    std::memcpy(to, from, length);
    static_cast<char*>(to)[length] = '\0';
    return static_cast<long>(length) + 1;
}

long bpf_perf_event_output(void*, void*, __u64, void* data, __u64 size) {
    if (the_kernel.perf_says != 0) return the_kernel.perf_says;
    the_kernel.marks.emplace_back(static_cast<const char*>(data));
    the_kernel.mark_sizes.push_back(size);
    return 0;
}

long bpf_trace_printk(const char* format, __u32 size, ...) { // NOLINT(*-dcl50-cpp): the helper's own shape
    EXPECT_EQ(std::string(format, size - 1), "%pks");
    va_list arguments; // NOLINT(*-pro-type-vararg)
    va_start(arguments, size);
    the_kernel.printed.emplace_back(va_arg(arguments, const char*));
    va_end(arguments);
    return 0;
}

long bpf_ringbuf_output(void*, void* record, __u64 size, __u64 flags) {
    if (the_kernel.ring_full) return -EAGAIN;
    the_kernel.wakeups += flags == irqscope::fake::force_wakeup ? 1 : 0;
    const auto* bytes = static_cast<const std::byte*>(record);
    the_kernel.sent.emplace_back(bytes, bytes + size);
    return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
#include "bpf/fake_kernel.hpp"

#include <algorithm>
#include <cerrno>
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

// the helpers; prototypes as in bpf/shim/bpf/bpf_helpers.h
void* fake_map_lookup(void* map, unsigned long type, unsigned long max_entries, unsigned long value_size,
                      const void* key);
__u64 bpf_ktime_get_ns();
__u32 bpf_get_smp_processor_id();
long bpf_get_stack(void* context, void* frames, __u32 size, __u64 flags);
long bpf_probe_read_kernel(void* to, __u32 size, const void* from);
long bpf_probe_read_kernel_str(void* to, __u32 size, const void* from);
long bpf_ringbuf_output(void* ring, void* record, __u64 size, __u64 flags);
}

namespace irqscope::fake {

namespace {

constexpr unsigned long per_cpu_array = 6; // BPF_MAP_TYPE_PERCPU_ARRAY
constexpr unsigned long array_of_maps = 12;

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
    fake_set_run_queue_cpu(0);
    clear_pending();
    *fake_preempt_count() = 0;
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

} // namespace irqscope::fake

using irqscope::fake::the_kernel;

void* fake_map_lookup(void* map, unsigned long type, unsigned long max_entries, unsigned long value_size,
                      const void* key) {
    std::uint32_t index = 0;
    std::memcpy(&index, key, sizeof(index));
    if (type == irqscope::fake::array_of_maps) return map; // the CPU's own ring, and the tests know one
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

long bpf_get_stack(void*, void* frames, __u32 size, __u64) {
    the_kernel.unwindings++;
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

long bpf_ringbuf_output(void*, void* record, __u64 size, __u64) {
    if (the_kernel.ring_full) return -EAGAIN;
    const auto* bytes = static_cast<const std::byte*>(record);
    the_kernel.sent.emplace_back(bytes, bytes + size);
    return 0;
}

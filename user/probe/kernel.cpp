// SPDX-License-Identifier: BSD-2-Clause
#include "probe/kernel.hpp"

#include "host/files.hpp"
#include "host/system.hpp"
#include "symbols/kallsyms.hpp"

#include <array>
#include <bit>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace irqscope::probe {

namespace {

struct caller_name {
    const char* function;
    wire_context context;
};

// Where do_softirq() is inlined its caller takes its place, and a compiler may split a part off.
constexpr std::array caller_names{
    caller_name{"irq_exit_rcu", WIRE_CONTEXT_IRQ_EXIT},
    caller_name{"__irq_exit_rcu", WIRE_CONTEXT_IRQ_EXIT},
    caller_name{"irq_exit", WIRE_CONTEXT_IRQ_EXIT},
    caller_name{"do_softirq", WIRE_CONTEXT_BH_ENABLE},
    caller_name{"do_softirq.part.0", WIRE_CONTEXT_BH_ENABLE},
    caller_name{"__local_bh_enable_ip", WIRE_CONTEXT_BH_ENABLE},
    caller_name{"run_ksoftirqd", WIRE_CONTEXT_KSOFTIRQD},
    caller_name{"run_ktimerd", WIRE_CONTEXT_KTIMERS},
    caller_name{"run_timersd", WIRE_CONTEXT_KTIMERS}, // of the -rt patches before it came into the kernel (6.13)
    caller_name{"ktimers_run", WIRE_CONTEXT_KTIMERS},
    // before a0cfc74d0b00 (5.12) the switch of stacks is a function of its own, called on both ways
    caller_name{"asm_call_on_stack", WIRE_CONTEXT_INLINE},
    caller_name{"asm_call_irq_on_stack", WIRE_CONTEXT_INLINE},
};
static_assert(caller_names.size() <= WIRE_CALLERS);

constexpr const char* beat_function_name = "perf_swevent_hrtimer";
// The function around the softirq tracepoints (kernel/softirq.c): the former since 6.10, then the latter only calls it.
constexpr std::array softirq_loop_names{"handle_softirqs", "__do_softirq"};

using functions = std::map<std::string, symbols::function>;

functions read_functions() {
    std::set<std::string> wanted{beat_function_name};
    wanted.insert(softirq_loop_names.begin(), softirq_loop_names.end());
    for (const auto& caller : caller_names) wanted.insert(caller.function);
    return symbols::read_functions(wanted).value_or(functions{});
}

std::vector<wire_caller> find_callers(const functions& known) {
    std::vector<wire_caller> callers;
    for (const auto& caller : caller_names)
        if (const auto found = known.find(caller.function); found != known.end())
            callers.push_back({found->second.start, found->second.size, static_cast<__u32>(caller.context)});
    return callers;
}

// Byte offset of a member, looked for in unnamed structs and unions too (pcpu_hot is a union around a struct).
std::optional<std::int64_t> member_offset(const btf* types, std::uint32_t id, std::string_view name, int depth = 0) {
    const std::int32_t resolved = btf__resolve_type(types, id);
    const btf_type* type = resolved > 0 ? btf__type_by_id(types, static_cast<std::uint32_t>(resolved)) : nullptr;
    if (type == nullptr || !btf_is_composite(type) || depth > 4) return std::nullopt;
    const btf_member* members = btf_members(type);
    for (std::uint32_t i = 0; i < btf_vlen(type); i++) {
        const std::int64_t offset = btf_member_bit_offset(type, i) / 8;
        const char* member = btf__name_by_offset(types, members[i].name_off);
        if (member == name) return offset;
        if (member != nullptr && *member == '\0')
            if (const auto inner = member_offset(types, members[i].type, name, depth + 1)) return offset + *inner;
    }
    return std::nullopt;
}

bool has_enumerator(const btf* types, std::string_view name) {
    for (std::uint32_t id = 1; id < btf__type_cnt(types); id++) {
        const btf_type* type = btf__type_by_id(types, id);
        if (!btf_is_enum(type)) continue;
        const auto* values = btf_enum(type);
        for (std::uint32_t i = 0; i < btf_vlen(type); i++)
            if (const char* text = btf__name_by_offset(types, values[i].name_off); text != nullptr && text == name)
                return true;
    }
    return false;
}

struct per_cpu_offsets {
    std::optional<std::int64_t> runqueues;
    std::optional<std::int64_t> pending;
    std::optional<std::int64_t> preempt;
    std::optional<std::int64_t> regs;
    std::optional<std::int64_t> ksoftirqd;
    std::optional<std::int64_t> ktimers;
    std::optional<std::int64_t> softnet;
    std::optional<std::int64_t> touched;
};

per_cpu_offsets find_per_cpu_offsets(const btf* types) {
    per_cpu_offsets found;
    const std::int32_t section = btf__find_by_name_kind(types, ".data..percpu", BTF_KIND_DATASEC);
    if (section <= 0) return found;
    const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(section));
    const btf_var_secinfo* variables = btf_var_secinfos(type);
    std::optional<std::int64_t> in_hot;
    std::optional<std::int64_t> in_stat;
    std::optional<std::int64_t> touched_before_5_13;
    for (std::uint32_t i = 0; i < btf_vlen(type); i++) {
        const btf_type* variable = btf__type_by_id(types, variables[i].type);
        const char* text = variable == nullptr ? nullptr : btf__name_by_offset(types, variable->name_off);
        if (text == nullptr) continue;
        const std::string_view name = text;
        const std::int64_t offset = variables[i].offset;
        if (name == "runqueues") found.runqueues = offset;
        if (name == "__softirq_pending") found.pending = offset;
        if (name == "__preempt_count") found.preempt = offset;
        if (name == "__irq_regs") found.regs = offset;
        if (name == "softnet_data") found.softnet = offset;
        if (name == "watchdog_report_ts") found.touched = offset;
        if (name == "watchdog_touch_ts") touched_before_5_13 = offset;
        if (name == "ksoftirqd") found.ksoftirqd = offset;
        if (name == "ktimerd" || name == "timersd") found.ktimers = offset;
        if (name == "pcpu_hot") {
            if (const auto member = member_offset(types, variable->type, "preempt_count"))
                found.preempt = offset + *member;
            if (const auto member = member_offset(types, variable->type, "softirq_pending")) in_hot = offset + *member;
        }
        if (name == "irq_stat")
            if (const auto member = member_offset(types, variable->type, "__softirq_pending"))
                in_stat = offset + *member;
    }
    if (!found.pending) found.pending = in_hot ? in_hot : in_stat;
    if (!found.touched) found.touched = touched_before_5_13;
    return found;
}

} // namespace

void kernel::free_btf::operator()(btf* types) const { btf__free(types); }

result<kernel> kernel::inspect(const std::optional<std::string>& btf_file) {
    kernel found;
    found.btf_file_ = btf_file;
    const std::string path = btf_file.value_or(kernel_btf_path);
    found.btf_.reset(btf__parse(path.c_str(), nullptr));
    if (!found.btf_) {
        std::array<char, 128> reason{}; // libbpf has numbers of its own behind errno's
        libbpf_strerror(errno, reason.data(), reason.size());
        if (btf_file)
            return failure(exit_status::not_possible, fmt::format("{} is no BTF that can be read ({}); --btf takes a "
                                                                  "raw BTF file or a vmlinux of the running kernel",
                                                                  path, reason.data()));
        return failure(exit_status::not_possible,
                       fmt::format("this kernel shows no BTF ({}: {}); it needs CONFIG_DEBUG_INFO_BTF, or the BTF of "
                                   "this very kernel from elsewhere with --btf FILE",
                                   path, reason.data()));
    }
    const functions known = read_functions();
    found.callers_ = find_callers(known);
    if (const auto function = known.find(beat_function_name); function != known.end())
        found.beat_function_ = function->second.start;
    for (const char* name : softirq_loop_names)
        if (const auto loop = known.find(name); loop != known.end() && !found.softirq_loop_)
            found.softirq_loop_ = loop->second;
    const host::system system = host::read_system();
    found.preempt_rt_ = system.preempt_rt;
    found.masks_by_flag_ =
        system.machine == "x86_64" && host::read_line("/sys/hypervisor/guest_type").value_or("") != "PV";
    return found;
}

bool kernel::has_timers() const {
    return !preempt_rt_ && btf__find_by_name_kind(btf_.get(), "bpf_timer", BTF_KIND_STRUCT) > 0;
}

bool kernel::has_pinned_timers() const { return has_enumerator(btf_.get(), "BPF_F_TIMER_CPU_PIN"); }

bool kernel::has_tracepoint(const std::string& name) const {
    return btf__find_by_name_kind(btf_.get(), ("btf_trace_" + name).c_str(), BTF_KIND_TYPEDEF) > 0;
}

namespace {

std::optional<std::int64_t> from_rq(const btf* types, std::optional<std::int64_t> per_cpu_offsets::*word) {
    if (std::endian::native != std::endian::little) return std::nullopt;
    const per_cpu_offsets offsets = find_per_cpu_offsets(types);
    if (!offsets.runqueues || !(offsets.*word)) return std::nullopt;
    return *(offsets.*word) - *offsets.runqueues;
}

} // namespace

std::optional<std::int64_t> kernel::pending_from_rq() const {
    return preempt_rt_ ? std::nullopt : from_rq(btf_.get(), &per_cpu_offsets::pending);
}
std::optional<std::int64_t> kernel::preempt_from_rq() const {
    return preempt_rt_ ? std::nullopt : from_rq(btf_.get(), &per_cpu_offsets::preempt);
}
std::optional<std::int64_t> kernel::ksoftirqd_from_rq() const {
    return from_rq(btf_.get(), &per_cpu_offsets::ksoftirqd);
}
std::optional<std::int64_t> kernel::ktimers_from_rq() const { return from_rq(btf_.get(), &per_cpu_offsets::ktimers); }
std::optional<std::int64_t> kernel::softnet_from_rq() const { return from_rq(btf_.get(), &per_cpu_offsets::softnet); }
std::optional<std::int64_t> kernel::touched_from_rq() const { return from_rq(btf_.get(), &per_cpu_offsets::touched); }
std::optional<std::int64_t> kernel::regs_from_rq() const {
    return masks_by_flag_ ? from_rq(btf_.get(), &per_cpu_offsets::regs) : std::nullopt;
}

} // namespace irqscope::probe

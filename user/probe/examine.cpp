// SPDX-License-Identifier: BSD-2-Clause
#include "probe/examine.hpp"

#include "host/cpus.hpp"
#include "host/proc_counts.hpp"
#include "host/system.hpp"
#include "host/watchdog.hpp"
#include "probe/beat_cost.hpp"
#include "probe/kernel.hpp"
#include "probe/rights.hpp"
#include "probe/session.hpp"
#include "probe/sysvecs.hpp"
#include "probe/untraced.hpp"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

namespace irqscope::probe {

namespace {

using model::finding;
using model::verdict;

constexpr std::array needed_tracepoints{"softirq_raise",     "softirq_entry",    "softirq_exit",
                                        "irq_handler_entry", "irq_handler_exit", "hrtimer_expire_entry"};

finding examine_btf(const result<kernel>& found) {
    if (!found) return {"BTF", verdict::missing, "none", "everything", found.error().message};
    if (found->btf_file())
        return {"BTF", verdict::fine, fmt::format("{} (attached as raw tracepoints)", *found->btf_file()), "", ""};
    return {"BTF", verdict::fine, kernel_btf_path, "", ""};
}

void examine_tracepoints(const kernel& found, model::report& to) {
    for (const char* name : needed_tracepoints)
        if (found.has_tracepoint(name))
            to.findings.push_back({name, verdict::fine, "tracepoint", "", ""});
        else
            to.findings.push_back({name, verdict::missing, "no such tracepoint", "everything",
                                   "a kernel with CONFIG_TRACEPOINTS, and BTF of that very kernel"});
    std::vector<std::string> there;
    std::vector<std::string> absent;
    for (std::uint32_t sysvec = 0; sysvec < WIRE_SYSVECS; sysvec++) {
        const std::string name(stream::sysvec_name(sysvec));
        if (tells_sysvec(found, name))
            there.push_back(name);
        else if (sysvec <= WIRE_SYSVEC_DEFERRED_ERROR_APIC && !tells_ipis(found)) // those of x86
            absent.push_back(name);
    }
    to.findings.push_back({"sysvec tracepoints", there.empty() ? verdict::limited : verdict::fine,
                           there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")),
                           there.empty() ? "sysvec_run; their time is charged to what they interrupt" : "", ""});
    if (!there.empty() && !absent.empty())
        to.findings.push_back(
            {"sysvecs not built in", verdict::fine, fmt::format("{}", fmt::join(absent, ", ")), "", ""});
}

finding examine_untraced(const kernel& found) {
    finding untraced{"untraced sysvecs", verdict::fine, "none that came", "", ""};
    const auto interrupts = host::read_interrupts();
    if (!interrupts) return {"untraced sysvecs", verdict::unknown, interrupts.error().message, "", ""};
    std::vector<std::string> came;
    for (const std::string& label : untraced_labels(found, *interrupts)) {
        std::uint64_t sum = 0;
        for (const auto& [cpu, count] : interrupts->at(label).by_cpu) sum += count;
        if (sum != 0) came.push_back(fmt::format("{} {}", label, sum));
    }
    if (came.empty()) return untraced;
    return {"untraced sysvecs", verdict::limited, fmt::format("{} since boot", fmt::join(came, ", ")),
            "these have no tracepoint: counted, and their time charged to what they interrupt", ""};
}

finding examine_contexts(const kernel& found, const rights& mine) {
    if (!found.softirq_callers().empty()) {
        for (const wire_caller& caller : found.softirq_callers())
            if (caller.context == WIRE_CONTEXT_INLINE)
                return {"softirq contexts", verdict::limited, "ksoftirqd or inline",
                        "irq_exit and bh_enable cannot be told apart before 5.12", ""};
        return {"softirq contexts", verdict::fine, "by the caller's return address", "", ""};
    }
    return {"softirq contexts", mine.may_trace() ? verdict::limited : verdict::unknown, "kernel addresses are hidden",
            "irq_exit, bh_enable and ksoftirqd are not told apart",
            "CAP_SYSLOG with kptr_restrict at 0 or 1 (root has it)"};
}

finding examine_reraises(const kernel& found) {
    if (found.pending_from_rq()) return {"repeated raises", verdict::fine, "told by the pending word", "", ""};
    return {"repeated raises", verdict::limited, found.preempt_rt() ? "PREEMPT_RT" : "BTF does not tell where it is",
            "a raise while its vector waits in the present pass is counted as unseen when it is served", ""};
}

finding examine_idle(const kernel& found) {
    if (found.has_tracepoint("cpu_idle")) return {"cpu_idle", verdict::fine, "tracepoint", "", ""};
    return {"cpu_idle", verdict::limited, "no such tracepoint", "idle_exit: a slow way out of idle is shown as irq_off",
            ""};
}

finding examine_soft_beats(const kernel& found) {
    if (found.btf_file())
        return {"soft heartbeat", verdict::limited, "none: raw tracepoints may hold no timers",
                "softirq_off is seen when something else raises a softirq: on a busy CPU at each tick", ""};
    if (!found.has_timers())
        return {"soft heartbeat", verdict::limited,
                found.preempt_rt() ? "none: PREEMPT_RT refuses bpf_timer" : "none: bpf_timer is from 5.15",
                "softirq_off is seen when something else raises a softirq: on a busy CPU at each tick", ""};
    return {"soft heartbeat", verdict::fine,
            found.has_pinned_timers() ? "a raise with each beat (pinned bpf_timer)"
                                      : "a raise with each beat (bpf_timer, due at once)",
            "", ""};
}

// By what the countdown to a soft lockup goes (docs/LOCKUP.md).
finding examine_lockups(const kernel& found) {
    const host::watchdog kernels = host::read_watchdog();
    const auto online = host::online_cpus().value_or(std::vector<int>{});
    const auto unwatched = host::difference(online, kernels.cpus);
    const char* const by_tasks = "the countdown goes by another task that waits there";
    const std::uint64_t seconds = kernels.threshold_ns / 1'000'000'000;
    if (kernels.cpus.empty())
        return {"soft lockups", verdict::limited, "the kernel's watchdog is off", by_tasks,
                "sysctl kernel.watchdog_thresh=10 kernel.soft_watchdog=1, where the kernel has one"};
    if (!unwatched.empty())
        return {"soft lockups", verdict::limited,
                fmt::format("the kernel's watchdog tells at {} s, and does not look at CPUs {}", seconds,
                            host::format_cpu_list(unwatched)),
                by_tasks, "see sysctl kernel.watchdog_cpumask"};
    if (!found.touched_from_rq())
        return {"soft lockups", verdict::limited,
                fmt::format("the kernel's watchdog tells at {} s; BTF does not tell where it counts", seconds),
                "a countdown does not see that somebody touched the watchdog, and may be early", ""};
    return {"soft lockups", verdict::fine,
            fmt::format("the kernel's watchdog tells at {} s; its count is read", seconds), "", ""};
}

// A beat is a timer interrupt: on bare metal a microsecond or two, under nested hypervisors twenty.
finding examine_beat(const rights& mine) {
    if (!mine.may_trace())
        return {"heartbeat", verdict::unknown, "not tried without the right to", "", "run it with sudo"};
    const auto cost = measure_beat_cost();
    if (!cost)
        return {"heartbeat", verdict::limited, "the kernel refuses a cpu-clock perf event",
                "irq_off, idle_exit and softirq_off", "see sysctl kernel.perf_event_paranoid"};
    const std::uint64_t suggested = suggest_beat_ns(cost->ns);
    const auto share = [&cost](std::uint64_t period_ns) {
        return static_cast<double>(cost->ns) * 100 / static_cast<double>(period_ns);
    };
    const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    std::string value =
        fmt::format("costs {:.1f} us (quartiles {:.1f} .. {:.1f}, CPU {}) = {:.2g} % of each CPU at 1 ms", us(cost->ns),
                    us(cost->least), us(cost->most), cost->cpu, share(1'000'000));
    if (suggested == 1'000'000) return {"heartbeat", verdict::fine, std::move(value), "", ""};
    return {"heartbeat", verdict::fine,
            fmt::format("{}; --beat {}ms would take {:.2g} %", value, suggested / 1'000'000, share(suggested)), "", ""};
}

finding examine_rights(const rights& mine) {
    if (mine.may_trace()) return {"capabilities", verdict::fine, "may load tracing programs", "", ""};
    return {"capabilities", verdict::missing, "neither CAP_SYS_ADMIN nor CAP_BPF with CAP_PERFMON", "everything",
            "run it with sudo"};
}

finding examine_lockdown(const host::system& system) {
    if (!system.lockdown) return {"lockdown", verdict::fine, "no lockdown (or securityfs is not mounted)", "", ""};
    if (*system.lockdown == "confidentiality")
        return {"lockdown", verdict::missing, *system.lockdown, "everything: the kernel refuses to let BPF read it",
                "boot with lockdown=integrity or none"};
    return {"lockdown", verdict::fine, *system.lockdown, "", ""};
}

finding examine_kptr_restrict(const host::system& system) {
    if (!system.kptr_restrict) return {"kptr_restrict", verdict::unknown, "cannot be read", "", ""};
    if (*system.kptr_restrict >= 2)
        return {"kptr_restrict", verdict::limited, fmt::format("{}", *system.kptr_restrict),
                "softirq contexts, and names in stacks", "sysctl kernel.kptr_restrict=1"};
    return {"kptr_restrict", verdict::fine, fmt::format("{}", *system.kptr_restrict), "", ""};
}

finding examine_memlock() {
    rlimit limit{};
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return {"memlock", verdict::unknown, "cannot be read", "", ""};
    if (limit.rlim_cur == RLIM_INFINITY) return {"memlock", verdict::fine, "unlimited", "", ""};
    // bounds BPF maps only before 5.11 (memcg-based accounting), where libbpf raises it if it may
    return {"memlock", verdict::fine, fmt::format("{} KiB (bounds BPF maps only before 5.11)", limit.rlim_cur / 1024),
            "", ""};
}

finding examine_cpus() {
    const auto online = host::online_cpus();
    const auto possible = host::possible_cpus();
    if (!online || !possible) return {"CPUs", verdict::unknown, "cannot be read", "", ""};
    constexpr std::size_t bytes = sizeof(wire_histogram) * WIRE_HISTS + sizeof(wire_irq_index) +
                                  sizeof(wire_irq_slot) * WIRE_IRQ_SLOTS + sizeof(wire_cpu_state);
    return {"CPUs", verdict::fine,
            fmt::format("{} online, {} possible; {} KiB of maps for each possible one", host::format_cpu_list(*online),
                        host::format_cpu_list(*possible), bytes / 1024),
            "", ""};
}

// The one proof that counts: the kernel takes the programs.
finding examine_loading(const kernel& found, const rights& mine) {
    if (!mine.may_trace())
        return {"loading the programs", verdict::unknown, "not tried without the right to", "", "run it with sudo"};
    auto loaded = session::load(found, {});
    if (!loaded) return {"loading the programs", verdict::missing, "refused", "everything", loaded.error().message};
    const std::uint64_t ns = loaded->calibrate();
    return {"loading the programs", verdict::fine,
            fmt::format("{} of them; a call costs some {} ns here, and the tracepoint's own dispatch",
                        loaded->programs().size(), ns),
            "", ""};
}

} // namespace

model::report examine(const std::optional<std::string>& btf_file) {
    model::report report;
    const host::system system = host::read_system();
    report.host = system.host;
    report.kernel = system.kernel;
    report.machine = system.machine;
    const rights mine = rights::read().value_or(rights{});
    const auto found = kernel::inspect(btf_file);
    report.findings.push_back(examine_rights(mine));
    report.findings.push_back(examine_lockdown(system));
    report.findings.push_back(examine_btf(found));
    if (found) examine_tracepoints(*found, report);
    if (found) report.findings.push_back(examine_untraced(*found));
    if (found) report.findings.push_back(examine_contexts(*found, mine));
    if (found) report.findings.push_back(examine_reraises(*found));
    if (found) report.findings.push_back(examine_idle(*found));
    if (found) report.findings.push_back(examine_soft_beats(*found));
    if (found) report.findings.push_back(examine_lockups(*found));
    report.findings.push_back(examine_beat(mine));
    report.findings.push_back(examine_kptr_restrict(system));
    report.findings.push_back(examine_memlock());
    report.findings.push_back(examine_cpus());
    if (found) report.findings.push_back(examine_loading(*found, mine));
    return report;
}

} // namespace irqscope::probe

// SPDX-License-Identifier: BSD-2-Clause
#include "probe/injector.hpp"

#include "host/files.hpp"
#include "host/system.hpp"
#include "inject_wire.h"
#include "probe/provoke.hpp"
#include "probe/session.hpp"
#include "symbols/kallsyms.hpp"

#include <atomic>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "irqscope_inject.skel.h"

namespace irqscope::probe {

namespace {

using model::injection;

static_assert(injector::longest_ns == INJECT_MAX_NS && injector::longest_locked_ns == INJECT_MAX_LOCKED_NS);

struct close_link {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using link = std::unique_ptr<bpf_link, close_link>;

struct destroy {
    void operator()(::irqscope_inject* object) const { ::irqscope_inject__destroy(object); }
};
using skeleton = std::unique_ptr<::irqscope_inject, destroy>;

bool is_locked(injection what) { return what == injection::idle_entry || what == injection::idle_leave; }

// In the order in which they are attached: the one that holds is last, and does not act before the order is given.
std::vector<bpf_program*> programs_of(injection what, const ::irqscope_inject& object) {
    const auto& all = object.progs;
    switch (what) {
    case injection::irq_off: return {all.hold_waking};
    case injection::softirq_off: return {all.hold_xmit};
    case injection::timer_interrupt: return {all.hold_timer_interrupt};
    case injection::device_interrupt: return {all.hold_device_interrupt};
    case injection::net_rx_softirq: return {all.hold_receive};
    case injection::timer_hold: return {all.hold_expiry};
    case injection::timer_softirq: return {all.widen_xmit, all.hold_timer_softirq};
    case injection::idle_entry: return {all.hold_idle_entry};
    case injection::idle_leave: return {all.hold_idle_leave};
    }
    return {};
}

std::string explain_load_failure(int reason) {
    if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, BPF_FUNC_loop, nullptr) == 0)
        return "this kernel's BPF has no bpf_loop (it is from 5.17 on), and without it no program can hold a CPU for a "
               "known time";
    return fmt::format("the kernel refuses the programs that hold a CPU ({}); `irqscope -v selftest` shows its words",
                       std::strerror(reason));
}

// A cpu-clock event whose every expiry calls the program: perf_swevent_hrtimer, kernel/events/core.c.
result<link> attach_to_clock(bpf_program* program, int cpu, std::uint64_t period_ns) {
    perf_event_attr attribute{};
    attribute.size = sizeof(attribute);
    attribute.type = PERF_TYPE_SOFTWARE;
    attribute.config = PERF_COUNT_SW_CPU_CLOCK;
    attribute.sample_period = period_ns;
    const auto event =
        static_cast<int>(syscall(SYS_perf_event_open, &attribute, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)); // NOLINT
    if (event < 0)
        return failure(errno == ENODEV || errno == EINVAL ? exit_status::usage : exit_status::not_possible,
                       fmt::format("cannot open a cpu-clock event on CPU {}: {}", cpu, std::strerror(errno)));
    link attached(bpf_program__attach_perf_event(program, event)); // and owns the event from now on
    if (!attached) {
        const int reason = errno;
        close(event);
        return failure(exit_status::not_possible,
                       fmt::format("cannot attach to a cpu-clock event: {}", std::strerror(reason)));
    }
    return attached;
}

bool is_usable(int cpu) {
    cpu_set_t mine;
    return cpu >= 0 && cpu < CPU_SETSIZE && sched_getaffinity(0, sizeof(mine), &mine) == 0 &&
           CPU_ISSET(static_cast<std::size_t>(cpu), &mine);
}

std::string why_it_never_came(injection what, int cpu, std::uint64_t patience_ns) {
    const std::string where =
        fmt::format("on CPU {} within {:.2g} s", cpu, static_cast<double>(patience_ns) / 1'000'000'000.0);
    switch (what) {
    case injection::device_interrupt:
        return fmt::format("no device interrupt came {} (/proc/interrupts tells which CPU has the disk's)", where);
    case injection::idle_entry:
    case injection::idle_leave: return fmt::format("the idle task did not run {}", where);
    default: return fmt::format("{} did not come about {}", model::name_of(what), where);
    }
}

template <typename T>
std::atomic_ref<T> shared(T& word) {
    return std::atomic_ref<T>(word); // memory that the BPF programs read and write
}

} // namespace

struct injector::implementation {
    skeleton object;
    std::vector<bpf_program*> programs;
    std::vector<link> links;

    result<void> attach(injection what, int cpu, const injector_options& options);
    // For programs that are under way elsewhere when they are given up; bounded by the longest hold.
    void settle() const;
    [[nodiscard]] std::optional<std::uint32_t> who() const;
    [[nodiscard]] result<inject_truth> read_truth(std::uint32_t slot) const;
};

result<void> injector::implementation::attach(injection what, int cpu, const injector_options& options) {
    for (bpf_program* program : programs) {
        link attached;
        if (what == injection::timer_interrupt) {
            auto made = attach_to_clock(program, cpu, options.period_ns);
            if (!made) return tl::unexpected(made.error());
            attached = std::move(*made);
        } else {
            attached.reset(bpf_program__attach(program));
        }
        if (!attached)
            return failure(exit_status::not_possible,
                           fmt::format("cannot attach {}: {}", bpf_program__name(program), std::strerror(errno)));
        links.push_back(std::move(attached));
    }
    return {};
}

void injector::implementation::settle() const {
    const std::uint64_t end = host::monotonic_ns() + 2 * longest_ns;
    while (shared(object->bss->taken).load() != shared(object->bss->written).load() && host::monotonic_ns() < end)
        usleep(100);
}

std::optional<std::uint32_t> injector::implementation::who() const {
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    if (bpf_prog_test_run_opts(bpf_program__fd(object->progs.who), &options) != 0) return std::nullopt;
    return options.retval;
}

result<inject_truth> injector::implementation::read_truth(std::uint32_t slot) const {
    inject_truth found{};
    if (bpf_map_lookup_elem(bpf_map__fd(object->maps.truths), &slot, &found) == 0) return found;
    return failure(exit_status::failed, fmt::format("cannot read what was injected: {}", std::strerror(errno)));
}

injector::injector() : inner_(std::make_unique<implementation>()) {}
injector::injector(injector&& other) noexcept = default;
injector& injector::operator=(injector&& other) noexcept = default;
injector::~injector() = default;

result<void> injector::check_length(injection what, std::uint64_t length_ns) {
    const std::uint64_t most = is_locked(what) ? longest_locked_ns : longest_ns;
    if (length_ns < shortest_ns || length_ns > most)
        return failure(exit_status::usage,
                       fmt::format("{} of {} us is refused: a hold takes from {} us to {} us", model::name_of(what),
                                   length_ns / 1000, shortest_ns / 1000, most / 1000));
    // in seconds; 0: no watchdog (kernel/watchdog.c: softlockup after twice that, hardlockup after it)
    const int seconds = host::read_number("/proc/sys/kernel/watchdog_thresh").value_or(0);
    if (seconds > 0 && length_ns >= static_cast<std::uint64_t>(seconds) * 100'000'000)
        return failure(exit_status::usage,
                       fmt::format("{} of {} us is refused: kernel.watchdog_thresh is {} s, and a hold must be shorter "
                                   "than a tenth of it",
                                   model::name_of(what), length_ns / 1000, seconds));
    return {};
}

result<injector> injector::load(injection what, const injector_options& options) {
    injector made;
    made.what_ = what;
    made.options_ = options;
    implementation& inner = *made.inner_;
    inner.object.reset(::irqscope_inject__open());
    if (!inner.object) return failure(exit_status::failed, explain_load_failure(errno));
    inner.programs = programs_of(what, *inner.object);
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, inner.object->obj) bpf_program__set_autoload(program, false);
    for (bpf_program* wanted : inner.programs) bpf_program__set_autoload(wanted, true);
    bpf_program__set_autoload(inner.object->progs.who, true);
    if (what == injection::timer_hold) {
        const auto found = symbols::read_functions({"hrtimer_wakeup"});
        if (!found || found->empty())
            return failure(exit_status::not_possible, "/proc/kallsyms does not show the address of hrtimer_wakeup "
                                                      "(kernel.kptr_restrict), by which a sleeper's timer is known");
        inner.object->rodata->config.sleeper_function = found->begin()->second.start;
    }
    if (const int failed = ::irqscope_inject__load(inner.object.get()); failed != 0)
        return failure(exit_status::not_possible, explain_load_failure(-failed));
    return made;
}

result<model::truth> injector::inject(int cpu, std::uint64_t length_ns, std::optional<std::uint64_t> at_ns) {
    if (auto allowed = check_length(what_, length_ns); !allowed) return tl::unexpected(allowed.error());
    if (!is_usable(cpu))
        return failure(exit_status::usage, fmt::format("there is no CPU {} online that this process may use", cpu));
    implementation& inner = *inner_;
    auto& shown = *inner.object->bss;
    if (shown.written == INJECT_TRUTHS) shown.taken = shown.written = 0;
    const std::uint32_t slot = shown.written;
    const std::uint64_t deadline = std::max(host::monotonic_ns(), at_ns.value_or(0)) + options_.patience_ns;

    stage on;
    on.cpu = cpu;
    on.file = options_.file;
    on.at_ns = at_ns;
    on.who = [&inner] { return inner.who(); };
    on.arm = [&shown, cpu, length_ns](std::uint32_t thread) {
        shown.net_rx_waits = 0;
        shown.order.length_ns = length_ns;
        shown.order.cpu = static_cast<std::uint32_t>(cpu);
        shown.order.thread = thread;
        shown.order.ifindex = if_nametoindex("lo");
        shared(shown.order.left).store(1);
    };
    on.over = [&shown, slot, deadline] {
        if (shared(shown.written).load() != slot) return true;
        if (host::monotonic_ns() < deadline) return false;
        shared(shown.order.left).store(0); // given up
        return true;
    };
    auto done = inner.attach(what_, cpu, options_);
    if (done) done = provoke(what_, on);
    shared(shown.order.left).store(0);
    inner.links.clear();
    inner.settle();
    if (shared(shown.written).load() == slot) {
        if (!done) return tl::unexpected(done.error());
        return failure(exit_status::not_possible, why_it_never_came(what_, cpu, options_.patience_ns));
    }
    const auto found = inner.read_truth(slot);
    if (!found) return tl::unexpected(found.error());
    model::truth truth;
    truth.what = what_;
    truth.cpu = static_cast<int>(found->cpu);
    truth.start_ns = found->start_ns;
    truth.end_ns = found->end_ns;
    truth.away_ns = found->away_ns;
    truth.thread = found->thread;
    if (what_ == injection::device_interrupt) {
        truth.irq = found->irq;
        truth.action = static_cast<const char*>(found->name);
    }
    return truth;
}

} // namespace irqscope::probe

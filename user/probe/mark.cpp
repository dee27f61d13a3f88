// SPDX-License-Identifier: BSD-2-Clause
#include "probe/mark.hpp"

#include "host/cpus.hpp"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace irqscope::probe {

namespace {

constexpr const char* how = "start it as `perf record -a -k mono -g -e 'bpf-output/no-inherit=1,name=stall/'`";

// What bpf_perf_event_output() says on that CPU, as an errno (kernel/trace/bpf_trace.c, __bpf_perf_event_output): 0 it is its own
// event; EINVAL another kind of event; EOPNOTSUPP not on this CPU, or not enabled; ENOSPC its own, and perf's buffer is full.
int try_on(int cpu, int program) {
    std::array<std::uint64_t, 1> arguments{};
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.ctx_in = arguments.data();
    options.ctx_size_in = sizeof(arguments);
    options.flags = BPF_F_TEST_RUN_ON_CPU;
    options.cpu = static_cast<std::uint32_t>(cpu);
    if (const int failed = bpf_prog_test_run_opts(program, &options); failed != 0) return EOPNOTSUPP; // it is offline
    return -static_cast<int>(options.retval);
}

} // namespace

result<perf_events> perf_events::borrow(host::process from) {
    const auto numbers = from.descriptors_of("anon_inode:[perf_event]");
    const std::string who = fmt::format("--perf-pid {} ({})", from.id(), from.name());
    if (!numbers)
        return failure(exit_status::not_possible,
                       fmt::format("{}: its descriptors cannot be looked at: {}", who, numbers.error().message));
    if (numbers->empty())
        return failure(
            exit_status::not_possible,
            fmt::format("{} has no perf events: it is perf's own number that is wanted, not sudo's; {}", who, how));
    perf_events made(std::move(from));
    int reason = 0;
    for (const int number : *numbers) {
        host::descriptor one = made.owner_.borrow(number);
        if (one.get() < 0)
            reason = errno;
        else
            made.candidates_.push_back(std::move(one));
    }
    if (made.candidates_.empty())
        return failure(exit_status::not_possible,
                       reason == ENOSYS
                           ? "--perf-pid needs a kernel of 5.6 or later"
                           : fmt::format("{}: its perf events cannot be had: {}", who, std::strerror(reason)));
    return made;
}

result<void> perf_events::enter(const session& into) {
    look(into);
    if (!entered_.empty() || !candidates_.empty()) return {};
    return failure(exit_status::not_possible,
                   fmt::format("--perf-pid {} ({}) has no bpf-output event that can be shared; {}", owner_.id(),
                               owner_.name(), how));
}

void perf_events::look(const session& into) {
    const session::perf_descriptors with = into.for_perf();
    const std::vector<int> online = host::online_cpus().value_or(std::vector<int>{});
    const std::uint32_t zero = 0;
    std::size_t next = 0; // perf opens an event CPU by CPU
    std::vector<host::descriptor> waiting;
    for (host::descriptor& one : candidates_) {
        const int number = one.get();
        // the kernel refuses events that cannot be read from a program, and those that children inherit
        if (bpf_map_update_elem(with.candidate, &zero, &number, BPF_ANY) != 0) continue;
        int said = EOPNOTSUPP;
        std::size_t at = next;
        for (std::size_t tried = 0; tried < online.size() && said == EOPNOTSUPP; tried++) {
            at = (next + tried) % online.size();
            if (!entered_.contains(online[at])) said = try_on(online[at], with.try_program);
        }
        if (said == EOPNOTSUPP) {
            if (entered_.size() < online.size()) waiting.push_back(std::move(one));
            continue;
        }
        if (said != 0 && said != ENOSPC) continue;
        const auto place = static_cast<std::uint32_t>(online[at]);
        if (bpf_map_update_elem(with.events, &place, &number, BPF_ANY) != 0) continue;
        entered_.emplace(online[at], std::move(one));
        next = (at + 1) % online.size();
    }
    bpf_map_delete_elem(with.candidate, &zero);
    candidates_ = std::move(waiting);
}

void perf_events::give_back(const session& into) {
    for (const auto& [cpu, one] : entered_) {
        const auto place = static_cast<std::uint32_t>(cpu);
        bpf_map_delete_elem(into.for_perf().events, &place);
    }
    entered_.clear();
    candidates_.clear();
}

std::vector<int> perf_events::cpus() const {
    std::vector<int> found;
    for (const auto& [cpu, one] : entered_) found.push_back(cpu);
    return found;
}

wire_mark_counts sum_of(const by_cpu<wire_mark_counts>& all) {
    wire_mark_counts sum{};
    for (const auto& [cpu, one] : all) {
        sum.sent += one.sent;
        sum.full += one.full;
        sum.off += one.off;
        sum.absent += one.absent;
        sum.printed += one.printed;
    }
    return sum;
}

} // namespace irqscope::probe

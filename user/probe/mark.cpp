// SPDX-License-Identifier: BSD-2-Clause
#include "probe/mark.hpp"

#include "host/affinity.hpp"
#include "host/cpus.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bpf/bpf.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <sched.h>
#include <sys/resource.h>
#include <thread>
#include <utility>

namespace irqscope::probe {

namespace {

constexpr const char* kind = "anon_inode:[perf_event]";
constexpr const char* how = "start it as `perf record -a -k mono -g -e 'bpf-output/no-inherit=1,name=stall/'`";

// What bpf_perf_event_output() says on that CPU, as an errno (kernel/trace/bpf_trace.c, __bpf_perf_event_output): 0 it is its own
// event; EINVAL another kind of event; EOPNOTSUPP not on this CPU, or not enabled; ENOSPC its own, and perf's buffer is full.
int try_on(std::optional<int> cpu, int program) { // nothing: the CPU of this thread, which has no other
    std::array<std::uint64_t, 1> arguments{};
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.ctx_in = arguments.data();
    options.ctx_size_in = sizeof(arguments);
    options.flags = cpu ? BPF_F_TEST_RUN_ON_CPU : 0U;
    options.cpu = static_cast<std::uint32_t>(cpu.value_or(0));
    if (const int failed = bpf_prog_test_run_opts(program, &options); failed != 0) return EOPNOTSUPP; // it is offline
    return -static_cast<int>(options.retval);
}

bool is_its_own(int said) { return said == 0 || said == ENOSPC; }

} // namespace

struct perf_events::state {
    // Held by a thread that may be on a CPU which is held: not for who must not wait.
    std::mutex guard; // of what follows
    std::vector<host::descriptor> candidates;
    std::map<int, host::descriptor> entered; // by CPU
    std::size_t turn = 0;                    // which CPU is asked first
    // For everybody:
    std::atomic<std::size_t> waiting = 0; // candidates
    std::atomic<bool> is_looking = false;

    // Ours: they outlive the session.
    host::descriptor events;
    host::descriptor candidate;
    host::descriptor program;

    bool set_candidate(const host::descriptor& one) const {
        const std::uint32_t zero = 0;
        const int number = one.get();
        return bpf_map_update_elem(candidate.get(), &zero, &number, BPF_ANY) == 0;
    }
    void enter(int cpu, host::descriptor one) {
        const auto place = static_cast<std::uint32_t>(cpu);
        const int number = one.get();
        if (bpf_map_update_elem(events.get(), &place, &number, BPF_ANY) == 0) entered.emplace(cpu, std::move(one));
    }

    void look_at_start(const std::vector<int>& online);
    void look_from_each(const std::vector<int>& online);
    bool look_here(int cpu);
    void give_back();
};

void perf_events::state::look_at_start(const std::vector<int>& online) {
    std::size_t next = 0; // perf opens an event CPU by CPU
    std::vector<host::descriptor> later;
    for (host::descriptor& one : candidates) {
        // the kernel refuses events that cannot be read from a program, and those that children inherit
        if (!set_candidate(one)) continue;
        int said = EOPNOTSUPP;
        std::size_t at = next;
        for (std::size_t tried = 0; tried < online.size() && said == EOPNOTSUPP; tried++) {
            at = (next + tried) % online.size();
            said = try_on(online[at], program.get());
        }
        if (said == EOPNOTSUPP) {
            later.push_back(std::move(one));
            continue;
        }
        if (!is_its_own(said) || entered.contains(online[at])) continue; // the first one of a CPU is taken
        enter(online[at], std::move(one));
        next = (at + 1) % online.size();
    }
    candidates = std::move(later);
    waiting = candidates.size();
}

// False: none of them is this CPU's, on which this thread runs.
bool perf_events::state::look_here(int cpu) {
    for (auto one = candidates.begin(); one != candidates.end(); ++one) {
        if (!set_candidate(*one) || !is_its_own(try_on(std::nullopt, program.get()))) continue;
        enter(cpu, std::move(*one));
        candidates.erase(one);
        waiting = candidates.size();
        return true;
    }
    return false;
}

// One CPU is asked, and the others if it has one: they are enabled together.
void perf_events::state::look_from_each(const std::vector<int>& online) {
    for (std::size_t i = 0; i < online.size(); i++) {
        const int cpu = online[(turn + i) % online.size()];
        if (!host::run_on(0, {cpu})) continue; // until that CPU has time for it
        const std::lock_guard lock(guard);
        if (entered.contains(cpu)) continue;
        if (!look_here(cpu)) break;
    }
    turn++;
}

void perf_events::state::give_back() {
    std::vector<host::descriptor> all; // closed behind the lock: a CPU that is held holds that up
    const std::lock_guard lock(guard);
    for (auto& [cpu, one] : entered) {
        const auto place = static_cast<std::uint32_t>(cpu);
        bpf_map_delete_elem(events.get(), &place);
        all.push_back(std::move(one));
    }
    entered.clear();
    std::move(candidates.begin(), candidates.end(), std::back_inserter(all));
    candidates.clear();
    waiting = 0;
}

namespace {

// Not urgent, and nobody waits for it.
void in_the_background(std::function<void()> work) {
    std::thread([work = std::move(work)] {
        const sched_param none{};
        sched_setscheduler(0, SCHED_OTHER, &none); // this thread's (sched_setscheduler(2))
        work();
    }).detach();
}

} // namespace

namespace {

// One that was started a moment ago may be a shell still, and has all its events when it has mapped the first one's buffer.
void wait_until_ready(host::process& one) {
    constexpr int shell = 3; // tenths of a second in which it may be one
    constexpr int perf = 20;
    for (int tries = 0; tries < (one.name() == "perf" ? perf : shell) && !one.has_mapped(kind); tries++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        one.look_at_name();
    }
}

} // namespace

perf_events::perf_events(host::process from) : owner_(std::move(from)), state_(std::make_shared<state>()) {}

result<perf_events> perf_events::borrow(host::process from) {
    wait_until_ready(from);
    const auto numbers = from.descriptors_of(kind);
    const std::string who = fmt::format("--perf-pid {} ({})", from.id(), from.name());
    if (!numbers)
        return failure(exit_status::not_possible,
                       fmt::format("{}: its descriptors cannot be looked at: {}", who, numbers.error().message));
    if (numbers->empty())
        return failure(
            exit_status::not_possible,
            fmt::format("{} has no perf events: it is perf's own number that is wanted, not sudo's; {}", who, how));
    rlimit most{}; // as many as perf has
    if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
        most.rlim_cur = most.rlim_max;
        setrlimit(RLIMIT_NOFILE, &most);
    }
    perf_events made(std::move(from));
    int reason = 0;
    for (const int number : *numbers) {
        host::descriptor one = made.owner_.borrow(number);
        if (one.get() < 0)
            reason = errno;
        else
            made.state_->candidates.push_back(std::move(one));
    }
    if (made.state_->candidates.empty() || reason == EMFILE)
        return failure(exit_status::not_possible,
                       reason == ENOSYS
                           ? "--perf-pid needs a kernel of 5.6 or later"
                           : fmt::format("{}: its perf events cannot be had: {}", who, std::strerror(reason)));
    return made;
}

result<void> perf_events::enter(const session& into) {
    const session::perf_descriptors from = into.for_perf();
    for (const auto& [to, number] :
         {std::pair{&state_->events, from.events}, std::pair{&state_->candidate, from.candidate},
          std::pair{&state_->program, from.try_program}})
        *to = host::descriptor(fcntl(number, F_DUPFD_CLOEXEC, 0));
    const std::lock_guard lock(state_->guard);
    state_->look_at_start(host::online_cpus().value_or(std::vector<int>{}));
    if (!state_->entered.empty() || !state_->candidates.empty()) return {};
    return failure(exit_status::not_possible,
                   fmt::format("--perf-pid {} ({}) has no bpf-output event that can be shared; {}", owner_.id(),
                               owner_.name(), how));
}

void perf_events::look() {
    if (state_->is_looking.exchange(true)) return; // it waits for a CPU
    in_the_background([with = state_] {
        with->look_from_each(host::online_cpus().value_or(std::vector<int>{}));
        with->is_looking = false;
    });
}

void perf_events::give_back() {
    in_the_background([with = state_] { with->give_back(); });
}

std::vector<int> perf_events::cpus() const {
    const std::lock_guard lock(state_->guard);
    std::vector<int> found;
    for (const auto& [cpu, one] : state_->entered) found.push_back(cpu);
    return found;
}

bool perf_events::has_more() const { return state_->waiting != 0; }

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

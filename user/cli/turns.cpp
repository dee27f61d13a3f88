// SPDX-License-Identifier: BSD-2-Clause
#include "cli/turns.hpp"

#include "cli/places.hpp"
#include "cli/wait.hpp"
#include "host/affinity.hpp"
#include "host/cpus.hpp"
#include "host/descriptor.hpp"
#include "host/system.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <mutex>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace irqscope::cli {

namespace {

constexpr std::size_t most_readers = 4;           // at once their CPUs will hardly be held
constexpr std::uint64_t step_ns = 10'000'000;     // by which each reader leaves a turn to the one before it
constexpr std::chrono::milliseconds patience{50}; // with one that has the turn

// A thread's stack that is in memory from the start, and above a page that must not be touched.
class locked_stack {
public:
    locked_stack()
        : start_(mmap(nullptr, guard_ + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
        if (start_ == MAP_FAILED) return;
        mprotect(start_, guard_, PROT_NONE);
        if (mlock(memory(), size) != 0) std::memset(memory(), 0, size); // not allowed; then at least it is there now
    }
    locked_stack(const locked_stack&) = delete;
    locked_stack& operator=(const locked_stack&) = delete;
    locked_stack(locked_stack&& other) noexcept : start_(std::exchange(other.start_, MAP_FAILED)) {}
    locked_stack& operator=(locked_stack&&) = delete;
    ~locked_stack() {
        if (start_ != MAP_FAILED) munmap(start_, guard_ + size);
    }

    static constexpr std::size_t size = 256U << 10;
    [[nodiscard]] void* memory() const { return start_ == MAP_FAILED ? nullptr : static_cast<char*>(start_) + guard_; }

private:
    std::size_t guard_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* start_;
};

} // namespace

struct turns::implementation {
    struct reader {
        reader(implementation& whose, std::size_t which, waiter with)
            : of(&whose), number(which), waiting(std::move(with)) {}

        implementation* of;
        std::size_t number;
        waiter waiting;
        std::optional<locked_stack> stack; // nothing: the thread that called take()
        pthread_t thread = 0;
        pid_t id = 0;        // 0: has not begun
        std::vector<int> on; // these CPUs
    };

    signals ends;
    host::descriptor ending;  // readable when it is over
    std::vector<int> allowed; // when the process began; empty: the kernel does not tell
    std::vector<int> cpus;    // of those, where readers may be
    std::vector<reader> readers;

    std::timed_mutex guard; // who holds it has the turn; of what follows
    std::atomic<pid_t> holder = 0;
    work what;
    std::uint64_t due_ns = 0;
    std::vector<std::vector<int>> parts;
    std::vector<int> stalled;
    std::vector<place> places;
    bool stopped = false;
    std::atomic<bool> over = false;
    result<void> outcome;
    std::exception_ptr thrown;

    implementation(signals from, host::descriptor to_end)
        : ends(std::move(from)), ending(std::move(to_end)), allowed(host::own_cpus()),
          cpus(host::difference(allowed, host::isolated_cpus())) {
        if (cpus.empty()) cpus = allowed;
    }

    std::unique_lock<std::timed_mutex> have_turn();
    void start_others();
    void serve(reader& me);
    void take_one();
    void call_in(const reader& me);
    static void* enter(void* argument);
};

std::unique_lock<std::timed_mutex> turns::implementation::have_turn() {
    std::unique_lock lock(guard, std::defer_lock);
    while (!lock.try_lock_for(patience))
        // Its holder does not get on. If a task of higher priority has its CPU, the kernel finds it another where it may
        // run on all: that waits for nobody, since its own CPU is among them.
        host::run_on(holder, allowed);
    holder = gettid();
    return lock;
}

void turns::implementation::take_one() {
    try {
        const auto next = what(stopped);
        if (next && *next) {
            due_ns = **next;
            return;
        }
        if (!next) outcome = tl::unexpected(next.error());
    } catch (...) {
        thrown = std::current_exception();
    }
    over = true;
}

// The others, so that they end: first to where one can run, then awake. One that is woken where its CPU is held could
// no longer be moved.
void turns::implementation::call_in(const reader& me) {
    for (const reader& other : readers)
        if (&other != &me && other.id != 0) host::run_on(other.id, me.on);
    eventfd_write(ending.get(), 1);
}

void turns::implementation::serve(reader& me) {
    bool called = false;
    while (true) {
        auto lock = have_turn();
        if (over) return;
        me.id = gettid();
        stopped = ends.came() || has_no_reader(STDOUT_FILENO) || stopped;
        if (stopped || called || host::monotonic_ns() >= after(due_ns, places[me.number].rank * step_ns)) take_one();
        if (over) return call_in(me);
        const place& here = places[me.number];
        me.on = here.cpus;
        const std::uint64_t leave_ns = here.rank * step_ns;
        const std::uint64_t until_ns = after(due_ns, leave_ns);
        lock.unlock(); // the new CPU may be a held one
        host::run_on(0, me.on);
        called = me.waiting.wait(until_ns);
        if (called && !over) std::this_thread::sleep_for(std::chrono::nanoseconds(leave_ns)); // so were the others
    }
}

void* turns::implementation::enter(void* argument) {
    auto& me = *static_cast<reader*>(argument);
    me.of->serve(me);
    return nullptr;
}

// As many as the kernel allows; scheduled as this thread is.
void turns::implementation::start_others() {
    for (std::size_t i = 1; i < readers.size(); i++) {
        reader& one = readers[i];
        pthread_attr_t attributes{};
        pthread_attr_init(&attributes);
        const bool started = one.stack->memory() != nullptr &&
                             pthread_attr_setstack(&attributes, one.stack->memory(), locked_stack::size) == 0 &&
                             pthread_create(&one.thread, &attributes, enter, &one) == 0;
        pthread_attr_destroy(&attributes);
        if (started) continue;
        while (readers.size() > i) readers.pop_back();
    }
}

turns::turns(std::unique_ptr<implementation> from) : inner_(std::move(from)) {}
turns::turns(turns&& other) noexcept = default;
turns& turns::operator=(turns&& other) noexcept = default;
turns::~turns() = default;

result<turns> turns::make(const std::vector<int>& descriptors) {
    auto ends = signals::that_end();
    if (!ends) return tl::unexpected(ends.error());
    host::descriptor ending(eventfd(0, EFD_CLOEXEC));
    if (ending.get() < 0)
        return failure(exit_status::failed, fmt::format("cannot make an eventfd: {}", std::strerror(errno)));
    auto inner = std::make_unique<implementation>(std::move(*ends), std::move(ending));
    const std::size_t count = std::clamp<std::size_t>(inner->cpus.size(), 1, most_readers);
    for (std::size_t number = 0; number < count; number++) {
        std::vector<int> call{inner->ends.descriptor(), inner->ending.get()};
        if (number == 0) call.insert(call.end(), descriptors.begin(), descriptors.end());
        auto waiting = waiter::make(call, STDOUT_FILENO);
        if (!waiting) return tl::unexpected(waiting.error());
        inner->readers.emplace_back(*inner, number, std::move(*waiting));
        if (number != 0) inner->readers.back().stack.emplace();
    }
    return turns(std::move(inner));
}

result<void> turns::take(work what, std::uint64_t first_ns) {
    implementation& inner = *inner_;
    {
        const auto lock = inner.have_turn();
        inner.what = std::move(what);
        inner.due_ns = first_ns;
        inner.start_others();
        inner.parts = deal(inner.cpus, inner.readers.size());
        if (inner.parts.empty()) inner.parts.emplace_back();
        inner.places = places(inner.parts, {});
    }
    inner.serve(inner.readers.front());
    for (std::size_t i = 1; i < inner.readers.size(); i++) pthread_join(inner.readers[i].thread, nullptr);
    if (inner.thrown) std::rethrow_exception(inner.thrown);
    return std::move(inner.outcome);
}

void turns::avoid(const std::vector<int>& cpus) {
    if (cpus == inner_->stalled) return;
    inner_->stalled = cpus;
    inner_->places = places(inner_->parts, cpus);
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
#include "cli/wait.hpp"

#include "host/system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

namespace irqscope::cli {

namespace {

tl::unexpected<error> cannot_wait() {
    return failure(exit_status::failed, fmt::format("cannot wait for events: {}", std::strerror(errno)));
}

} // namespace

std::uint64_t after(std::uint64_t start_ns, std::optional<std::uint64_t> length_ns) {
    constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
    return length_ns && *length_ns < never - start_ns ? start_ns + *length_ns : never;
}

result<signals> signals::take_over(const sigset_t& those) {
    if (sigprocmask(SIG_BLOCK, &those, nullptr) != 0) return cannot_wait();
    signals made(host::descriptor(signalfd(-1, &those, SFD_CLOEXEC | SFD_NONBLOCK)));
    if (made.descriptor() < 0) return cannot_wait();
    return made;
}

result<signals> signals::that_end() {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    struct sigaction hang_up {};
    // not under nohup: a blocked signal comes although it is ignored
    if (sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN) sigaddset(&ends, SIGHUP);
    std::signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c): a write then fails with EPIPE, which is looked at
    return take_over(ends);
}

result<signals> signals::of(int number) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    return take_over(one);
}

bool signals::came() const {
    bool any = false;
    signalfd_siginfo info{};
    while (read(descriptor(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) any = true;
    return any;
}

bool has_no_reader(int descriptor) {
    pollfd one{descriptor, 0, 0}; // errors and hang-ups come unasked
    return poll(&one, 1, 0) == 1 && (one.revents & (POLLERR | POLLHUP)) != 0;
}

result<waiter> waiter::make(const std::vector<int>& descriptors, int written_to) {
    waiter made(host::descriptor(epoll_create1(EPOLL_CLOEXEC)));
    const auto add = [&made](int descriptor, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.fd = descriptor;
        return epoll_ctl(made.epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
    };
    if (made.epoll_.get() < 0 || !std::all_of(descriptors.begin(), descriptors.end(),
                                              [&add](int descriptor) { return add(descriptor, EPOLLIN); }))
        return cannot_wait();
    add(written_to, 0); // as with poll(); fails for files (EPERM)
    return made;
}

bool waiter::wait(std::uint64_t until_ns) const {
    const std::uint64_t now = host::monotonic_ns();
    // Rounded up: a millisecond early would mean another turn.
    const std::uint64_t ms = until_ns > now ? (until_ns - now + 999'999) / 1'000'000 : 0;
    std::array<epoll_event, 16> events{};
    return epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                      static_cast<int>(std::min<std::uint64_t>(ms, 60'000))) > 0;
}

} // namespace irqscope::cli

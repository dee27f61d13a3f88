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
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

namespace irqscope::cli {

std::uint64_t after(std::uint64_t start_ns, std::optional<std::uint64_t> length_ns) {
    constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
    return length_ns && *length_ns < never - start_ns ? start_ns + *length_ns : never;
}

result<waiter> waiter::make(const std::vector<int>& descriptors) {
    waiter made;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    std::signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c): a write then fails with EPIPE, which is looked at
    if (sigprocmask(SIG_BLOCK, &ends, nullptr) == 0) made.signals_ = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    made.epoll_ = epoll_create1(EPOLL_CLOEXEC);
    const auto add = [&made](int descriptor) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        return epoll_ctl(made.epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
    };
    if (made.signals_ < 0 || made.epoll_ < 0 || !add(made.signals_) ||
        !std::all_of(descriptors.begin(), descriptors.end(), add))
        return failure(exit_status::failed, fmt::format("cannot wait for events: {}", std::strerror(errno)));
    return made;
}

waiter::waiter(waiter&& other) noexcept
    : epoll_(std::exchange(other.epoll_, -1)), signals_(std::exchange(other.signals_, -1)), stopped_(other.stopped_) {}

waiter& waiter::operator=(waiter&& other) noexcept {
    std::swap(epoll_, other.epoll_);
    std::swap(signals_, other.signals_);
    stopped_ = other.stopped_;
    return *this;
}

waiter::~waiter() {
    if (epoll_ >= 0) close(epoll_);
    if (signals_ >= 0) close(signals_);
}

void waiter::wait(std::uint64_t until_ns) {
    const std::uint64_t now = host::monotonic_ns();
    // Rounded up: a millisecond early would mean another turn.
    const std::uint64_t ms = until_ns > now ? (until_ns - now + 999'999) / 1'000'000 : 0;
    std::array<epoll_event, 16> events{};
    epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
               static_cast<int>(std::min<std::uint64_t>(ms, 60'000)));
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) stopped_ = true;
}

} // namespace irqscope::cli

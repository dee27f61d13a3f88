// SPDX-License-Identifier: BSD-2-Clause
#include "cli/helper.hpp"

#include "cli/turns.hpp"
#include "cli/urgent.hpp"
#include "host/affinity.hpp"
#include "host/cpus.hpp"
#include "host/files.hpp"
#include "host/system.hpp"
#include "probe/rights.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace irqscope::cli {

namespace {

constexpr std::size_t most_bytes = 128U << 10; // of a message
// Between two looks: an order wakes one of the readers, whose CPU may be held.
constexpr std::uint64_t turn_ns = 100'000'000;
constexpr std::uint64_t running_turn_ns = 50'000'000; // while a command runs

struct head {
    char kind = 0; // 'l' a line, 'r' a run, 'h' hurry, 'f' finish
    std::int32_t number = 0;
};

// In the child.
class service {
public:
    service(const helper_plan& plan, host::descriptor from, host::descriptor log)
        : plan_(plan), socket_(std::move(from)), log_(std::move(log)), allowed_(host::own_cpus()), text_(most_bytes) {}

    result<void> serve() {
        auto when = turns::make({socket_.get()});
        if (!when) return tl::unexpected(when.error());
        return when->take([this](bool stopped) { return turn(stopped); }, host::monotonic_ns());
    }

private:
    result<std::optional<std::uint64_t>> turn(bool stopped) {
        while (take_order()) {
        }
        if (stopped) finishing_ = true;
        if (stopped && running_) running_->hurry();
        const std::uint64_t now_ns = host::monotonic_ns();
        if (running_)
            if (const auto end = running_->look(now_ns)) {
                running_.reset();
                answer({0, *end});
            }
        if (finishing_ && !running_) return std::nullopt;
        return now_ns + (running_ ? running_turn_ns : turn_ns);
    }

    bool take_order() {
        head about;
        std::array<iovec, 2> parts{iovec{&about, sizeof(about)}, iovec{text_.data(), text_.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t got = socket_.get() < 0 ? -1 : recvmsg(socket_.get(), &message, MSG_DONTWAIT);
        if (got < 0) return false;
        if (got < static_cast<ssize_t>(sizeof(about))) { // nobody is there any more
            socket_.reset();
            finishing_ = true;
            return false;
        }
        const std::string_view text(text_.data(), static_cast<std::size_t>(got) - sizeof(about));
        if (about.kind == 'l' && write(log_.get(), text.data(), text.size()) < 0) answer({errno, {}});
        if (about.kind == 'r') run(text, about.number);
        if (about.kind == 'h' && running_) running_->hurry();
        if (about.kind == 'f') finishing_ = true;
        return true;
    }

    void run(std::string_view input, int avoid) {
        std::vector<int> cpus = host::difference(allowed_, {avoid});
        if (cpus.empty()) cpus = allowed_;
        auto started = host::errand::start(plan_.command, std::string(input), plan_.limit_ns, cpus);
        if (started)
            running_ = std::move(*started);
        else
            answer({0, {127, errno == 0 ? EAGAIN : errno, false, false, 0}});
    }

    void answer(const helper::news& news) const {
        if (socket_.get() >= 0) ::send(socket_.get(), &news, sizeof(news), MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    const helper_plan& plan_;
    host::descriptor socket_; // negative: there is nobody to answer
    host::descriptor log_;
    std::vector<int> allowed_;
    std::vector<char> text_;
    std::optional<host::errand> running_;
    bool finishing_ = false;
};

[[noreturn]] void be_helper(const helper_plan& plan, host::descriptor socket, host::descriptor log) {
    setsid(); // the terminal's Ctrl-C is not for us
    const host::descriptor nowhere(open("/dev/null", O_RDWR | O_CLOEXEC));
    dup2(nowhere.get(), STDIN_FILENO);
    dup2(nowhere.get(), STDOUT_FILENO);
    if (plan.command.empty())
        (void)probe::drop_rights(); // the log is open
    else
        (void)host::errand::adopt();
    become_urgent();
    service serving(plan, std::move(socket), std::move(log));
    _exit(serving.serve() ? 0 : 1);
}

// Fails: not_possible.
result<host::descriptor> open_kernel_log() {
    // to open it would fail as if it were a matter of rights
    if (host::read_line("/proc/sys/kernel/printk_devkmsg") == "off")
        return failure(exit_status::not_possible, "--kmsg: the kernel takes nothing from /dev/kmsg: sysctl "
                                                  "kernel.printk_devkmsg=ratelimit, or no printk.devkmsg=off at boot");
    host::descriptor log(open("/dev/kmsg", O_WRONLY | O_CLOEXEC));
    if (log.get() < 0)
        return failure(exit_status::not_possible,
                       fmt::format("--kmsg: cannot write /dev/kmsg: {}", std::strerror(errno)));
    return log;
}

} // namespace

result<helper> helper::start(const helper_plan& plan) {
    host::descriptor log;
    if (plan.kernel_log) {
        auto opened = open_kernel_log();
        if (!opened) return tl::unexpected(opened.error());
        log = std::move(*opened);
    }
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failure(exit_status::failed, fmt::format("cannot make a socket: {}", std::strerror(errno)));
    host::descriptor ours(ends[0]);
    host::descriptor its(ends[1]);
    const pid_t id = fork();
    if (id < 0) return failure(exit_status::failed, fmt::format("cannot start a process: {}", std::strerror(errno)));
    if (id == 0) {
        ours.reset();
        be_helper(plan, std::move(its), std::move(log));
    }
    return helper(id, std::move(ours));
}

helper::helper(helper&& other) noexcept
    : id_(std::exchange(other.id_, -1)), socket_(std::move(other.socket_)), gone_(other.gone_) {}

helper::~helper() {
    socket_.reset();
    if (id_ > 0 && gone_) waitpid(id_, nullptr, 0);
}

bool helper::send(char kind, std::int32_t number, std::string_view text) {
    head about{kind, number};
    char* const start = const_cast<char*>(text.data()); // NOLINT(*-const-cast): it is read
    std::array<iovec, 2> parts{iovec{&about, sizeof(about)}, iovec{start, std::min(text.size(), most_bytes)}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    return sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool helper::log(std::string_view line) { return send('l', 0, line); }
bool helper::run(std::string_view input, std::optional<int> avoid) {
    return input.size() <= most_bytes && send('r', avoid.value_or(-1), input);
}
void helper::finish() { send('f', 0, {}); }
void helper::hurry() { send('h', 0, {}); }

std::optional<helper::news> helper::take() {
    news one;
    const ssize_t got = recv(socket_.get(), &one, sizeof(one), MSG_DONTWAIT);
    if (got == static_cast<ssize_t>(sizeof(one))) return one;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        gone_ = true;
        socket_.reset(); // whoever waits for it would wait no longer
    }
    return std::nullopt;
}

} // namespace irqscope::cli

// SPDX-License-Identifier: BSD-2-Clause
#include "live/storm.hpp"

#include "live/support.hpp"
#include "load/descriptor.hpp"
#include "load/load.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "storm_bpf.skel.h"

namespace irqscope::live {

namespace {

// Whom the packets are for. Nobody reads them: they have been served by then.
int receiver(sockaddr_in& address) {
    const int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (made < 0) throw std::system_error(errno, std::generic_category(), "socket");
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address); // NOLINT(*-reinterpret-cast)
    if (bind(made, generic, size) != 0 || getsockname(made, generic, &size) != 0) {
        close(made);
        throw std::system_error(errno, std::generic_category(), "bind");
    }
    return made;
}

void send_to(const sockaddr_in& address, unsigned many) {
    const load::descriptor from(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    if (connect(from.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
        0) // NOLINT(*-reinterpret-cast)
        throw std::system_error(errno, std::generic_category(), "connect");
    for (unsigned i = 0; i < many; i++)
        if (::send(from.get(), "x", 1, 0) != 1) throw std::system_error(errno, std::generic_category(), "send");
}

// In a thread of its own, which is in the namespace.
void in_space(const std::string& name, const std::function<void()>& what) {
    std::exception_ptr wrong;
    std::thread([&] {
        try {
            const load::descriptor space(open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC), "the namespace");
            if (setns(space.get(), CLONE_NEWNET) != 0) throw std::system_error(errno, std::generic_category(), "setns");
            what();
        } catch (...) {
            wrong = std::current_exception();
        }
    }).join();
    if (wrong) std::rethrow_exception(wrong);
}

struct close_link {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

} // namespace

steered_loopback::steered_loopback(int to_cpu) : name_(fmt::format("irqscope-{}", getpid())) {
    output_of(fmt::format("ip netns add {0} && ip netns exec {0} sh -c "
                          "'ip link set lo up && printf %x {1} >/sys/class/net/lo/queues/rx-0/rps_cpus'",
                          name_, 1U << static_cast<unsigned>(to_cpu)));
    in_space(name_, [this] { receiver_ = receiver(address_); });
}

steered_loopback::~steered_loopback() {
    if (receiver_ >= 0) close(receiver_);
    (void)run("ip netns del " + name_);
}

void steered_loopback::send(int from_cpu, unsigned many) const {
    in_space(name_, [&] {
        load::pin(from_cpu);
        send_to(address_, many);
    });
}

struct storm::implementation {
    struct destroy {
        void operator()(storm_bpf* object) const { storm_bpf__destroy(object); }
    };
    std::unique_ptr<storm_bpf, destroy> object{storm_bpf__open()};
    std::vector<std::unique_ptr<bpf_link, close_link>> links;

    void attach(bpf_link* link) {
        if (link == nullptr) throw std::runtime_error("cannot attach a storm's program");
        links.emplace_back(link);
    }
    void attach_to_clock(const storm_options& options) {
        perf_event_attr attribute{};
        attribute.size = sizeof(attribute);
        attribute.type = PERF_TYPE_SOFTWARE;
        attribute.config = PERF_COUNT_SW_CPU_CLOCK;
        attribute.sample_period = options.period_ns;
        const auto event = static_cast<int>(
            syscall(SYS_perf_event_open, &attribute, -1, options.cpu, -1, PERF_FLAG_FD_CLOEXEC)); // NOLINT(*-vararg)
        if (event < 0) throw std::system_error(errno, std::generic_category(), "perf_event_open");
        attach(bpf_program__attach_perf_event(object->progs.slow_timer, event));
    }
};

storm::storm(const storm_options& options) : inner_(std::make_unique<implementation>()) {
    auto& object = inner_->object;
    if (!object) throw std::runtime_error("cannot open the storm's programs");
    object->rodata->config = {options.packet_ns, options.interrupt_ns,   static_cast<__u32>(options.cpu), 1,
                              options.irq,       options.most_interrupts};
    if (storm_bpf__load(object.get()) != 0) throw std::runtime_error("cannot load the storm's programs");
    inner_->attach(bpf_program__attach(object->progs.slow_packet));
    if (options.from == thief::device) inner_->attach(bpf_program__attach(object->progs.slow_device));
    if (options.from != thief::timer) return;
    inner_->attach(bpf_program__attach(object->progs.timer_begins));
    inner_->attach(bpf_program__attach(object->progs.timer_ends));
    inner_->attach_to_clock(options);
}

storm::~storm() = default;

std::vector<storm_spin> storm::spins() const {
    const std::uint32_t many = inner_->object->bss->spins;
    if (many > STORM_SPINS) throw std::runtime_error("more spins than have room");
    std::vector<storm_spin> all(many);
    for (std::uint32_t i = 0; i < many; i++)
        if (bpf_map__lookup_elem(inner_->object->maps.written, &i, sizeof(i), &all[i], sizeof(all[i]), 0) != 0)
            throw std::runtime_error("cannot read a spin");
    return all;
}

std::uint64_t storm::spun_in(std::uint64_t start_ns, std::uint64_t end_ns) const {
    std::uint64_t sum = 0;
    for (const storm_spin& one : spins()) {
        const std::uint64_t from = std::max<std::uint64_t>(one.start_ns, start_ns);
        const std::uint64_t to = std::min<std::uint64_t>(one.end_ns, end_ns);
        if (one.end_ns != 0 && to > from) sum += to - from;
    }
    return sum;
}

std::uint32_t storm::packets() const { return inner_->object->bss->packets; }

} // namespace irqscope::live

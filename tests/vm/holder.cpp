// SPDX-License-Identifier: BSD-2-Clause
#include "vm/holder.hpp"

#include "host/affinity.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace irqscope::vm {

namespace {

constexpr const char* file = "/proc/irqscope_hold";

int write_command(const std::string& text) {
    const int descriptor = open(file, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    const int error = write(descriptor, text.data(), text.size()) < 0 ? errno : 0;
    close(descriptor);
    return error;
}

} // namespace

bool can_hold() { return access(file, W_OK) == 0; }

held hold(const std::string& kind, int cpu, std::uint64_t ns) {
    int error = 0;
    std::thread([&] { // which may be moved, and with it nobody else
        error = host::run_on(0, {cpu}) ? write_command("forget 0") : EINVAL;
        if (error == 0) error = write_command(fmt::format("{} {}", kind, ns));
    })
        .join();
    if (error != 0) throw std::system_error(error, std::generic_category(), "holding a CPU: " + kind);
    std::ifstream from(file);
    std::string name;
    held what;
    what.asked_ns = ns;
    if (!(from >> name >> what.cpu >> what.start_ns >> what.end_ns >> what.preempted_ns >> what.gap_ns) || name != kind)
        throw std::runtime_error(fmt::format("{} says nothing of {}", file, kind));
    return what;
}

} // namespace irqscope::vm

// SPDX-License-Identifier: BSD-2-Clause
// Another process, held so that its number cannot come to mean a later one.
#pragma once

#include "host/descriptor.hpp"
#include "result.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace irqscope::host {

class process {
public:
    // what: who asks, for the error ("--perf-pid 123"). Fails: not_possible (there is no such process, or the kernel is older than
    // 5.3).
    static result<process> open(pid_t id, const std::string& what);

    [[nodiscard]] pid_t id() const { return id_; }
    [[nodiscard]] const std::string& name() const { return name_; } // its comm, as it was when it was looked at last
    void look_at_name();
    // Whether it has mapped something of that name (/proc/PID/maps).
    [[nodiscard]] bool has_mapped(const std::string& what) const;
    [[nodiscard]] bool has_ended() const;

    // Its descriptors that are of this kind ("anon_inode:[perf_event]"), by number. Fails (failed): no right to look.
    [[nodiscard]] result<std::vector<int>> descriptors_of(const std::string& kind) const;
    // A descriptor of its own as one of ours (pidfd_getfd, 5.6). Invalid, and errno: it cannot be had.
    [[nodiscard]] descriptor borrow(int number) const;

    // Whether it has a handler of its own for the signal; nothing: not known.
    [[nodiscard]] std::optional<bool> catches(int signal) const;
    // Whether its user is ours.
    [[nodiscard]] bool is_ours() const;
    // 0, or errno.
    [[nodiscard]] int send(int signal) const;

private:
    process(pid_t id, descriptor handle) : id_(id), handle_(std::move(handle)) {}
    [[nodiscard]] std::optional<std::string> status_field(const std::string& name) const;

    pid_t id_;
    descriptor handle_;
    std::string name_;
};

} // namespace irqscope::host

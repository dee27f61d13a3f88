// SPDX-License-Identifier: BSD-2-Clause
// Files of /proc and /sys, whole.
#pragma once

#include "host/descriptor.hpp"
#include "result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace irqscope::host {

// The whole file. Fails (failed) with the path and the system's reason.
result<std::string> read_file(const std::string& path);

// The same without its last newline; nothing if it cannot be read.
std::optional<std::string> read_line(const std::string& path);

// The whole number at its start; nothing if it cannot be read or begins with none.
std::optional<int> read_number(const std::string& path);

// All of it, at the descriptor's place or, with an offset, there. 0, or errno.
int write_all(int descriptor, std::string_view bytes, std::optional<std::uint64_t> offset = std::nullopt);

// A file that is opened once and read any number of times. What /proc shows of the kernel's addresses depends on who
// opened the file, not on who reads it (kernel/kallsyms.c kallsyms_open, kernel/module/procfs.c modules_open).
class kept_file {
public:
    // Fails (failed) with the path and the system's reason.
    static result<kept_file> open(std::string path);

    // All that it says now, from its start, in pieces of some size. Fails: failed.
    result<void> read(const std::function<void(std::string_view)>& take) const;
    [[nodiscard]] result<std::string> read() const;

private:
    kept_file(std::string path, descriptor opened) : path_(std::move(path)), opened_(std::move(opened)) {}

    std::string path_;
    descriptor opened_;
};

} // namespace irqscope::host

// SPDX-License-Identifier: BSD-2-Clause
// A file descriptor, or an exception.
#pragma once

#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace irqscope::load {

// Closed with its owner. Throws std::system_error with `what` if it is none.
class descriptor {
public:
    descriptor(int number, const char* what) : number_(number) {
        if (number < 0) throw std::system_error(errno, std::generic_category(), what);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    descriptor(descriptor&&) = delete;
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() { close(number_); }
    [[nodiscard]] int get() const { return number_; }

private:
    int number_;
};

} // namespace irqscope::load

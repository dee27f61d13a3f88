// SPDX-License-Identifier: BSD-2-Clause
// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>
#include <utility>

namespace irqscope::host {

class descriptor {
public:
    explicit descriptor(int number = -1) : number_(number) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { reset(); }

    void reset() {
        if (number_ >= 0) close(number_);
        number_ = -1;
    }
    [[nodiscard]] int get() const { return number_; } // negative: there is none

private:
    int number_;
};

} // namespace irqscope::host

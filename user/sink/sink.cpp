// SPDX-License-Identifier: BSD-2-Clause
#include "sink/sink.hpp"

#include <cerrno>
#include <cstdio>

namespace irqscope::sink {

namespace {

int failed_with = 0;

} // namespace

bool write_out(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return true;
    if (errno != EPIPE) failed_with = errno;
    return false;
}

int write_error() { return failed_with; }

} // namespace irqscope::sink

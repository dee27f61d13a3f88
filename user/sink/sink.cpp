// SPDX-License-Identifier: BSD-2-Clause
#include "sink/sink.hpp"

#include <cerrno>
#include <cstdio>

namespace irqscope::sink {

namespace {

// Of the one standard output.
int& failed_with() {
    static int reason = 0;
    return reason;
}

} // namespace

bool write_out(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return true;
    if (errno != EPIPE) failed_with() = errno;
    return false;
}

int write_error() { return failed_with(); }

} // namespace irqscope::sink

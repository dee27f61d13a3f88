// SPDX-License-Identifier: BSD-2-Clause
#include "sink/sink.hpp"

#include <cstdio>

namespace irqscope::sink {

bool write_out(const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

} // namespace irqscope::sink

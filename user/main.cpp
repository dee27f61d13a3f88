// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"

#include <cstdio>
#include <exception>

int main(int count, char** arguments) {
    try {
        return irqscope::cli::run(count, arguments);
    } catch (const std::exception& wrong) {
        // Out of memory, or a defect of ours: everything that can be foreseen is returned as an error.
        (void)std::fprintf(stderr, "irqscope: %s\n", wrong.what());
        return static_cast<int>(irqscope::exit_status::failed);
    }
}

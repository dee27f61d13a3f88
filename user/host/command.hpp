// SPDX-License-Identifier: BSD-2-Clause
// Commands of the user's.
#pragma once

#include "result.hpp"

#include <string>
#include <vector>

namespace irqscope::host {

// Whether execvp(3) will find it: before anything is done for its sake. Fails (failed): there is none, or it may not be run.
result<void> find_command(const std::string& command);

// As exec wants them: they point into the words, and a null ends them.
std::vector<char*> arguments_of(const std::vector<std::string>& words);
// Between fork and exec: execvp(3), or give_up().
[[noreturn]] void become_command(char* const* arguments, int failed);
// The same place: errno into `failed`, which an exec that succeeds closes, and status 127.
[[noreturn]] void give_up(int failed);

} // namespace irqscope::host

// SPDX-License-Identifier: BSD-2-Clause
#include "host/command.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace irqscope::host {

result<void> find_command(const std::string& command) {
    const auto runs = [](const std::string& path) {
        struct stat about {};
        if (stat(path.c_str(), &about) != 0) return errno;
        if (!S_ISREG(about.st_mode)) return EACCES;
        return access(path.c_str(), X_OK) == 0 ? 0 : errno;
    };
    int reason = ENOENT;
    if (command.find('/') != std::string::npos) {
        reason = runs(command);
    } else if (!command.empty()) {
        const char* const set = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe): there is one thread yet
        const std::string path = set == nullptr ? "/bin:/usr/bin" : set;
        for (std::size_t start = 0; start <= path.size() && reason != 0;) {
            const std::size_t end = std::min(path.find(':', start), path.size());
            const std::string directory = path.substr(start, end - start);
            const int found = runs((directory.empty() ? "." : directory) + "/" + command);
            if (found == 0 || found == EACCES) reason = found;
            start = end + 1;
        }
    }
    if (reason == 0) return {};
    return failure(exit_status::failed, fmt::format("cannot run {}: {}", command, std::strerror(reason)));
}

std::vector<char*> arguments_of(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& one : words) arguments.push_back(const_cast<char*>(one.c_str())); // NOLINT: exec's
    arguments.push_back(nullptr);
    return arguments;
}

void become_command(char* const* arguments, int failed) {
    execvp(arguments[0], arguments);
    give_up(failed);
}

void give_up(int failed) {
    const int reason = errno;
    [[maybe_unused]] const ssize_t told = write(failed, &reason, sizeof(reason));
    _exit(127);
}

} // namespace irqscope::host
